"""UEs with a session each, made quickly from one template of a Create Session Request."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from portvnf.lab import packet
from portvnf.state import image
from portvnf.state.image import SectionData
from portvnf.state.vepc import SCHEMA
from tests.vepc import addresses, packets
from tests.vepc.gateway import S11, Gateway, artifact, configuration, load

_MME_TEID, _ENB_TEID = 0xD6D6D6D6, 0xE7E7E7E7
_IMSI_AT = 19  # the last eight whole digits of the IMSI, the first IE
_GTPC = (2123, 2123)
_BURST = 64
SERVER = packet.packed(addresses.SERVER)
ENB = packet.packed(addresses.ENB)


@dataclass(frozen=True)
class Subscriber:
    """One UE as its peers know it: tunnels up and down, and its IPv4 address."""

    s11: int
    up: int
    down: int
    address: bytes

    def uplink(self, body: bytes) -> bytes:
        """A packet of the UE, as the eNodeB sends it."""
        inner = packet.udp(self.address, SERVER, (5000, 6000), body)
        return s1u(packet.gtpu(packet.GTPU_GPDU, self.up, inner))

    def downlink(self, body: bytes) -> bytes:
        """A packet to the UE, as the server sends it."""
        return packet.udp(SERVER, self.address, (6000, 5000), body)


def s1u(message: bytes) -> bytes:
    """A GTP-U message of the eNodeB."""
    return packet.udp(ENB, packet.packed(addresses.GATEWAY_S1U), (2152, 2152), message)


def s11(message: bytes) -> bytes:
    """A GTPv2-C message of the MME."""
    ends = (packet.packed(addresses.MME), packet.packed(addresses.GATEWAY_S11))
    return packet.udp(*ends, _GTPC, message)


def _template() -> bytes:
    return packets.create(1, mme=_MME_TEID, enb=_ENB_TEID)


def create(number: int, enb: int, *, template: bytes = b"") -> bytes:
    """A Create Session Request of UE `number`, whose downlink goes to TEID `enb` at once."""
    message = bytearray(template or _template())
    message[8:11] = number.to_bytes(3, "big")
    message[_IMSI_AT : _IMSI_AT + 4] = bytes.fromhex(f"{number:08d}")
    for old, new in ((_MME_TEID, number), (_ENB_TEID, enb)):
        at = message.index(old.to_bytes(4, "big"))
        message[at : at + 4] = new.to_bytes(4, "big")
    return bytes(message)


def granted(answer: bytes, enb: int) -> Subscriber:
    """The subscriber that a Create Session Response makes of a UE."""
    ies = {(kind, instance): value for kind, instance, value in packets.split_ies(answer[12:])}
    assert ies[2, 0][0] == 16, f"Cause {ies[2, 0][0]}"
    bearer = {(kind, i): value for kind, i, value in packets.split_ies(ies[93, 0])}
    s11_teid, s1u_teid = (int.from_bytes(f[1:5], "big") for f in (ies[87, 0], bearer[87, 0]))
    return Subscriber(s11_teid, s1u_teid, enb, ies[79, 0][-4:])


def populate(gateway: Gateway, count: int) -> list[Subscriber]:
    """Attaches UEs 1 to `count`; the eNodeB's TEIDs are 0x10000 and up."""
    template, subscribers = _template(), []
    for first in range(1, count + 1, _BURST):
        numbers = range(first, min(first + _BURST, count + 1))
        requests = [s11(create(n, 0x10000 + n, template=template)) for n in numbers]
        result = gateway.run(*((S11, request) for request in requests), ms=1)
        for number, answer in zip(numbers, result.out, strict=True):
            subscribers.append(granted(answer.data[28:], 0x10000 + number))
    return subscribers


def make_image(path: Path, config: str, count: int) -> list[Subscriber]:
    """Writes an image of `count` subscribers on a gateway of that configuration."""
    gateway = Gateway(load("native"), configuration(config))
    subscribers = populate(gateway, count)
    parts = []
    for section in SCHEMA.image_sections:
        chunks = list(gateway.vnf.export(gateway.arena, section.number))
        data = b"".join(chunk.data for chunk in chunks)
        parts.append(SectionData(section.number, sum(chunk.records for chunk in chunks), data))
    image.write(path, image.build(SCHEMA, artifact().sha256, parts))
    return subscribers
