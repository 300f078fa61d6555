"""portvnf translate and build-native: what they make and what they refuse."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from portvnf import isas, locate, native_build
from portvnf.artifact import Artifact
from portvnf.errors import BuildError, CompileError, HostError
from portvnf.shared_object import isa_of
from portvnf.translate import link, translate
from tests.command import portvnf

from ..conftest import ROOT


@pytest.mark.parametrize("isa", isas.ISAS)
def test_object_of_every_isa(isa: str, reflect: Path, tmp_path: Path) -> None:
    done = translate(Artifact.read(reflect), isas.named(isa))
    path = tmp_path / "reflect.o"
    path.write_bytes(done.code)
    assert isa_of(path) == isa
    order = {1: "little", 2: "big"}[done.code[5]]
    assert order == isas.named(isa).byte_order


def test_command(reflect: Path, tmp_path: Path) -> None:
    output = tmp_path / "reflect.so"
    done = portvnf("translate", "--isa", "x86_64", "--opt-level", 1, reflect, "-o", output)
    assert done.returncode == 0 and done.stderr == ""
    assert done.stdout.startswith(f"{output}: shared object, ") and "-O1" in done.stdout
    done = portvnf("replay", "nosuch.trace", "-o", tmp_path / "r", "--native", output)
    assert done.returncode == 2 and "cannot read nosuch.trace" in done.stderr


def test_a_cpu(reflect: Path) -> None:
    artifact, isa = Artifact.read(reflect), isas.named("mips64")
    assert translate(artifact, isa, cpu="mips64r6").target.cpu == "mips64r6"
    with pytest.raises(CompileError, match="knows no 64-bit mips64 CPU 'z80'"):
        translate(artifact, isa, cpu="z80")
    with pytest.raises(CompileError, match="no optimisation level 4"):
        translate(artifact, isa, opt_level=4)


def test_without_a_linker(reflect: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    done = translate(Artifact.read(reflect), isas.named("riscv64"))
    with pytest.raises(HostError, match=r"no linker for riscv64 .*binutils-riscv64-linux-gnu"):
        link(done)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["translate", "--isa", "vax", "FILE"], "no ISA 'vax' is known, only x86_64, "),
        (["translate", "--isa", "s390x", "nosuch.bc"], "nosuch.bc cannot be read"),
        (["translate", "--isa", "s390x", "FILE", "-o", "x.exe"], "is a .so or a .o file"),
        (["translate", "--isa", "s390x", "FILE", "-o", "/nosuch/x.o"], "cannot write /nosuch"),
        (["build-native", "--isa", "riscv64"], "there is no GCC build for riscv64"),
        (["build-native", "--isa", "vax"], "no ISA 'vax' is known"),
        (["config", "encode", "nosuch.toml", "-o", "x"], "cannot read nosuch.toml"),
        (["trace", "show", "nosuch"], "cannot read nosuch"),
        (["trace", "show", "FILE"], "byte 0: this is no trace"),
    ],
)
def test_refusals(arguments: list[str], said: str, reflect: Path) -> None:
    done = portvnf(*(str(reflect) if word == "FILE" else word for word in arguments))
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert said in done.stderr


def test_an_artifact_that_breaks_a_rule(reflect: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.bc"
    data = bytearray(reflect.read_bytes())
    data[len(data) // 2] ^= 1
    damaged.write_bytes(data)
    done = portvnf("translate", "--isa", "mips64", damaged, "-o", tmp_path / "x.o")
    assert done.returncode == 2 and "was altered after it was built" in done.stderr
    assert not (tmp_path / "x.o").exists()


def test_build_native_needs_a_compiler(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(HostError, match="gcc-mips64-linux-gnuabi64"):
        native_build.build_native("mips64", tmp_path / "build")
    monkeypatch.setattr(locate, "checkout", lambda: None)
    with pytest.raises(HostError, match="needs portvnf's sources"):
        native_build.build_native("mips64", tmp_path / "build")


def test_a_build_that_fails(tmp_path: Path) -> None:
    if shutil.which("x86_64-linux-gnu-gcc") is None:
        pytest.skip("this machine is no x86-64 Debian with GCC")
    (tmp_path / "build.ninja").write_text("rule nothing\n")
    with pytest.raises(BuildError, match="ninja failed: ninja: error"):
        native_build.build_native("x86_64", tmp_path)


def test_every_toolchain_is_in_the_table() -> None:
    """One file a built ISA, which names the table's compiler."""
    files = {path.stem: path.read_text() for path in (ROOT / "toolchains").glob("*.ini")}
    built = {isa.name: isa for isa in isas.ISAS.values() if isa.built}
    assert set(files) == set(built)
    for name, text in files.items():
        assert f"c = '{built[name].compiler}'" in text
        assert name == "x86_64" or f"endian = '{built[name].byte_order}'" in text
