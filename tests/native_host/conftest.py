"""Fixtures of portvnf-host's tests."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

from portvnf import locate, roots


@pytest.fixture
def run_module() -> Callable[..., str]:
    """run_module(isa, module, *arguments): what a module prints in another ISA's Python."""

    def run(isa: str, module: str, *arguments: object) -> str:
        environment = {"PORTVNF_ARTIFACT": str(locate.artifact())}
        argv = [*roots.command(isa, environment), "-m", module, *map(str, arguments)]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run
