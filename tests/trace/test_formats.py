"""Trace and result files: what is written is read again, and damage is named."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from portvnf.burst import Packet
from portvnf.errors import TraceError
from portvnf.trace import (
    Burst,
    Counters,
    Epoch,
    Export,
    Import,
    ImportOutcome,
    Move,
    Result,
    Stage,
    Switch,
    Tick,
    Trace,
    decode_result,
    decode_trace,
    encode_result,
    encode_trace,
    replay,
)
from portvnf.vnf import Vnf

from ..vepc.gateway import load
from .sample import sample

SMALL = Trace(
    b"config",
    1000,
    (1, 2, 3),
    (
        Burst(1001, (Packet(0, b"one"), Packet(65535, b""))),
        Tick(1001),
        Epoch(),
        Export((1, 9), since=1, until=2, with_bytes=True),
        Move(1002),
        Stage(1003, (4, 5), 1, 2),
        Switch(1004),
        Import(1005, ((1, b"record"), (2, b""))),
        Counters(),
    ),
)


@cache
def sample_result() -> Result:
    return replay(Vnf(load("native")), sample())


def test_trace_round_trip() -> None:
    for trace in (SMALL, sample()):
        data = encode_trace(trace)
        assert decode_trace(data) == trace
        assert encode_trace(decode_trace(data)) == data


def test_result_round_trip() -> None:
    data = encode_result(sample_result())
    assert decode_result(data) == sample_result()
    assert encode_result(decode_result(data)) == data


def test_trace_bytes() -> None:
    """The layout of trace.h, written out by hand."""
    data = encode_trace(Trace(b"\xaa", 7, (1,), (Tick(8),), capacity=2048))
    expected = b"PVTRACE\0" + bytes.fromhex("0001 00000800 0000000000000007 0001 0001 00000001 aa")
    expected += bytes.fromhex("02 00000008 0000000000000008")
    assert data == expected + bytes.fromhex("00 00000008 0000000000000001")


@pytest.mark.parametrize("decode", [decode_trace, decode_result])
def test_every_truncation_is_refused(decode: Callable[[bytes], Any]) -> None:
    small = Result(bytes(32), 5, (5,), (ImportOutcome(-3, 1, 2, 3, 4),))
    data = encode_trace(SMALL) if decode is decode_trace else encode_result(small)
    for length in range(len(data)):
        with pytest.raises(TraceError):
            decode(data[:length])
    with pytest.raises(TraceError, match="1 bytes too many"):
        decode(data + b"\0")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"operations": (Tick(1),)}, "time goes back from 1000 to 1"),
        ({"operations": (Burst(1000, ()),)}, "a burst has 1 to 64 packets, not 0"),
        ({"capacity": 100}, "no packet buffer has 100 bytes"),
        ({"operations": (Burst(1000, (Packet(0, bytes(4000)),)),)}, "does not fit its buffer"),
    ],
)
def test_refused_traces(change: dict[str, Any], said: str) -> None:
    trace = Trace(**{"config": b"", "start_ns": 1000, "sections": (), "operations": ()} | change)
    with pytest.raises(TraceError, match=f"the trace, byte .*{said}"):
        decode_trace(encode_trace(trace))
