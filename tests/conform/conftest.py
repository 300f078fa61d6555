"""Fixtures of the conformance tests."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from portvnf import locate
from portvnf.conform import traces
from portvnf.conform.traces import NamedTrace
from portvnf.native import load_native
from portvnf.vnf import Vnf


@pytest.fixture(scope="session")
def generated_traces(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], list[NamedTrace]]:
    """generated_traces(packets): traces of that many packets in all, made once."""

    @cache
    def make(packets: int) -> list[NamedTrace]:
        folder: Path = tmp_path_factory.mktemp("traces")
        vnf = Vnf(load_native(locate.native_vnf()))
        return list(traces.generated(vnf, packets, 1, 400, folder))

    return make
