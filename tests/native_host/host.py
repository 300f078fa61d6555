"""portvnf-host of one ISA, run here or under QEMU's user mode."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest

from portvnf import isas, locate
from portvnf.errors import HostError
from portvnf.isas import ISAS
from portvnf.native_build import build_native

EVERY_BUILT_ISA = [isa.name for isa in ISAS.values() if isa.built]


@cache
def pieces(isa: str) -> Mapping[str, Path]:
    """What GCC builds for an ISA; brought up to date in the checkout's build folder."""
    if isa == isas.own():
        return {
            locate.NATIVE_VNF: locate.native_vnf(),
            locate.HOST_PROGRAM: locate.host_program(),
        }
    try:
        isas.run_prefix(isas.named(isa))
        return build_native(isa)
    except HostError as error:
        pytest.skip(f"{error} (script/setup does)")


def run_host(isa: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Runs portvnf-host of that ISA."""
    program = pieces(isa)[locate.HOST_PROGRAM]
    argv = [*isas.run_prefix(isas.named(isa)), str(program), *map(str, arguments)]
    return subprocess.run(argv, capture_output=True, text=True, timeout=120)
