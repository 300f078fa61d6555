"""One VNF, every engine and ISA, one answer."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portvnf import cdef, locate
from portvnf.artifact.vocabulary import IMPORTS
from portvnf.errors import CompileError
from portvnf.native import load_native

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
PROBE = HERE / "probe.py"
COMPILERS = {
    "host": "gcc",
    "mips64el": "mips64el-linux-gnuabi64-gcc",
    "s390x": "s390x-linux-gnu-gcc",
}


def build_native(isa: str, folder: Path) -> Path:
    compiler = shutil.which(COMPILERS[isa])
    if compiler is None:
        pytest.skip(f"{COMPILERS[isa]} is not installed; script/setup installs it")
    output = folder / f"reflect-{isa}.so"
    argv = [compiler, "-shared", "-fPIC", "-O3", "-ffreestanding", "-fvisibility=hidden"]
    argv += ["-include", str(ROOT / "toolchains" / "native_exports.h")]
    argv += ["-I", str(locate.headers()), "-o", str(output)]
    subprocess.run([*argv, str(ROOT / "tests" / "artifact" / "reflect.c")], check=True)
    return output


@pytest.fixture(scope="module")
def answers(reflect: Path, tmp_path_factory: pytest.TempPathFactory, run_python: Any) -> Any:
    return run_python("host", PROBE, "jit", reflect, tmp_path_factory.mktemp("code"))["answers"]


def test_what_it_answers(answers: Any) -> None:
    assert len(answers["out"]) == 32 + 5
    # Packet 1 carries 1, 2, 3, ... from its third byte; bytes 12 to 19 change places.
    assert answers["out"][0][1][24:40] == "0f1011120b0c0d0e"
    assert answers["reasons"][0] == 2 and answers["reasons"][1] == 0 and answers["reasons"][40] == 1
    assert answers["counters"] == [37, 11]
    assert answers["before"] == [""] and answers["delta"] == answers["state"] == answers["again"]
    assert int(answers["state"], 16) == 37
    assert answers["refusals"] == [
        "ConfigError: the VNF refuses the configuration: "
        "the configuration cannot be decoded or does not fit",
        "RefusalError: section 9, byte 0: the VNF has no such section",
        "RefusalError: section 1, byte 0: a record ends before its last field",
        "RefusalError: section 1 cannot be exported: the buffer cannot hold even one record",
    ]


@pytest.mark.parametrize("level", range(4))
def test_every_level(
    reflect: Path, tmp_path: Path, run_python: Callable[..., Any], answers: Any, level: int
) -> None:
    result = run_python("host", PROBE, "jit", reflect, tmp_path, level)
    assert result["answers"] == answers


def test_jit_on_another_isa(
    reflect: Path, tmp_path: Path, run_python: Callable[..., Any], answers: Any, other_isa: str
) -> None:
    first = run_python(other_isa, PROBE, "jit", reflect, tmp_path)
    assert first["host"]["isa"] == other_isa
    assert first["host"]["llvm"].startswith("14.")
    assert first["answers"] == answers
    # The second time the code comes from the cache: no linker is needed.
    again = run_python(other_isa, PROBE, "jit", reflect, tmp_path, PORTVNF_LD="/nonexistent/ld")
    assert again == first


def test_native_here(tmp_path: Path, run_python: Callable[..., Any], answers: Any) -> None:
    result = run_python("host", PROBE, "native", build_native("host", tmp_path))
    assert result["engine"] == "native" and result["answers"] == answers


def test_native_on_another_isa(
    tmp_path: Path, run_python: Callable[..., Any], answers: Any, other_isa: str
) -> None:
    result = run_python(other_isa, PROBE, "native", build_native(other_isa, tmp_path))
    assert result["host"]["isa"] == other_isa
    assert result["answers"] == answers


def test_native_of_a_foreign_isa_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CompileError, match="is for mips64el, this process is x86_64"):
        load_native(build_native("mips64el", tmp_path))


def test_native_must_be_a_vnf(tmp_path: Path) -> None:
    empty = tmp_path / "empty.so"
    subprocess.run(["gcc", "-shared", "-o", str(empty), "-x", "c", "/dev/null"], check=True)
    with pytest.raises(CompileError, match="does not export vnf_"):
        load_native(empty)
    text = tmp_path / "text.so"
    text.write_text("not a library, but long enough to be one")
    with pytest.raises(CompileError, match="is not an ELF file"):
        load_native(text)


def test_vepc_native_exports_and_needs_nothing_else() -> None:
    said = subprocess.run(
        ["nm", "-D", str(locate.native_vnf())], capture_output=True, text=True, check=True
    )
    rows = [line.split() for line in said.stdout.splitlines()]
    defined = {row[-1] for row in rows if len(row) == 3}
    strong = {row[-1].split("@")[0] for row in rows if len(row) == 2 and row[0] == "U"}
    assert defined == {*cdef.functions("vnf.h"), "vnf_build_id"}
    assert strong <= set(IMPORTS)
