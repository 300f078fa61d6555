"""The two replayers, written apart, agree: on sound traces and on damaged ones."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from portvnf import locate
from portvnf.burst import Packet
from portvnf.errors import PortvnfError, TraceError
from portvnf.trace import (
    Burst,
    Counters,
    Epoch,
    Export,
    Import,
    Move,
    Stage,
    Switch,
    Tick,
    Trace,
    decode_trace,
    encode_result,
    encode_trace,
    replay,
)
from portvnf.trace.engine_replay import replay_file
from portvnf.vnf import Vnf

from ..engine.conftest import C_FLAGS, HOST_SOURCES
from ..vepc.gateway import START_NS, configuration, load
from ..vepc.packets import build
from .sample import sample

HOST_PROGRAM = HOST_SOURCES[0].parent.parent / "native_host"


def every_operation() -> Trace:
    """A short trace with one of each."""
    echo, create = (Packet(*build({"send": kind})[:2]) for kind in ("echo", "create"))
    now = START_NS
    operations = (
        Burst(now, (echo, create)),
        Tick(now + 1),
        Epoch(),
        Export((1, 4), with_bytes=True),
        Move(now + 2),
        Stage(now + 3, (4, 5, 6)),
        Switch(now + 4),
        Import(now + 5, ((4, b"x"),)),
        Counters(),
    )
    return Trace(configuration("vepc"), START_NS, (1, 2, 3, 4, 5, 6, 7, 8), operations)


def in_c(data: bytes, folder: Path) -> bytes | None:
    """The result, or None for a refused trace."""
    trace, output = folder / "trace", folder / "result"
    trace.write_bytes(data)
    try:
        replay_file(load("native"), trace, output)
    except TraceError:
        assert not output.exists()
        return None
    result = output.read_bytes()
    output.unlink()
    return result


def in_python(data: bytes) -> bytes | None:
    try:
        return encode_result(replay(Vnf(load("native")), decode_trace(data)))
    except PortvnfError:
        return None


@pytest.mark.parametrize("engine", ["jit", "native"])
@pytest.mark.parametrize("fill", [0, 255])
def test_they_agree(engine: str, fill: int, tmp_path: Path) -> None:
    trace, output = tmp_path / "trace", tmp_path / "result"
    trace.write_bytes(encode_trace(sample()))
    assert replay_file(load(engine), trace, output, fill) == sample().packets
    assert output.read_bytes() == encode_result(replay(Vnf(load("native")), sample()))


def test_every_truncation(tmp_path: Path) -> None:
    data = encode_trace(every_operation())
    assert in_c(data, tmp_path) == in_python(data)
    for length in range(len(data)):
        assert in_c(data[:length], tmp_path) is None


@pytest.mark.parametrize(
    "bits", [pytest.param((0, 7), id="two"), pytest.param(range(1, 7), marks=pytest.mark.slow)]
)
def test_flipped_bits(bits: Sequence[int], tmp_path: Path) -> None:
    """Of every byte outside the configuration, which may ask for any amount of memory."""
    trace = every_operation()
    data = encode_trace(trace)
    config = data.index(trace.config)
    verdicts = set()
    for at in range(len(data)):
        if config <= at < config + len(trace.config):
            continue
        for bit in bits:
            flipped = data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]
            result = in_c(flipped, tmp_path)
            assert result == in_python(flipped), f"bit {bit} of byte {at}"
            verdicts.add(result is None)
    assert verdicts == {True, False}


def test_sanitizers_find_nothing(tmp_path: Path) -> None:
    """The program under ASan and UBSan, on the sample and on a cut one."""
    program, trace, output = tmp_path / "portvnf-host", tmp_path / "trace", tmp_path / "result"
    sources = [str(path) for path in (*HOST_SOURCES, *sorted(HOST_PROGRAM.glob("*.c")))]
    sanitize = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    command = ["gcc", *C_FLAGS, "-O1", *sanitize, f"-I{locate.headers()}", *sources]
    subprocess.run([*command, "-o", str(program)], check=True)
    argv = [str(program), "--vnf", str(locate.native_vnf()), "--replay", str(trace)]
    data = encode_trace(sample())
    for content, status in ((data, 0), (data[:-1], 2), (data[: len(data) // 2], 2)):
        trace.write_bytes(content)
        done = subprocess.run([*argv, "--output", str(output)], capture_output=True, text=True)
        assert done.returncode == status, done.stderr
    trace.write_bytes(data)
    subprocess.run([*argv, "--output", str(output)], check=True, capture_output=True)
    assert output.read_bytes() == encode_result(replay(Vnf(load("native")), sample()))
