"""The bytes of IPv4, IPv6, UDP, GTP-U and router discovery packets, as the lab needs them."""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass

GTPU_ECHO_REQUEST = 1
GTPU_ECHO_RESPONSE = 2
GTPU_ERROR_INDICATION = 26
GTPU_END_MARKER = 254
GTPU_GPDU = 255

_UDP = 17
_ICMPV6 = 58
_ALL_ROUTERS = ipaddress.IPv6Address("ff02::2")


def word_sum(data: bytes) -> int:
    """The sum of the 16-bit big-endian words; an odd last byte counts as a high byte."""
    if len(data) % 2:
        data += b"\0"
    return sum(struct.unpack(f">{len(data) // 2}H", data))


def checksum(total: int) -> int:
    """The Internet checksum (RFC 1071) of words that add up to `total`."""
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def packed(address: str) -> bytes:
    """An IPv4 or IPv6 address in its 4 or 16 bytes."""
    return ipaddress.ip_address(address).packed


def ip_header(source: bytes, destination: bytes, protocol: int, payload_length: int) -> bytes:
    """An IPv4 or IPv6 header, by the length of the addresses."""
    if len(source) == 16:
        return struct.pack(">IHBB", 6 << 28, payload_length, protocol, 64) + source + destination
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + payload_length, 0, 0x4000, 64, protocol, 0)
    total = checksum(word_sum(head) + word_sum(source) + word_sum(destination))
    return head[:10] + struct.pack(">H", total) + source + destination


def pseudo_sum(source: bytes, destination: bytes, protocol: int, length: int) -> int:
    """The pseudo header's part of an upper-layer checksum; the same for IPv4 and IPv6."""
    return word_sum(source) + word_sum(destination) + protocol + length


def udp(source: bytes, destination: bytes, ports: tuple[int, int], payload: bytes) -> bytes:
    """A whole UDP packet with its IP header and checksum."""
    length = 8 + len(payload)
    head = struct.pack(">HHHH", ports[0], ports[1], length, 0)
    total = pseudo_sum(source, destination, _UDP, length) + word_sum(head) + word_sum(payload)
    # A computed zero is sent as all ones (RFC 768): zero would mean "no checksum".
    head = head[:6] + struct.pack(">H", checksum(total) or 0xFFFF)
    return ip_header(source, destination, _UDP, length) + head + payload


@dataclass(frozen=True)
class Datagram:
    """A received UDP packet; `intact` says whether its UDP checksum is right."""

    source: bytes
    destination: bytes
    ports: tuple[int, int]
    payload: bytes
    intact: bool


def parse_udp(packet: bytes) -> Datagram | None:
    """The UDP datagram in an IP packet, or None when it holds anything else."""
    if len(packet) < 28:
        return None
    if packet[0] >> 4 == 6:
        if len(packet) < 48 or packet[6] != _UDP:
            return None
        start, source, destination = 40, packet[8:24], packet[24:40]
    elif packet[0] == 0x45 and packet[9] == _UDP:
        start, source, destination = 20, packet[12:16], packet[16:20]
    else:
        return None
    from_port, to_port, length, stated = struct.unpack_from(">HHHH", packet, start)
    segment = packet[start : start + length]
    if length < 8 or len(segment) != length:
        return None
    total = pseudo_sum(source, destination, _UDP, length) + word_sum(segment)
    # IPv4 senders may leave the checksum out; IPv6 ones may not.
    intact = checksum(total) == 0 or (stated == 0 and len(source) == 4)
    return Datagram(source, destination, (from_port, to_port), segment[8:], intact)


def gtpu(message: int, teid: int, payload: bytes) -> bytes:
    """A GTP-U message without optional fields (TS 29.281, 5.1)."""
    return struct.pack(">BBHI", 0x30, message, len(payload), teid) + payload


def gtpu_echo_response(sequence: int) -> bytes:
    """An Echo Response with its Recovery IE (TS 29.281, 7.2.2)."""
    recovery = b"\x0e\x00"
    return struct.pack(">BBHIHBB", 0x32, GTPU_ECHO_RESPONSE, 6, 0, sequence, 0, 0) + recovery


@dataclass(frozen=True)
class GtpuMessage:
    """A received GTP-U message; sequence is 0 when the header has none."""

    message: int
    teid: int
    sequence: int
    payload: bytes


def parse_gtpu(data: bytes) -> GtpuMessage | None:
    """Decodes a GTPv1-U message with any optional fields and extension headers."""
    if len(data) < 8 or data[0] >> 4 != 3:
        return None
    flags, message, length, teid = struct.unpack_from(">BBHI", data)
    if len(data) < 8 + length:
        return None
    body = data[8 : 8 + length]
    if not flags & 7:
        return GtpuMessage(message, teid, 0, body)
    if len(body) < 4:
        return None
    sequence, _npdu, extension = struct.unpack_from(">HBB", body)
    at = 4
    while flags & 4 and extension:
        if at >= len(body) or not body[at] or at + 4 * body[at] > len(body):
            return None
        size = 4 * body[at]
        extension = body[at + size - 1]
        at += size
    return GtpuMessage(message, teid, sequence if flags & 2 else 0, body[at:])


def router_solicitation(interface_id: bytes) -> bytes:
    """What a UE sends on its link-local address to learn its prefix (RFC 4861, 4.1)."""
    source = b"\xfe\x80" + bytes(6) + interface_id
    destination = _ALL_ROUTERS.packed
    body = struct.pack(">BBHI", 133, 0, 0, 0)
    total = checksum(pseudo_sum(source, destination, _ICMPV6, len(body)) + word_sum(body))
    body = body[:2] + struct.pack(">H", total) + body[4:]
    # Neighbour discovery is only valid with hop limit 255.
    head = bytearray(ip_header(source, destination, _ICMPV6, len(body)))
    head[7] = 255
    return bytes(head) + body


def advertised_prefix(packet: bytes) -> bytes | None:
    """The eight bytes of the /64 that a router advertisement announces, or None."""
    if len(packet) < 56 or packet[0] >> 4 != 6 or packet[6] != _ICMPV6 or packet[40] != 134:
        return None
    at = 56
    while at + 8 <= len(packet) and packet[at + 1]:
        kind, size = packet[at], 8 * packet[at + 1]
        if kind == 3 and size == 32 and at + 32 <= len(packet) and packet[at + 2] == 64:
            return packet[at + 16 : at + 24]
        at += size
    return None
