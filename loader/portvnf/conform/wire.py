"""IP, UDP, ICMP and GTP-U headers as plain bytes, quickly."""

from __future__ import annotations

import struct

UDP, ICMP, ICMPV6 = 17, 1, 58
GTPC_PORT, GTPU_PORT = 2123, 2152

_IPV4 = struct.Struct(">BBHHHBBH4s4s")
_UDP = struct.Struct(">HHHH")
_GTPU = struct.Struct(">BBHI")
_HOPS = 63


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    if len(data) & 1:
        data += b"\0"
    # 2**16 is 1 modulo 65535: the whole number's remainder is the sum with its carries.
    return 0xFFFF - int.from_bytes(data, "big") % 0xFFFF


def ipv4(
    source: bytes,
    to: bytes,
    protocol: int,
    payload: bytes,
    *,
    options: bytes = b"",
    fragment: int = 0,
    number: int = 1,
) -> bytes:
    """An IPv4 packet; `options` is a multiple of 4 bytes, `fragment` the flags and offset."""
    first, total = 0x45 + len(options) // 4, 20 + len(options) + len(payload)
    head = _IPV4.pack(first, 0, total, number, fragment, _HOPS, protocol, 0, source, to)
    mark = checksum(head + options).to_bytes(2, "big")
    return head[:10] + mark + head[12:] + options + payload


def ipv6(source: bytes, to: bytes, protocol: int, payload: bytes, hops: int = _HOPS) -> bytes:
    """An IPv6 packet."""
    head = struct.pack(">IHBB", 0x60000000, len(payload), protocol, hops)
    return head + source + to + payload


def udp(source_port: int, to_port: int, payload: bytes) -> bytes:
    """A UDP datagram without checksum."""
    return _UDP.pack(source_port, to_port, 8 + len(payload), 0) + payload


def udp4(
    source: bytes, to: bytes, source_port: int, to_port: int, payload: bytes, checked: bool = True
) -> bytes:
    """UDP over IPv4."""
    datagram = udp(source_port, to_port, payload)
    if checked:
        datagram = with_udp_checksum(source, to, datagram)
    return ipv4(source, to, UDP, datagram)


def with_udp_checksum(source: bytes, to: bytes, datagram: bytes) -> bytes:
    """The datagram with its checksum over the IPv4 pseudo header."""
    clear = datagram[:6] + b"\0\0" + datagram[8:]
    pseudo = source + to + struct.pack(">HH", UDP, len(datagram))
    mark = checksum(pseudo + clear) or 0xFFFF
    return clear[:6] + mark.to_bytes(2, "big") + clear[8:]


def icmp(kind: int, body: bytes) -> bytes:
    """An ICMP message; `body` begins behind the checksum."""
    head = bytes((kind, 0))
    return head + checksum(head + b"\0\0" + body).to_bytes(2, "big") + body


def icmpv6(source: bytes, to: bytes, kind: int, body: bytes) -> bytes:
    """An ICMPv6 message between two addresses."""
    head = bytes((kind, 0))
    pseudo = source + to + struct.pack(">II", 4 + len(body), ICMPV6)
    return head + checksum(pseudo + head + b"\0\0" + body).to_bytes(2, "big") + body


def gtpu(kind: int, teid: int, body: bytes, *, flags: int = 0, optional: bytes = b"") -> bytes:
    """A GTP-U message; `optional` is what the flags promise (TS 29.281, 5.1)."""
    return _GTPU.pack(0x30 | flags, kind, len(optional) + len(body), teid) + optional + body
