"""Translates packets of S11 and S1-U to IPv6 transport, F-TEIDs and all.

10.a.b.c becomes fd00::10.a.b.c: so a gateway and its peers over IPv6 say, word for word, what
they say over IPv4.
"""

from __future__ import annotations

from .packets import join_ies, split_ies

_PREFIX = bytes.fromhex("fd0000000000000000000000")
_F_TEID, _BEARER_CONTEXT = 87, 93
_ERROR_INDICATION, _PEER_ADDRESS = 26, 133
_SEQUENCE, _PIGGYBACKED, _TEID = 0x02, 0x10, 0x08


def address(ipv4: bytes) -> bytes:
    return _PREFIX + ipv4


def packet(ipv4: bytes) -> bytes:
    """A sound UDP packet over IPv6, with a checksum."""
    assert ipv4[0] == 0x45 and ipv4[9] == 17 and ipv4[6:8] in (b"\0\0", b"\x40\0")
    ports = {int.from_bytes(ipv4[20:22], "big"), int.from_bytes(ipv4[22:24], "big")}
    payload = (gtpc if 2123 in ports else gtpu)(ipv4[28:])
    length = (8 + len(payload)).to_bytes(2, "big")
    ends = address(ipv4[12:16]) + address(ipv4[16:20])
    udp = ipv4[20:24] + length
    checksum = _checksum(ends + b"\0\0" + length + b"\0\0\0\x11" + udp + b"\0\0" + payload)
    first = (6 << 28 | ipv4[1] << 20).to_bytes(4, "big")
    return first + length + b"\x11\x40" + ends + udp + checksum + payload


def gtpc(message: bytes) -> bytes:
    """A GTPv2-C message, and one that is piggybacked."""
    header = 12 if message[0] & _TEID else 8
    end = 4 + int.from_bytes(message[2:4], "big")
    body = message[4:header] + _ies(message[header:end])
    behind = gtpc(message[end:]) if message[0] & _PIGGYBACKED else message[end:]
    return message[:2] + len(body).to_bytes(2, "big") + body + behind


def _ies(data: bytes) -> bytes:
    return join_ies([(t, i, _value(t, value)) for t, i, value in split_ies(data)])


def _value(kind: int, value: bytes) -> bytes:
    if kind == _BEARER_CONTEXT:
        return _ies(value)
    if kind == _F_TEID and value[0] & 0xC0 == 0x80:
        return bytes([value[0] ^ 0xC0]) + value[1:5] + address(value[5:9]) + value[9:]
    return value


def gtpu(message: bytes) -> bytes:
    """A GTP-U message; an Error Indication names its sender."""
    at = message.find(bytes([_PEER_ADDRESS, 0, 4]), 8)
    if message[1] != _ERROR_INDICATION or at < 0:
        return message
    body = message[8:at] + bytes([_PEER_ADDRESS, 0, 16]) + address(message[at + 3 : at + 7])
    body += message[at + 7 :]
    return message[:2] + len(body).to_bytes(2, "big") + message[4:8] + body


def _checksum(data: bytes) -> bytes:
    padded = data + b"\0" * (len(data) % 2)
    total = sum(int.from_bytes(padded[i : i + 2], "big") for i in range(0, len(padded), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return (0xFFFF - total or 0xFFFF).to_bytes(2, "big")
