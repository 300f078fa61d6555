"""Which header field a byte of a packet belongs to, by the names of the specifications."""

from __future__ import annotations

from collections.abc import Iterator

from portvnf.conform import wire

Field = tuple[str, int, int]
"""Name, first byte, length."""

_IPV4 = (
    ("version and header length", 1),
    ("TOS", 1),
    ("total length", 2),
    ("identification", 2),
    ("flags and fragment offset", 2),
    ("TTL", 1),
    ("protocol", 1),
    ("header checksum", 2),
    ("source", 4),
    ("destination", 4),
)
_IPV6 = (
    ("version, traffic class and flow label", 4),
    ("payload length", 2),
    ("next header", 1),
    ("hop limit", 1),
    ("source", 16),
    ("destination", 16),
)
_UDP = (("source port", 2), ("destination port", 2), ("length", 2), ("checksum", 2))
_ICMP = (("type", 1), ("code", 1), ("checksum", 2))
_GTPU = (("flags", 1), ("message type", 1), ("length", 2), ("TEID", 4))
_GTPU_OPTIONAL = (("sequence number", 2), ("N-PDU number", 1), ("next extension header", 1))
_GTPC = (("flags", 1), ("message type", 1), ("length", 2))
_IE_NAMES = {
    1: "IMSI", 2: "Cause", 3: "Recovery", 71: "APN", 72: "AMBR", 73: "EBI", 78: "PCO",
    79: "PAA", 80: "Bearer QoS", 87: "F-TEID", 93: "Bearer Context", 94: "Charging ID",
    127: "APN Restriction",
}  # fmt: skip
_DERIVED = ("checksum", "length")
_SHOWN = 16  # octets of a value


def fields(packet: bytes) -> Iterator[Field]:
    """Every field of a packet that the vEPC sends, as deep as headers are known."""
    yield from _ip(packet, 0, "")


def _run(table: tuple[tuple[str, int], ...], at: int, prefix: str) -> Iterator[Field]:
    for name, length in table:
        yield f"{prefix} {name}", at, length
        at += length


def _ip(packet: bytes, at: int, prefix: str) -> Iterator[Field]:
    version = packet[at] >> 4 if at < len(packet) else 0
    if version == 4 and len(packet) >= at + 20:
        yield from _run(_IPV4, at, f"{prefix}IPv4")
        header = (packet[at] & 15) * 4
        if header > 20:
            yield f"{prefix}IPv4 options", at + 20, header - 20
        yield from _above(packet, at + max(header, 20), packet[at + 9], prefix)
    elif version == 6 and len(packet) >= at + 40:
        yield from _run(_IPV6, at, f"{prefix}IPv6")
        yield from _above(packet, at + 40, packet[at + 6], prefix)
    else:
        yield from _rest(packet, at, f"{prefix}packet")


def _above(packet: bytes, at: int, protocol: int, prefix: str) -> Iterator[Field]:
    if protocol in (wire.ICMP, wire.ICMPV6):
        name = "ICMP" if protocol == wire.ICMP else "ICMPv6"
        yield from _run(_ICMP, at, f"{prefix}{name}")
        yield from _rest(packet, at + 4, f"{prefix}{name} body")
    elif protocol == wire.UDP and len(packet) >= at + 8:
        yield from _run(_UDP, at, f"{prefix}UDP")
        ports = [int.from_bytes(packet[at + i : at + i + 2], "big") for i in (0, 2)]
        if wire.GTPU_PORT in ports and not prefix and len(packet) >= at + 16:
            yield from _gtpu(packet, at + 8)
        elif wire.GTPC_PORT in ports and not prefix and len(packet) >= at + 16:
            yield from _gtpc(packet, at + 8)
        else:
            yield from _rest(packet, at + 8, f"{prefix}UDP payload")
    else:
        yield from _rest(packet, at, f"{prefix}payload")


def _gtpu(packet: bytes, at: int) -> Iterator[Field]:
    yield from _run(_GTPU, at, "GTP-U")
    body = at + 8
    if packet[at] & 7:
        yield from _run(_GTPU_OPTIONAL, body, "GTP-U")
        body += 4
    if packet[at + 1] == 255:
        yield from _ip(packet, body, "inner ")
    else:
        yield from _rest(packet, body, f"GTP-U message {packet[at + 1]} body")


def _gtpc(packet: bytes, at: int) -> Iterator[Field]:
    yield from _run(_GTPC, at, "GTPv2-C")
    body = at + 4
    if packet[at] & 8:
        yield "GTPv2-C TEID", body, 4
        body += 4
    yield "GTPv2-C sequence number", body, 3
    yield "GTPv2-C spare", body + 3, 1
    yield from _ies(packet, body + 4, len(packet), "")


def _ies(packet: bytes, at: int, end: int, prefix: str) -> Iterator[Field]:
    while at + 4 <= end:
        length = int.from_bytes(packet[at + 1 : at + 3], "big")
        name = f"{prefix}{_IE_NAMES.get(packet[at], f'IE {packet[at]}')}[{packet[at + 3] & 15}]"
        yield f"{name} header", at, 4
        if packet[at] == 93:
            yield from _ies(packet, at + 4, min(at + 4 + length, end), f"{name}.")
        else:
            yield name, at + 4, length
        at += 4 + length


def _rest(packet: bytes, at: int, name: str) -> Iterator[Field]:
    if at < len(packet):
        yield name, at, len(packet) - at


def first_difference(left: bytes, right: bytes) -> tuple[str, str, str]:
    """The first field in which two packets differ and its bytes in each, in hexadecimal. A
    checksum or length that follows from something else is named only when nothing else is."""
    derived: tuple[str, str, str] | None = None
    for name, begin, length in fields(left):
        old, new = left[begin : begin + length], right[begin : begin + length]
        if old == new:
            continue
        found = (name, *_around(old, new))
        if not name.endswith(_DERIVED):
            return found
        derived = derived or found
    return derived or ("length", str(len(left)), str(len(right)))


def _around(old: bytes, new: bytes) -> tuple[str, str]:
    # A long field is shown from where it differs.
    shorter = min(len(old), len(new))
    at = next((i for i in range(shorter) if old[i] != new[i]), shorter)
    begin = at if len(old) > _SHOWN else 0
    shown = []
    for value in (old, new):
        part = value[begin : begin + _SHOWN]
        before = f"byte {begin}: " if begin else ""
        after = "..." if len(value) > begin + _SHOWN else ""
        shown.append(f"{before}{part.hex()}{after}" if part else "nothing")
    return shown[0], shown[1]
