"""The packets of the benchmarks, as plain bytes: quick to make by the million.

Addresses are those of `CONFIG`; a UE is known by its number, from 0.
"""

from __future__ import annotations

import struct
from ipaddress import IPv4Address

MME, ENB, HOST = (IPv4Address(text).packed for text in ("10.11.0.10", "10.12.0.20", "10.13.0.30"))
S11, S1U = (IPv4Address(text).packed for text in ("10.11.0.1", "10.12.0.1"))
PORT_S11, PORT_S1U, PORT_SGI = 0, 1, 2
GTPC, GTPU = 2123, 2152

CONFIG = """\
[gateway]
s11 = "10.11.0.1"
s1u = "10.12.0.1"
sessions = {sessions}

[[apn]]
name = "internet"
pool4 = "10.64.0.0/10"
"""
FIRST_UE = int(IPv4Address("10.64.0.1"))

CREATE_SESSION, MODIFY_BEARER = 32, 34


def _ie(kind: int, value: bytes, instance: int = 0) -> bytes:
    return struct.pack("!BHB", kind, len(value), instance) + value


def _f_teid(interface: int, teid: int, address: bytes) -> bytes:
    return _ie(87, struct.pack("!BI", 0x80 | interface, teid) + address)


def _message(kind: int, teid: int, sequence: int, ies: bytes) -> bytes:
    return struct.pack("!BBHII", 0x48, kind, 8 + len(ies), teid, sequence << 8) + ies


def ipv4(source: bytes, destination: bytes, protocol: int, payload: bytes) -> bytes:
    """An IPv4 packet with a right header checksum."""
    head = struct.pack("!BBHIBBH", 0x45, 0, 20 + len(payload), 0, 64, protocol, 0)
    words = struct.unpack("!10H", head + source + destination)
    total = sum(words)
    total = (total & 0xFFFF) + (total >> 16)
    checksum = ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF
    return head[:10] + struct.pack("!H", checksum) + source + destination + payload


def udp(source: bytes, destination: bytes, port: int, payload: bytes) -> bytes:
    """An IPv4/UDP packet without UDP checksum."""
    head = struct.pack("!HHHH", port, port, 8 + len(payload), 0)
    return ipv4(source, destination, 17, head + payload)


def create_session(ue: int, sequence: int) -> bytes:
    """A Create Session Request with the IEs that an MME sends."""
    qos = bytes([0x41, 9]) + bytes(20)
    bearer = _ie(73, b"\x05") + _ie(80, qos)
    ies = (
        _ie(1, struct.pack("!Q", 0x0001010000000000 | ue))
        + _ie(76, b"\x44\x70\x00" + struct.pack("!I", ue))
        + _ie(86, b"\x18" + bytes(12))
        + _ie(83, b"\x00\xf1\x10")
        + _ie(82, b"\x06")
        + _f_teid(10, ue + 1, MME)
        + _ie(71, b"\x08internet")
        + _ie(128, b"\x00")
        + _ie(99, b"\x01")
        + _ie(79, b"\x01" + bytes(4))
        + _ie(127, b"\x00")
        + _ie(72, struct.pack("!II", 50000, 100000))
        + _ie(93, bearer)
        + _ie(78, bytes.fromhex("80000d00001000"))
    )
    return udp(MME, S11, GTPC, _message(CREATE_SESSION, 0, sequence, ies))


def modify_bearer(ue: int, teid: int, sequence: int) -> bytes:
    """A Modify Bearer Request that connects the UE to the eNodeB."""
    bearer = _ie(73, b"\x05") + _f_teid(0, ue + 1, ENB)
    return udp(MME, S11, GTPC, _message(MODIFY_BEARER, teid, sequence, _ie(93, bearer)))


def uplink(ue: int, teid: int, size: int) -> bytes:
    """A G-PDU with a user packet of `size` bytes."""
    inner = ipv4((FIRST_UE + ue).to_bytes(4, "big"), HOST, 17, bytes(size - 20))
    return udp(ENB, S1U, GTPU, struct.pack("!BBHI", 0x30, 255, len(inner), teid) + inner)


def downlink(ue: int, size: int) -> bytes:
    """A user packet of `size` bytes to the UE."""
    return ipv4(HOST, (FIRST_UE + ue).to_bytes(4, "big"), 17, bytes(size - 20))


def sgw_teid(answer: bytes) -> int:
    """The S11 F-TEID of an accepted Create Session Response: the IE behind the Cause's 6
    octets."""
    at = 20 + 8 + 12 + 6 + 4 + 1
    return int.from_bytes(answer[at : at + 4], "big")
