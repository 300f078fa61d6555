"""Malformed packets and records, and what must hold for each.

`python -m tests.vepc.malformed FILE` runs the packets on one native VNF, such as one built
with sanitizers, in a process of its own, and prints how many there were.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import construct as cs

from portvnf.errors import StateError
from portvnf.native import load_native
from portvnf.state.vepc import SCHEMA

from . import answers, gtpc, packets
from .gateway import S1U, S11, SECTIONS, SGI, Gateway, State, configuration
from .population import Population, datagram

UE4, UE6 = "10.45.0.1", "2001:db8:45:1::5"
GATEWAY, PATH, USAGE = (SCHEMA.section(name).number for name in ("gateway", "path", "usage"))

# What is inside of a packet that is enclosed: port, gateway's address, UDP port.
_ENDS = {
    S11: (packets.MME, packets.GATEWAY_S11, 2123),
    S1U: (packets.ENB, packets.GATEWAY_S1U, 2152),
}


def populate(gateway: Gateway) -> None:
    """Three UEs: one connected with two PDN connections, one idle, one with IPv6 only; and one
    that left. Two have buckets that are not full. Of two datagrams, fragments are missing."""
    request = packets.s11(packets.create(8))
    for number, (first, end) in enumerate([(64, 128), (96, len(request) - 20)], 1):
        gateway.run((S11, packets.piece_of(request, first, end, number)), ms=number)
    population = Population(lambda port, packet: gateway.one(port, packet)[1])
    population.attach(1, "ipv4v6")
    population.connect_pdn(1, 6, "ipv6", "ims.operator")
    population.modify(1, 0x900)
    population.attach(2, "ipv4", "iot", 0x910)
    population.up(2, 5)
    population.release(2)
    for _ in range(2):
        population.down(2, 5)  # waits, and the MME is told
    population.attach(3, "ipv6", "internet", 0x920)
    population.down(3, 5)
    population.attach(7, "ipv4", "internet", 0x970)
    population.up(7, 5)
    population.delete(7, 5)


def messages() -> dict[str, tuple[int, bytes]]:
    """One of each message that the gateway acts upon: port and GTP message or user packet."""
    solicitation = packets.user("solicitation")
    return {
        "create session": (S11, packets.create(4, enb=0x930, sequence=901)),
        "second session": (S11, packets.create(2, teid=2, ebi=6, sequence=902)),
        "attach again": (S11, packets.create(1, "ipv4", "iot", sequence=903)),
        "modify bearer": (S11, packets.modify(1, 0x940, more_bearers=[(6, 0x941)], sequence=904)),
        "release": (S11, packets.release(1, sequence=905)),
        "delete session": (S11, packets.delete(1, 6, sequence=906)),
        "echo": (S11, packets.echo()),
        "acknowledge": (
            S11,
            gtpc.encode(
                "downlink_data_notification_acknowledge",
                {"sequence": 0, "teid": 2, "cause": 16, "delay_value": 2, "throttling": "0232"},
            ),
        ),
        "failure indication": (
            S11,
            gtpc.encode(
                "downlink_data_notification_failure_indication",
                {"sequence": 7, "teid": 2, "cause": 90},
            ),
        ),
        "suspend": (S11, gtpc.encode("suspend_notification", {"sequence": 907, "teid": 2})),
        "resume": (
            S11,
            gtpc.encode(
                "resume_notification", {"sequence": 908, "teid": 2, "imsi": "001010000000002"}
            ),
        ),
        "gtp-u echo": (S1U, packets.gtpu(1, 0, b"", sequence=5)),
        "error indication": (S1U, packets.error_indication(0x905)),
        "end marker": (S1U, packets.gtpu(254, 1, b"")),
        "uplink 4": (S1U, packets.gtpu(255, 1, packets.user("up_udp4", ue=UE4))),
        "uplink 6": (
            S1U,
            packets.gtpu(
                255, 1, packets.user("up_udp6", ue=UE6), sequence=3, extensions=[(0xC0, "1234")]
            ),
        ),
        "solicitation": (S1U, packets.gtpu(255, 1, solicitation)),
        "downlink 4": (SGI, packets.user("down_udp4", ue=UE4)),
        "downlink 6": (SGI, packets.user("down_udp6", ue=UE6)),
        "ping": (SGI, packets.user("ping")),
        "ping 6": (SGI, packets.user("ping6")),
    }


def enclose(port: int, message: bytes) -> bytes:
    """The packet of a message: within UDP and IP, or itself on SGi."""
    return datagram(*_ENDS[port], message) if port in _ENDS else message


def flips(data: bytes) -> Iterator[bytes]:
    """The data with each single bit changed."""
    for bit in range(8 * len(data)):
        changed = bytearray(data)
        changed[bit >> 3] ^= 0x80 >> (bit & 7)
        yield bytes(changed)


def truncations(data: bytes) -> Iterator[bytes]:
    """Every shorter beginning of the data."""
    for length in range(len(data)):
        yield data[:length]


def variants(port: int, message: bytes) -> Iterator[bytes]:
    """Packets: cut and flipped on the wire, and again with the outer lengths and checksums
    renewed, and for GTP the message's own length too, so that the damage gets further in."""
    whole = enclose(port, message)
    yield from truncations(whole)
    yield from flips(whole)
    if port not in _ENDS:
        return
    fixed = 4 if port == S11 else 8  # octets that the GTP length does not count
    for cut in truncations(message):
        yield enclose(port, cut)
        if len(cut) >= fixed:
            length = (len(cut) - fixed).to_bytes(2, "big")
            yield enclose(port, cut[:2] + length + cut[4:])
    if port == S1U and message[1] == 255:
        # Every length that the inner packet may state, around a sound G-PDU.
        for cut in range(8, len(message)):
            inner = message[8:cut]
            yield enclose(port, message[:2] + len(inner).to_bytes(2, "big") + message[4:8] + inner)


def without_consumed(state: State, kinds: set[str]) -> State:
    """The state without what sending an answer may consume: the identification of the next
    outer IPv4 header; after GTP-U signalling, also the sequence numbers of the paths, and what
    the limits of its rate say."""
    kept: dict[int, Any] = dict(state)
    kept[GATEWAY] = _without(GATEWAY, state, "ip_id", "notices_remaining_ns")
    if kinds & {"error_indication", "supported_extensions"}:
        kept[PATH] = _without(PATH, state, "sequence", "rate_remaining_ns")
    return kept


def _without(section: int, state: State, *fields: str) -> list[dict[str, Any]]:
    records = cs.GreedyRange(SCHEMA.section(section).record).parse(state[section])
    return [{k: v for k, v in record.items() if k not in ("_io", *fields)} for record in records]


class Examiner:
    """A populated gateway that is put back before every packet, and its twin of another
    engine, in whose buffers other bytes lie behind the packets: both must agree."""

    def __init__(self, gateway: Gateway, twin: Gateway | None = None) -> None:
        self.gateway, self.twin = gateway, twin
        self.empty = gateway.fresh()
        self.empty_memory = self.empty.memory()
        populate(gateway)
        self.memory = gateway.memory()
        if twin:
            populate(twin)
            self.twin_memory = twin.memory()
        self.before = gateway.state()
        self.decoded: dict[bytes, str] = {}
        self.total = 0

    def packet(self, port: int, packet: bytes) -> str:
        """Gives one packet to the gateway; AssertionError when anything is amiss. Returns
        what became of it: "accepted", "refused" or the reason for the drop."""
        self.total += 1
        gateway = self.gateway
        gateway.restore(self.memory)
        counted = gateway.counters()
        reason, out = gateway.one(port, packet)
        if self.twin:
            self.twin.restore(self.twin_memory)
            assert self.twin.one(port, packet) == (reason, out)
        drops = {k: v - counted[k] for k, v in gateway.counters().items() if k.startswith("drop_")}
        assert {k: v for k, v in drops.items() if v} == ({f"drop_{reason}": 1} if reason else {})
        kinds = {self.kind(*sent) for sent in out}
        refused = bool(reason) or bool(kinds & {"refusal", "version_not_supported"})
        after = gateway.state()
        assert self.twin is None or self.twin.state() == after
        if refused:
            assert without_consumed(after, kinds) == without_consumed(self.before, kinds)
        self.empty.restore(self.empty_memory)
        self.empty.take(after)
        assert self.empty.state() == after, "what was accepted is not canonical"
        return reason or ("refused" if refused else "accepted")

    def kind(self, port: int, packet: bytes) -> str:
        """What a sent packet is; every new one is decoded once."""
        key = packet[28:] if port != SGI else packet
        if key not in self.decoded:
            if port == SGI:
                answers.describe(port, packet)
                self.decoded[key] = "sgi"
            elif packet[9] == 17 and packet[20:22] == b"\x08\x68" and packet[29] == 255:
                assert int.from_bytes(packet[2:4], "big") == len(packet)
                self.decoded[key] = "g_pdu"  # carries whatever the server sent
            else:
                words = answers.describe(port, packet)
                self.decoded[key] = "refusal" if words.get("cause", 0) >= 64 else words["kind"]
        return self.decoded[key]

    def everything(self, name: str) -> dict[str, int]:
        """All variants of one message; how often each outcome was."""
        port, message = messages()[name]
        assert self.packet(port, enclose(port, message)) == "accepted", name
        outcomes: dict[str, int] = {}
        for variant in variants(port, message):
            outcome = self.packet(port, variant)
            outcomes[outcome] = outcomes.get(outcome, 0) + 1
        return outcomes


def take(target: Gateway, memory: bytes, state: State) -> State | None:
    """Imports into an empty arena; what it exports then, or None when it was refused."""
    target.restore(memory)
    try:
        target.take(state)
    except StateError:
        return None
    return target.state()


def main() -> None:
    native = load_native(Path(sys.argv[1]))
    examiner = Examiner(Gateway(native, configuration("vepc")))
    for name in messages():
        examiner.everything(name)
    state = examiner.before
    target = examiner.empty
    for number in SECTIONS:
        for data in (*truncations(state[number]), *flips(state[number])):
            take(target, examiner.empty_memory, {**state, number: data})
            examiner.total += 1
    print(examiner.total)


if __name__ == "__main__":
    main()
