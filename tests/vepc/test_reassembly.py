"""Datagrams that scapy cuts into fragments, mixed and out of order, arrive as they were."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers import inet

from portvnf.state.vepc import DATAGRAM, SCHEMA
from portvnf.vnf import RefusalError

from . import packets
from .addresses import GATEWAY_S1U
from .gateway import S1U, S11, SGI, Gateway, configuration, load
from .user_packets import user

UE = "10.45.0.1"
AT_MOST = 64  # datagrams that wait
DATAGRAMS = SCHEMA.section("datagram").number
GATEWAY_S1U_6, ENB_6 = "fd00:12::1", "fd00:12::20"


@pytest.fixture(scope="module", params=["jit", "native"])
def gateway(request: pytest.FixtureRequest) -> Iterator[Gateway]:
    gateway = Gateway(load(request.param), configuration("dual"))
    gateway.one(S11, packets.s11(packets.create(enb=0x900, pdn="ipv4")))
    yield gateway


def whole(number: int, size: int, family: int) -> tuple[bytes, bytes]:
    """A user packet, and the packet of the transport network that carries it."""
    inner = user("up_udp4", ue=UE, size=size, sport=number + 1)
    message = packets.gtpu(255, 1, inner)
    ends = (packets.ENB, GATEWAY_S1U) if family == 4 else (ENB_6, GATEWAY_S1U_6)
    return inner, packets.udp(*ends, 2152, message, checksum=family == 6)


def cut(outer: bytes, identification: int, part: int, family: int) -> list[bytes]:
    """Its fragments, of at most `part` bytes of payload."""
    if family == 4:
        header = inet.IP(outer)
        header.id = identification
        del header.chksum
        return [bytes(piece) for piece in inet.fragment(header, fragsize=part)]
    starts = range(0, len(outer) - 40, part)
    return [
        packets.piece_of(outer, at, min(at + part, len(outer) - 40), identification)
        for at in starts
    ]


@st.composite
def mixtures(draw: st.DrawFn) -> tuple[list[bytes], list[bytes]]:
    """User packets, and all fragments of what carries them in some order."""
    sizes = draw(st.lists(st.integers(40, 1500), min_size=1, max_size=6))
    inners, pieces = [], []
    for number, size in enumerate(sizes):
        family = draw(st.sampled_from([4, 6]))
        inner, outer = whole(number, size, family)
        inners.append(inner)
        pieces += cut(outer, number, draw(st.integers(1, 180)) * 8, family)
    return inners, draw(st.permutations(pieces))


@settings(max_examples=60, deadline=None)
@given(mixtures())
def test_whole_again(gateway: Gateway, mixture: tuple[list[bytes], list[bytes]]) -> None:
    inners, pieces = mixture
    arrived = []
    for piece in pieces:
        reason, out = gateway.one(S1U, piece)
        assert reason == ""
        assert all(port == SGI for port, _ in out) and len(out) <= 1
        arrived += [data for _, data in out]
    assert sorted(arrived) == sorted(inners)
    assert gateway.counters()["datagrams_incomplete"] == 0


def test_the_oldest_gives_way() -> None:
    gateway = Gateway(load("native"), configuration("dual"))
    gateway.one(S11, packets.s11(packets.create(enb=0x900, pdn="ipv4")))
    datagrams = [whole(number, 600, 4) for number in range(AT_MOST + 1)]
    cuts = [cut(outer, number, 400, 4) for number, (_, outer) in enumerate(datagrams)]
    for first, _ in cuts:
        assert gateway.one(S1U, first) == ("", [])
    assert gateway.counters()["datagrams_incomplete"] == 1
    came = [gateway.one(S1U, second)[1] for _, second in reversed(cuts)]
    assert came == [[(SGI, inner)] for inner, _ in reversed(datagrams[1:])] + [[]]


@pytest.fixture(scope="module")
def waiting() -> Gateway:
    """A gateway to which the middle and the end of a datagram came."""
    gateway = Gateway(load("native"), configuration("dual"))
    _, outer = whole(0, 597, 4)
    for first, end in ((200, 400), (400, len(outer) - 20)):
        gateway.one(S1U, packets.piece_of(outer, first, end, 7))
    return gateway


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"source": "224.0.0.1"}, "no encoder writes"),
        ({"source": "fd00:12::20"}, "no encoder writes"),
        ({"destination": "10.12.0.9"}, "not in this configuration"),
        ({"identification": 0x10000}, "no encoder writes"),
        ({"remaining_ms": 1001}, "too small"),
        ({"units": "00" * 30}, "no encoder writes"),
        ({"units": "ff" * 30}, "no encoder writes"),
        ({"units": "ff" * 9 + "f8" + "00" * 20}, "no encoder writes"),  # all of it
        ({"last_came": "no"}, "no encoder writes"),  # ends in the middle of a unit
        ({"data": ""}, "no encoder writes"),
    ],
)
def test_no_datagram_is_taken_unchecked(
    waiting: Gateway, change: dict[str, Any], sentence: str
) -> None:
    record = DATAGRAM.parse(waiting.section(DATAGRAMS))
    assert record.identification == 7 and record.last_came == "yes"
    fresh = waiting.fresh()
    fresh.take(waiting.state())
    assert fresh.state() == waiting.state()
    record.update(change)
    with pytest.raises(RefusalError, match=sentence):
        waiting.fresh().take(waiting.state() | {DATAGRAMS: DATAGRAM.build(record)})


def test_what_is_missing_is_nothing(waiting: Gateway) -> None:
    record = DATAGRAM.parse(waiting.section(DATAGRAMS))
    record.data = "01" + record.data[2:]
    with pytest.raises(RefusalError, match="no encoder writes"):
        waiting.fresh().take(waiting.state() | {DATAGRAMS: DATAGRAM.build(record)})
