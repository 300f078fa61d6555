"""A function larger than a MIPS branch can reach gives the same results on every ISA."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portvnf.artifact.build import Recipe, build
from portvnf.artifact.toolchain import Toolchain

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
MIPS_BRANCH_REACH = 1 << 17


@pytest.mark.slow
def test_large_function(tmp_path: Path, run_python: Callable[..., Any], other_isa: str) -> None:
    source = tmp_path / "large.c"
    source.write_text(runpy.run_path(str(HERE / "large_function.py"))["source"](170))
    artifact = tmp_path / "large.bc"
    recipe = Recipe(
        "large",
        "1",
        (source,),
        (ROOT / "portable_rt" / "include",),
        HERE.parent / "artifact" / "reflect.json",
    )
    artifact.write_bytes(build(recipe, Toolchain.find())[0])
    probe = HERE / "large_probe.py"
    here = run_python("host", probe, artifact, tmp_path / "here")
    there = run_python(other_isa, probe, artifact, tmp_path / "there")
    assert there["answers"] == here["answers"]
    if other_isa == "mips64el":
        assert there["code_bytes"] > MIPS_BRANCH_REACH
