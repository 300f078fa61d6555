"""UEs that attach, move, idle, talk and leave: a simple model beside the gateway.

The model knows only what the answers told; so its counts and addresses are a second opinion
on the gateway's. Thousands of UEs are handled quickly: messages are made from templates.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Address

from . import addresses, packets
from .gateway import S1U, S11, SGI

Sent = list[tuple[int, bytes]]
Send = Callable[[int, bytes], Sent]


@dataclass
class Bearer:
    """A default bearer and its session; enb is the eNodeB's TEID while connected."""

    s1u: int
    ipv4: bytes = b""
    prefix: bytes = b""
    enb: int | None = None
    uplink: int = 0
    downlink: int = 0


@dataclass
class Ue:
    """One attached UE; bearers by EBI."""

    s11: int
    bearers: dict[int, Bearer] = field(default_factory=dict)


def datagram(source: str, to: str, port: int, payload: bytes) -> bytes:
    """IPv4 and UDP without UDP checksum."""
    ends = IPv4Address(source).packed + IPv4Address(to).packed
    head = struct.pack(">BBHHHBBH", 0x45, 0, 28 + len(payload), 0, 0, 64, 17, 0) + ends
    total = sum(struct.unpack(">10H", head))
    total = (total & 0xFFFF) + (total >> 16)
    total = (total & 0xFFFF) + (total >> 16)
    header = head[:10] + (~total & 0xFFFF).to_bytes(2, "big") + head[12:]
    return header + struct.pack(">HHHH", port, port, 8 + len(payload), 0) + payload


def user4(source: bytes, to: bytes, body: bytes) -> bytes:
    """An IPv4 user packet; nobody on the way looks at its checksum."""
    return struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(body), 1, 0, 9, 253, 0) + source + to + body


def user6(source: bytes, to: bytes, body: bytes) -> bytes:
    return struct.pack(">IHBB", 0x60000000, len(body), 59, 9) + source + to + body


def only_notifications(sent: Sent) -> None:
    """What the gateway sends when a UE has to be paged, or was before."""
    assert all(port == S11 and packet[29] == NOTIFICATION for port, packet in sent)


NOTIFICATION = 176  # Downlink Data Notification
NO_RESOURCES, ADDRESSES_OCCUPIED = 73, 84  # Cause values (TS 29.274, 8.4)
SERVER = IPv4Address(addresses.SERVER).packed
SERVER6 = bytes.fromhex("fd000013000000000000000000000030")


class Population:
    """All UEs, and what they do. `send` hands one packet to the gateway (or to several that
    must agree) and returns what it sent."""

    def __init__(self, send: Send) -> None:
        self.send = send
        self.ues: dict[int, Ue] = {}
        self.sequence = 0
        self.last_request = self.last_answer = b""

    @property
    def sessions(self) -> int:
        return sum(len(ue.bearers) for ue in self.ues.values())

    def _request(self, message: bytes) -> tuple[int, dict[tuple[int, int], bytes]]:
        self.last_request = datagram(packets.MME, packets.GATEWAY_S11, 2123, message)
        sent = self.send(S11, self.last_request)
        # Packets that waited for the UE come behind the answer, or requests of the gateway's.
        kind, sequence = message[1] + 1, message[8:11]
        answer = next(
            packet[28:]
            for port, packet in sent
            if port == S11 and (packet[29], packet[36:39]) == (kind, sequence)
        )
        self.last_answer = answer
        ies = {(t, i): v for t, i, v in packets.split_ies(answer[12:])}
        return ies[2, 0][0], ies

    def _next(self) -> int:
        self.sequence = self.sequence + 1 & 0xFFFFFF
        return self.sequence

    def attach(self, number: int, pdn: str, apn: str = "internet", enb: int | None = None) -> int:
        """Initial attach, over the PDN connection that used bearer 5, if the UE had one; its
        others stay. Returns the Cause."""
        return self._create(number, 5, 0, pdn, apn, enb)

    def connect_pdn(self, number: int, ebi: int, pdn: str, apn: str) -> int:
        """One more PDN connection of an attached UE."""
        return self._create(number, ebi, self.ues[number].s11, pdn, apn, None)

    def _create(self, number: int, ebi: int, teid: int, pdn: str, apn: str, enb: int | None) -> int:
        words = {} if enb is None else {"enb": enb}
        message = packets.create(
            number, pdn, apn, teid=teid, ebi=ebi, sequence=self._next(), mme=number, **words
        )
        cause, ies = self._request(message)
        if cause >= 64:
            return cause
        if teid == 0:
            others = dict(self.ues[number].bearers) if number in self.ues else {}
            self.ues[number] = Ue(int.from_bytes(ies[87, 0][1:5], "big"))
            self.ues[number].bearers.update(others)
        bearer = {t: v for t, _, v in reversed(list(packets.split_ies(ies[93, 0])))}
        new = Bearer(int.from_bytes(bearer[87][1:5], "big"), enb=enb)
        kind, paa = ies[79, 0][0], ies[79, 0][1:]
        new.ipv4 = paa[-4:] if kind & 1 else b""
        new.prefix = paa[1:9] if kind & 2 else b""
        self.ues[number].bearers[ebi] = new
        return cause

    def modify(self, number: int, enb: int) -> int:
        """All bearers of the UE go to TEIDs of an eNodeB, `enb` and following."""
        ue = self.ues[number]
        first, *rest = sorted(ue.bearers)
        more = [(ebi, enb + ebi) for ebi in rest]
        message = packets.modify(
            ue.s11, enb + first, sequence=self._next(), put_bearer={"ebi": f"{first:02x}"},
            more_bearers=more,
        )  # fmt: skip
        cause, _ = self._request(message)
        for ebi, bearer in ue.bearers.items():
            bearer.enb = enb + ebi
        return cause

    def release(self, number: int) -> int:
        ue = self.ues[number]
        cause, _ = self._request(packets.release(ue.s11, sequence=self._next()))
        self._idle(ue)
        return cause

    def lose(self, number: int, ebi: int) -> None:
        """The eNodeB sends an Error Indication for a bearer, which makes the UE idle."""
        bearer = self.ues[number].bearers[ebi]
        assert bearer.enb is not None
        message = packets.error_indication(bearer.enb)
        sent = self.send(S1U, datagram(packets.ENB, packets.GATEWAY_S1U, 2152, message))
        only_notifications(sent)
        self._idle(self.ues[number])

    def _idle(self, ue: Ue) -> None:
        for bearer in ue.bearers.values():
            bearer.enb = None

    def delete(self, number: int, ebi: int) -> int:
        ue = self.ues[number]
        cause, _ = self._request(packets.delete(ue.s11, ebi, sequence=self._next()))
        del ue.bearers[ebi]
        if not ue.bearers:
            del self.ues[number]
        return cause

    def repeat(self) -> Sent:
        """The last request again."""
        return self.send(S11, self.last_request)

    def up(self, number: int, ebi: int, body: bytes = b"up") -> None:
        bearer = self.ues[number].bearers[ebi]
        if bearer.ipv4:
            inner = user4(bearer.ipv4, SERVER, body)
        else:
            inner = user6(bearer.prefix + bytes(8), SERVER6, body)
        header = struct.pack(">BBHI", 0x30, 255, len(inner), bearer.s1u)
        sent = self.send(S1U, datagram(packets.ENB, packets.GATEWAY_S1U, 2152, header + inner))
        assert sent == [(SGI, inner)]
        bearer.uplink += 1

    def down(self, number: int, ebi: int, body: bytes = b"down") -> None:
        bearer = self.ues[number].bearers[ebi]
        if bearer.prefix:
            inner = user6(SERVER6, bearer.prefix + b"12345678", body)
        else:
            inner = user4(SERVER, bearer.ipv4, body)
        sent = self.send(SGI, inner)
        if bearer.enb is None:
            only_notifications(sent)
            return
        ((port, packet),) = sent
        header = struct.pack(">BBHI", 0x30, 255, len(inner), bearer.enb)
        assert port == S1U and packet[28:] == header + inner
        bearer.downlink += 1
