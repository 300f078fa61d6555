"""The GCC build and the translated artifact of every ISA give x86-64's results."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from portvnf import isas, locate, roots
from portvnf.shared_object import isa_of
from portvnf.trace import decode_result, encode_result, encode_trace, replay
from portvnf.translate import link, translate
from portvnf.vnf import Vnf

from ..trace.sample import sample
from ..vepc.gateway import artifact, load
from .host import EVERY_BUILT_ISA, pieces, run_host


@pytest.fixture(scope="module")
def reference() -> bytes:
    """What the JIT on this machine makes of the sample, by the replayer in Python."""
    return encode_result(replay(Vnf(load("jit")), sample()))


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("trace") / "sample.trace"
    path.write_bytes(encode_trace(sample()))
    return path


def by_gcc(isa: str, folder: Path) -> Path:
    return pieces(isa)[locate.NATIVE_VNF]


def ahead_of_time(isa: str, folder: Path, opt_level: int = 3) -> Path:
    path = folder / f"vepc-{isa}.so"
    path.write_bytes(link(translate(artifact(), isas.named(isa), opt_level=opt_level)))
    return path


def check(isa: str, vnf: Path, trace: Path, output: Path, reference: bytes) -> None:
    assert isa_of(vnf) == isa
    done = run_host(isa, "--vnf", vnf, "--replay", trace, "--output", output)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    assert done.stdout == f"{output}: {sample().packets} packets\n"
    result = output.read_bytes()
    assert decode_result(result) == decode_result(reference)
    assert result == reference


@pytest.mark.parametrize("make", [by_gcc, ahead_of_time])
@pytest.mark.parametrize("isa", EVERY_BUILT_ISA)
def test_same_results(
    isa: str, make: Callable[[str, Path], Path], trace: Path, tmp_path: Path, reference: bytes
) -> None:
    pieces(isa)
    check(isa, make(isa, tmp_path), trace, tmp_path / "result", reference)


@pytest.mark.slow
@pytest.mark.parametrize("opt_level", [0, 1, 2])
@pytest.mark.parametrize("isa", EVERY_BUILT_ISA)
def test_every_level(
    isa: str, opt_level: int, trace: Path, tmp_path: Path, reference: bytes
) -> None:
    pieces(isa)
    vnf = ahead_of_time(isa, tmp_path, opt_level)
    check(isa, vnf, trace, tmp_path / "result", reference)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["jit", "native"])
def test_python_on_aarch64(
    engine: str, trace: Path, tmp_path: Path, reference: bytes, run_module: Callable[..., str]
) -> None:
    """The loader itself in a root that is made here when it is missing (20 s)."""
    pieces("aarch64")
    roots.make("aarch64")
    output = tmp_path / "result"
    said = run_module("aarch64", "portvnf.cli", "replay", trace, "-o", output, "--engine", engine)
    assert f"({engine}, aarch64 generic)" in said
    assert output.read_bytes() == reference
