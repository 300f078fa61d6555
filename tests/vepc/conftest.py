"""Fixtures of the vEPC's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from .gateway import Gateway, configuration, load
from .remote import Remote


@pytest.fixture
def remote(other_isa: str, tmp_path: Path) -> Remote:
    """Each ISA that runs under QEMU."""
    return Remote(other_isa, tmp_path)


@pytest.fixture(params=["jit", "native"])
def gateway(request: pytest.FixtureRequest) -> Gateway:
    """The small gateway, by each engine."""
    return Gateway(load(request.param), configuration("vepc"))
