"""The JIT's cache and what it says when it cannot."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from portvnf import locate
from portvnf.artifact import Artifact
from portvnf.errors import ArtifactError, CompileError, HostError
from portvnf.jit import cache, compile_artifact, compiler, load
from portvnf.jit.target import host_target
from portvnf.vnf import Vnf


@pytest.fixture
def emitted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A list that grows with each code generation."""
    calls: list[str] = []
    real = compiler.emit_object

    def counted(module, target, opt_level):
        calls.append(target.isa)
        return real(module, target, opt_level)

    monkeypatch.setattr(compiler, "emit_object", counted)
    return calls


def test_cache(reflect: Path, tmp_path: Path, emitted: list[str]) -> None:
    artifact = Artifact.read(reflect)
    compile_artifact(artifact, cache_dir=tmp_path)
    again = compile_artifact(artifact, cache_dir=tmp_path)
    assert len(emitted) == 1
    assert Vnf(again).abi_version() == 1
    compile_artifact(artifact, cache_dir=tmp_path, opt_level=1)
    compile_artifact(artifact, cache_dir=tmp_path, cpu="x86-64")
    assert len(emitted) == 3


@pytest.mark.parametrize("damage", ["flip", "cut", "empty"])
def test_damaged_entry_is_made_anew(
    reflect: Path, tmp_path: Path, emitted: list[str], damage: str
) -> None:
    artifact = Artifact.read(reflect)
    compile_artifact(artifact, cache_dir=tmp_path)
    (entry,) = tmp_path.glob("*.code")
    sound = entry.read_bytes()
    damaged = {
        "flip": sound[:200] + bytes([sound[200] ^ 1]) + sound[201:],
        "cut": sound[:-1],
        "empty": b"",
    }[damage]
    entry.write_bytes(damaged)
    compile_artifact(artifact, cache_dir=tmp_path)
    assert len(emitted) == 2
    assert entry.read_bytes() == sound
    assert [path.name for path in tmp_path.iterdir()] == [entry.name]


def test_unwritable_cache_is_no_error(reflect: Path, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("a file where a folder should be")
    loaded = compile_artifact(Artifact.read(reflect), cache_dir=blocked / "cache")
    assert Vnf(loaded).abi_version() == 1


def test_default_cache_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PORTVNF_CACHE", str(tmp_path))
    assert cache.default_folder() == tmp_path
    monkeypatch.delenv("PORTVNF_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache.default_folder() == tmp_path / "portvnf" / "code"


def test_an_artifact_that_breaks_a_rule_is_not_compiled(reflect: Path, tmp_path: Path) -> None:
    sound = Artifact.read(reflect)
    text = sound.text.replace("define i64 @vnf_epoch", "define internal i64 @vnf_epoch")
    broken = Artifact(sound.path, sound.bitcode, text, sound.manifest)
    with pytest.raises(ArtifactError, match=r"vnf_epoch breaks rule 'exports': is not external"):
        compile_artifact(broken, cache_dir=tmp_path)
    assert not list(tmp_path.iterdir())


def test_options(reflect: Path, tmp_path: Path) -> None:
    artifact = Artifact.read(reflect)
    with pytest.raises(CompileError, match="no optimisation level 4"):
        compile_artifact(artifact, opt_level=4, cache_dir=tmp_path)
    with pytest.raises(CompileError, match="CPU's name is empty"):
        compile_artifact(artifact, cpu="", cache_dir=tmp_path)
    with pytest.raises(CompileError, match="knows no 64-bit x86_64 CPU 'z80'"):
        compile_artifact(artifact, cpu="z80", cache_dir=tmp_path)


def test_loads_again_and_again(reflect: Path, tmp_path: Path) -> None:
    artifact = Artifact.read(reflect)
    loaded = [compile_artifact(artifact, cache_dir=tmp_path) for _ in range(20)]
    assert {Vnf(one).abi_version() for one in loaded} == {1}
    assert len({one.addresses["vnf_burst"] for one in loaded}) == 20


def test_linker_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTVNF_LD", "/nonexistent/ld")
    with pytest.raises(HostError, match="linker /nonexistent/ld cannot be run"):
        load.link_shared(b"")
    monkeypatch.setenv("PORTVNF_LD", "ld")
    with pytest.raises(CompileError, match="ld could not link the VNF's code"):
        load.link_shared(b"not an object")


def test_without_llvmlite() -> None:
    # -S and -I leave Python with its standard library alone.
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from portvnf import llvm\n"
        "from portvnf.errors import HostError\n"
        "try:\n    llvm.binding()\n"
        "except HostError as error:\n    print(error)\n"
    )
    loader = Path(locate.__file__).parent.parent
    argv = [sys.executable, "-I", "-S", "-c", code, str(loader)]
    said = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    assert said.startswith("llvmlite is not installed on this host: install ")


def test_host_target() -> None:
    target = host_target()
    assert target.isa and target.cpu
    assert host_target("x86-64-v2").features == ""
