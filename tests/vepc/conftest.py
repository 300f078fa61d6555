"""Fixtures of the vEPC's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import require_emulated

from .gateway import Gateway, configuration, load
from .remote import QUICK, Remote

OPTIMISED = pytest.param(("s390x", 3), id="s390x-O3", marks=pytest.mark.slow)


@pytest.fixture(params=[*(pytest.param(one, id=one[0]) for one in QUICK.items()), OPTIMISED])
def remote(request: pytest.FixtureRequest, tmp_path: Path) -> Remote:
    """Each ISA that runs under QEMU."""
    isa, opt_level = request.param
    return Remote(require_emulated(isa), tmp_path, opt_level)


@pytest.fixture(params=["jit", "native"])
def gateway(request: pytest.FixtureRequest) -> Gateway:
    """The small gateway, by each engine."""
    return Gateway(load(request.param), configuration("vepc"))
