"""The parts of a fragmented user packet, put together by scapy, are the packet that was sent."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers import inet
from scapy.packet import Raw

from . import packets
from .addresses import SERVER
from .gateway import S1U, S11, SGI, Gateway, configuration, load
from .user_packets import ROUTE

UE = "10.45.0.1"
MOST = 576 - 36


@pytest.fixture(scope="module", params=["jit", "native"])
def gateway(request: pytest.FixtureRequest) -> Iterator[Gateway]:
    gateway = Gateway(load(request.param), configuration("small_mtu"))
    ((_, _),) = gateway.one(S11, packets.s11(packets.create(enb=0x900, pdn="ipv4")))[1]
    yield gateway


@settings(max_examples=40, deadline=None)
@given(
    body=st.binary(min_size=1, max_size=1800),
    offset=st.integers(0, 100),
    more=st.booleans(),
    options=st.lists(st.sampled_from([ROUTE, inet.IPOption_Router_Alert()]), max_size=3),
)
def test_parts_are_the_packet(
    gateway: Gateway, body: bytes, offset: int, more: bool, options: list[object]
) -> None:
    header = inet.IP(src=SERVER, dst=UE, id=7, frag=offset, proto=17, options=options)
    header.flags = "MF" if more else 0
    sent = inet.IP(bytes(header / Raw(body)))
    reason, out = gateway.one(SGI, bytes(sent))
    assert reason == "" and all(port == S1U for port, _ in out)
    parts = [inet.IP(packet[36:]) for _, packet in out]
    assert len(parts) == 1 or all(len(part) <= MOST for part in parts)
    covered = b""
    for number, part in enumerate(parts):
        assert inet.IP(bytes(part)).chksum == _right_checksum(part)
        assert part.frag == offset + len(covered) // 8
        assert bool(part.flags.MF) == (more or number + 1 < len(parts))
        assert (part.id, part.src, part.dst, part.proto, part.ttl) == (7, SERVER, UE, 17, 64)
        alerts = [o for o in part.options if isinstance(o, inet.IPOption_Router_Alert)]
        routes = [o for o in part.options if isinstance(o, inet.IPOption_RR)]
        assert len(alerts) == sum(isinstance(o, inet.IPOption_Router_Alert) for o in options)
        assert len(routes) == (0 if number else sum(o is ROUTE for o in options))
        covered += bytes(part)[part.ihl * 4 :]
    assert covered == body


def _right_checksum(part: inet.IP) -> int:
    again = inet.IP(bytes(part))
    del again.chksum
    return int(inet.IP(bytes(again)).chksum)
