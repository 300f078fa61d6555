"""The packets of the benchmarks, as plain bytes: quick to make by the million.

Addresses are those of `CONFIG`; a UE is known by its number, from 0.
"""

from __future__ import annotations

import struct
from ipaddress import IPv4Address

from portvnf.conform import requests, wire
from portvnf.errors import StateError

MME, ENB, HOST = (IPv4Address(text).packed for text in ("10.11.0.10", "10.12.0.20", "10.13.0.30"))
S11, S1U = (IPv4Address(text).packed for text in ("10.11.0.1", "10.12.0.1"))
PORT_S11, PORT_S1U, PORT_SGI = 0, 1, 2

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

CREATE_SESSION, MODIFY_BEARER, G_PDU, ACCEPTED = 32, 34, 255, 16


def create_session(ue: int, sequence: int) -> bytes:
    """A Create Session Request with the IEs that an MME sends."""
    qos = bytes([0x41, 9]) + bytes(20)
    bearer = requests.ie(73, b"\x05") + requests.ie(80, qos)
    ies = (
        requests.ie(1, struct.pack("!Q", 0x0001010000000000 | ue))
        + requests.ie(76, b"\x44\x70\x00" + struct.pack("!I", ue))
        + requests.ie(86, b"\x18" + bytes(12))
        + requests.ie(83, b"\x00\xf1\x10")
        + requests.ie(82, b"\x06")
        + requests.ie(87, requests.f_teid(10, ue + 1, MME))
        + requests.ie(71, b"\x08internet")
        + requests.ie(128, b"\x00")
        + requests.ie(99, b"\x01")
        + requests.ie(79, b"\x01" + bytes(4))
        + requests.ie(127, b"\x00")
        + requests.ie(72, struct.pack("!II", 50000, 100000))
        + requests.ie(93, bearer)
        + requests.ie(78, bytes.fromhex("80000d00001000"))
    )
    return _from_mme(requests.message(CREATE_SESSION, 0, sequence, ies))


def modify_bearer(ue: int, teid: int, sequence: int) -> bytes:
    """A Modify Bearer Request that connects the UE to the eNodeB."""
    bearer = requests.ie(73, b"\x05") + requests.ie(87, requests.f_teid(0, ue + 1, ENB))
    return _from_mme(requests.message(MODIFY_BEARER, teid, sequence, requests.ie(93, bearer)))


def _from_mme(message: bytes) -> bytes:
    return wire.udp4(MME, S11, wire.GTPC_PORT, wire.GTPC_PORT, message, checked=False)


def _user_packet(source: bytes, to: bytes, size: int) -> bytes:
    return wire.ipv4(source, to, wire.UDP, bytes(size - 20))


def uplink(ue: int, teid: int, size: int) -> bytes:
    """A G-PDU with a user packet of `size` bytes."""
    inner = _user_packet((FIRST_UE + ue).to_bytes(4, "big"), HOST, size)
    message = wire.gtpu(G_PDU, teid, inner)
    return wire.udp4(ENB, S1U, wire.GTPU_PORT, wire.GTPU_PORT, message, checked=False)


def downlink(ue: int, size: int) -> bytes:
    """A user packet of `size` bytes to the UE."""
    return _user_packet(HOST, (FIRST_UE + ue).to_bytes(4, "big"), size)


def sgw_teid(answer: bytes) -> int:
    """The S11 F-TEID of an accepted Create Session Response: the IE behind the Cause's 6
    octets. StateError when it is not accepted."""
    ies = answer[20 + 8 + 12 :]
    if ies[4] != ACCEPTED:
        raise StateError(f"the benchmark's Create Session Request got cause {ies[4]}")
    return int.from_bytes(ies[11:15], "big")
