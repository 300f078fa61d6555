"""--engine auto: the JIT, else the native build with the reason, else a clear refusal."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from portvnf import locate, select
from portvnf.artifact.build_id import build_id
from portvnf.artifact.label import read_label
from portvnf.errors import CompileError, HostError, MissingPieceError
from portvnf.loaded import LoadedVnf
from portvnf.native import load_native


def no_jit(*arguments: object, **options: object) -> None:
    raise HostError("llvmlite is not installed on this host")


def no_native() -> Path:
    raise MissingPieceError("vepc-native.so is not here")


def foreign(path: Path) -> None:
    raise CompileError("vepc-native.so is for s390x, this process is x86_64")


def test_auto_prefers_the_jit() -> None:
    chosen = select.load(locate.artifact(), "auto")
    assert chosen.loaded.engine == "jit" and chosen.note == ""


@pytest.mark.parametrize("error", [HostError, CompileError])
def test_auto_falls_back(monkeypatch: pytest.MonkeyPatch, error: type[Exception]) -> None:
    def fail(*arguments: object, **options: object) -> None:
        raise error("the reason")

    monkeypatch.setattr(select, "compile_artifact", fail)
    chosen = select.load(locate.artifact(), "auto")
    assert chosen.loaded.engine == "native"
    assert chosen.note == "the native build runs instead of the JIT: the reason"
    with pytest.raises(error, match="the reason"):
        select.load(locate.artifact(), "jit")


def test_auto_with_neither(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(select, "compile_artifact", no_jit)
    monkeypatch.setattr(locate, "native_vnf", no_native)
    with pytest.raises(HostError, match=r"llvmlite is not installed.*; but vepc-native\.so is not"):
        select.load(locate.artifact(), "auto")
    with pytest.raises(MissingPieceError, match=r"^vepc-native\.so is not here$"):
        select.load(locate.artifact(), "native")


def test_auto_with_a_foreign_native_build(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(select, "compile_artifact", no_jit)
    monkeypatch.setattr(select, "load_native", foreign)
    with pytest.raises(HostError, match=r"llvmlite is not installed.*; but .* is for s390x"):
        select.load(locate.artifact(), "auto")


@pytest.mark.parametrize("claim", ["", "schema=0 source=0"])
def test_a_native_build_of_other_sources(monkeypatch: pytest.MonkeyPatch, claim: str) -> None:
    """Peers take the artifact's digest for what runs: it must be built from the same sources."""

    def stale(path: Path) -> LoadedVnf:
        return replace(load_native(path), build_id=claim)

    monkeypatch.setattr(select, "load_native", stale)
    with pytest.raises(CompileError, match=r"was not built from the sources of .*vepc\.bc: build"):
        select.load(locate.artifact(), "native")
    monkeypatch.setattr(select, "compile_artifact", no_jit)
    with pytest.raises(HostError, match=r"llvmlite is not installed.*; but .* was not built from"):
        select.load(locate.artifact(), "auto")


def test_a_native_build_says_what_it_is() -> None:
    manifest = read_label(locate.artifact()).manifest
    native = load_native(locate.native_vnf())
    assert native.build_id == build_id(manifest.schema.sha256, manifest.source_sha256)
