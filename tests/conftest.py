"""What tests of several folders share: sample VNFs built as artifacts, and other ISAs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portvnf import roots
from portvnf.artifact.build import Recipe, build
from portvnf.artifact.toolchain import Toolchain
from portvnf.errors import PortvnfError

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "tests" / "artifact"


def build_sample(source: Path, output: Path) -> Path:
    """Builds one C file with the sample's interface into an artifact."""
    recipe = Recipe(
        name=source.stem,
        version="1",
        sources=(source,),
        includes=(ROOT / "portable_rt" / "include",),
        interface=SAMPLE / "reflect.json",
    )
    bitcode, _ = build(recipe, Toolchain.find())
    output.write_bytes(bitcode)
    return output


def require_emulated(isa: str) -> str:
    """Skips where programs of this ISA cannot be run; returns its name."""
    try:
        roots.command(isa)
    except PortvnfError as error:
        pytest.skip(f"{error} (script/setup does)")
    return isa


@pytest.fixture(scope="session")
def reflect(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample VNF `reflect` as an artifact."""
    return build_sample(SAMPLE / "reflect.c", tmp_path_factory.mktemp("vnf") / "reflect.bc")


@pytest.fixture(scope="session", params=["mips64el", "s390x"])
def other_isa(request: pytest.FixtureRequest) -> str:
    """Each ISA that runs under QEMU, with its root in place."""
    return require_emulated(str(request.param))


@pytest.fixture(scope="session")
def run_python() -> Callable[..., Any]:
    """run_python(isa, script, *arguments): runs a script that prints one JSON value, with
    this Python ("host") or with that of another ISA."""

    def run(isa: str, script: Path, *arguments: object, **environment: str) -> Any:
        prefix = [sys.executable] if isa == "host" else roots.command(isa, environment)
        argv = [*prefix, str(script), *map(str, arguments)]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run
