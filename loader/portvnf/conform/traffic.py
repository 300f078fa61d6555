"""User traffic of generated traces: packets of UEs, of servers, and echoes."""

from __future__ import annotations

import struct

from portvnf.burst import Packet
from portvnf.conform import wire
from portvnf.conform.chance import Chance
from portvnf.conform.population import Bearer, Population
from portvnf.conform.scene import (
    ENBS,
    GATEWAY_S1U,
    GATEWAY_S11,
    GATEWAY_SGI,
    GATEWAY_SGI6,
    MMES,
    S1U,
    S11,
    SERVER,
    SERVER6,
    SGI,
)

_G_PDU, _ECHO_REQUEST, _END_MARKER = 255, 1, 254
_LINK_LOCAL = bytes.fromhex("fe80000000000000") + b"\0" * 7 + b"\7"
_ALL_ROUTERS = bytes.fromhex("ff02") + b"\0" * 13 + b"\2"
_BODY = bytes(range(256)) * 6
_LONGEST = 1400


class Traffic:
    """Makes user-plane packets for the bearers that are there."""

    def __init__(self, chance: Chance, people: Population) -> None:
        self._chance, self._people = chance, people

    def _body(self) -> bytes:
        size = self._chance.below(120) if self._chance.hit(90) else self._chance.below(_LONGEST)
        begin = self._chance.below(100)
        return _BODY[begin : begin + size]

    def _inner(self, bearer: Bearer, up: bool) -> bytes:
        # A user packet of a bearer; dual-stack ones carry both families.
        chance = self._chance
        if bearer.ipv4 and (not bearer.prefix or chance.hit(50)):
            ends = (bearer.ipv4, SERVER) if up else (SERVER, bearer.ipv4)
            options = b"\x07\x07\x04\0\0\0\0\0" if chance.hit(2) else b""
            fragment = 0x2000 if chance.hit(2) else 0
            body = wire.udp(5000, 6000, self._body())
            number = chance.below(1 << 16)
            return wire.ipv4(
                *ends, wire.UDP, body, options=options, fragment=fragment, number=number
            )
        own = bearer.prefix + b"\0\0\0\1\0\0\0" + bytes((chance.below(256),))
        ends = (own, SERVER6) if up else (SERVER6, own)
        return wire.ipv6(*ends, 59, self._body())

    def _g_pdu(self, teid: int, inner: bytes) -> Packet:
        flags, optional = 0, b""
        if self._chance.hit(12):
            flags, optional = self._optional()
        message = wire.gtpu(_G_PDU, teid, inner, flags=flags, optional=optional)
        return self._from_enb(message, checked=self._chance.hit(5))

    def _optional(self) -> tuple[int, bytes]:
        # Sequence and N-PDU numbers and extension headers, known and unknown.
        chance = self._chance
        flags = chance.between(1, 7)
        numbers = struct.pack(">HB", chance.below(1 << 16), chance.below(256))
        if not flags & 4:
            return flags, numbers + b"\0"
        kinds = [chance.pick((0xC0, 0x40, 0x85, 0x20, 0xC1)) for _ in range(chance.between(1, 3))]
        chain = b""
        for following in [*kinds[1:], 0]:
            units = chance.between(1, 2)
            chain += bytes((units,)) + chance.octets(4 * units - 2) + bytes((following,))
        return flags, numbers + bytes((kinds[0],)) + chain

    def _from_enb(self, message: bytes, checked: bool = True) -> Packet:
        source = self._chance.pick(ENBS)
        data = wire.udp4(source, GATEWAY_S1U, wire.GTPU_PORT, wire.GTPU_PORT, message, checked)
        return Packet(S1U, data)

    def up(self) -> Packet:
        """A packet of a UE."""
        bearer = self._people.pick_bearer(self._chance)
        if bearer is None:
            return self.stray_up()
        return self._g_pdu(bearer.s1u, self._inner(bearer, True))

    def down(self) -> Packet:
        """A packet for a UE, now and then with link padding behind it."""
        bearer = self._people.pick_bearer(self._chance)
        if bearer is None:
            return self.stray_down()
        data = self._inner(bearer, False)
        return Packet(SGI, data + b"\xee" * self._chance.below(8) if self._chance.hit(5) else data)

    def spoofed(self) -> Packet:
        """A UE uses another's address."""
        bearer, other = (self._people.pick_bearer(self._chance) for _ in range(2))
        if bearer is None or other is None:
            return self.stray_up()
        return self._g_pdu(bearer.s1u, self._inner(other, True))

    def stray_up(self) -> Packet:
        """A packet in no tunnel of ours."""
        teid = self._chance.pick((0, 0xFFFFFFFF, 0x80000001, self._chance.below(1 << 32)))
        return self._g_pdu(teid, wire.ipv4(b"\x0a\x2d\0\1", SERVER, 253, self._body()))

    def stray_down(self) -> Packet:
        """A packet for nobody."""
        chance = self._chance
        if chance.hit(50):
            to = bytes((10, chance.pick((45, 46, 47)), chance.below(16), chance.below(256)))
            return Packet(SGI, wire.ipv4(SERVER, to, 253, self._body()))
        prefix = bytes.fromhex(chance.pick(("20010db80045", "20010db80046", "20010db80047")))
        to = prefix + chance.octets(2) + bytes(8)
        return Packet(SGI, wire.ipv6(SERVER6, to, 59, self._body()))

    def solicitation(self) -> Packet:
        """A router solicitation, or something else that stays on the UE's link."""
        bearer = self._people.pick_bearer(self._chance)
        if bearer is None:
            return self.stray_up()
        kind = 133 if self._chance.hit(85) else self._chance.between(130, 143)
        source = _LINK_LOCAL if self._chance.hit(80) else bytes(16)
        message = wire.icmpv6(source, _ALL_ROUTERS, kind, bytes(4))
        hops = 255 if self._chance.hit(95) else 64
        inner = wire.ipv6(source, _ALL_ROUTERS, wire.ICMPV6, message, hops)
        return self._g_pdu(bearer.s1u, inner)

    def echo(self) -> Packet:
        """A GTP-U Echo Request, or another message of a path."""
        chance = self._chance
        kind = _ECHO_REQUEST if chance.hit(70) else chance.pick((2, 31, _END_MARKER, 77))
        number = struct.pack(">H", chance.below(1 << 16)) + b"\0\0"
        return self._from_enb(wire.gtpu(kind, 0, b"\x0e\0", flags=2, optional=number))

    def ping(self) -> Packet:
        """An ICMP echo request to one of the gateway's own addresses."""
        chance = self._chance
        body = chance.octets(4) + self._body()
        if chance.hit(30):
            message = wire.icmpv6(SERVER6, GATEWAY_SGI6, 128, body)
            return Packet(SGI, wire.ipv6(SERVER6, GATEWAY_SGI6, wire.ICMPV6, message))
        port, source, to = chance.pick(
            (
                (S11, MMES[0], GATEWAY_S11),
                (S1U, ENBS[0], GATEWAY_S1U),
                (SGI, SERVER, GATEWAY_SGI),
            )
        )
        return Packet(port, wire.ipv4(source, to, wire.ICMP, wire.icmp(8, body)))
