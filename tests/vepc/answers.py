"""What the vEPC sent, in words: decoded by pycrate (GTPv2-C) and scapy (everything else).

Every packet is checked on the way: all lengths and checksums must be right, and every octet
accounted for.
"""

from __future__ import annotations

from typing import Any

from scapy.contrib import gtp
from scapy.layers import inet, inet6

from . import gtpc
from .gateway import SGI
from .ies import Words

_GTPU_NAMES = {
    1: "gtpu_echo_request",
    2: "gtpu_echo_response",
    26: "error_indication",
    31: "supported_extensions",
    254: "end_marker",
    255: "g_pdu",
}


def describe(port: int, data: bytes) -> Words:
    """One sent packet in words; `kind` names it. AssertionError when it is unsound."""
    if port == SGI:
        return _check_ip(data) | {"kind": "sgi", "user": data}
    ends, protocol, contents, pseudo = _outer(data)
    if "offset" in ends:
        return ends | {"kind": "fragment"}
    if protocol in (1, 58):
        return _icmp(contents, pseudo if protocol == 58 else b"") | ends
    assert protocol == 17 and int.from_bytes(contents[4:6], "big") == len(contents)
    assert contents[6:8] != b"\0\0" or len(pseudo) == 12, "UDP over IPv6 without checksum"
    if contents[6:8] != b"\0\0":
        _check_checksum(pseudo + contents)
    source, destination = (int.from_bytes(contents[i : i + 2], "big") for i in (0, 2))
    is_gtpc = 2123 in (source, destination)
    words = gtpc.decode(contents[8:]) if is_gtpc else gtpu(contents[8:])
    return words | ends | {"to_port": destination, "from_port": source}


def _outer(data: bytes) -> tuple[Words, int, bytes, bytes]:
    """Both ends, the protocol, what is inside and the pseudo-header of its checksum."""
    if data[0] >> 4 == 6:
        v6 = inet6.IPv6(data)
        assert v6.plen + 40 == len(data), "the IP length is not the packet's"
        pseudo = data[8:40] + v6.plen.to_bytes(4, "big") + bytes([0, 0, 0, v6.nh])
        ends = {"to": v6.dst, "from": v6.src, "dscp": v6.tc >> 2}
        return ends, v6.nh, data[40:], pseudo
    v4 = inet.IP(data)
    start = v4.ihl * 4
    _check_checksum(data[:start])
    assert v4.len == len(data), "the IP length is not the packet's"
    ends = {"to": v4.dst, "from": v4.src, "id": v4.id, "dscp": v4.tos >> 2}
    if v4.flags.MF or v4.frag:
        ends |= {"offset": v4.frag * 8, "more": bool(v4.flags.MF)}
    length = len(data) - start
    pseudo = data[12:20] + bytes([0, v4.proto]) + length.to_bytes(2, "big")
    return ends, v4.proto, data[start:], pseudo


def _check_checksum(data: bytes) -> None:
    padded = data + b"\0" * (len(data) % 2)
    total = sum(int.from_bytes(padded[i : i + 2], "big") for i in range(0, len(padded), 2))
    assert total % 0xFFFF == 0, "a checksum is wrong"


def _check_ip(data: bytes) -> Words:
    """The words of a user packet; it must be whole."""
    words: Words = {"size": len(data)}
    if data[0] >> 4 == 4:
        v4 = inet.IP(data)
        assert v4.len == len(data)
        words |= {"user_source": v4.src, "user_to": v4.dst, "ttl": v4.ttl}
        return words | {"user_dscp": v4.tos >> 2} | _icmp4(data, v4)
    v6 = inet6.IPv6(data)
    assert v6.plen + 40 == len(data)
    words |= {"user_source": v6.src, "user_to": v6.dst, "ttl": v6.hlim}
    return words | {"user_dscp": v6.tc >> 2} | _icmp6(data)


def _icmp4(data: bytes, header: Any) -> Words:
    body = data[header.ihl * 4 :]
    if header.proto != 1 or header.frag or body[:2] != b"\3\4":
        return {}
    _check_checksum(body)
    return {"icmp": "fragmentation_needed", "mtu": int.from_bytes(body[6:8], "big")}


def _icmp6(data: bytes) -> Words:
    if data[6] != 58 or data[40] not in (2, 129, 134):
        return {}
    packet = inet6.IPv6(data)
    _check_checksum(data[8:40] + len(data[40:]).to_bytes(4, "big") + b"\0\0\0\x3a" + data[40:])
    if data[40] == 2:
        return {"icmp6": "packet_too_big", "mtu": int.from_bytes(data[44:48], "big")}
    if data[40] == 129:
        return {"icmp6": "echo_reply", "payload": bytes(packet[inet6.ICMPv6EchoReply].data)}
    assert packet.hlim == 255 and packet.src == "fe80::1" and packet.dst == "ff02::1"
    advertisement = packet[inet6.ICMPv6ND_RA]
    prefix = packet[inet6.ICMPv6NDOptPrefixInfo]
    words = {
        "icmp6": "router_advertisement",
        "managed": int(advertisement.M),
        "other": int(advertisement.O),
        "lifetime": advertisement.routerlifetime,
        "prefix": f"{prefix.prefix}/{prefix.prefixlen}",
        "autonomous": int(prefix.A),
        "on_link": int(prefix.L),
        "mtu": packet[inet6.ICMPv6NDOptMTU].mtu,
    }
    if inet6.ICMPv6NDOptRDNSS in packet:
        words["dns6"] = list(packet[inet6.ICMPv6NDOptRDNSS].dns)
    return words


def _icmp(data: bytes, pseudo: bytes) -> Words:
    _check_checksum(pseudo + data)
    assert data[:2] == (b"\x81\0" if pseudo else b"\0\0"), "an ICMP message that is no echo reply"
    return {"kind": "echo_reply", "payload": data[8:], "identifier": data[4:8].hex()}


def gtpu(data: bytes) -> Words:
    """A GTP-U message."""
    header = gtp.GTPHeader(data)
    optional = 4 if header.S or header.E or header.PN else 0
    assert header.version == 1 and header.PT == 1 and header.length == len(data) - 8
    body = data[8 + optional :]
    words: Words = {"kind": _GTPU_NAMES[header.gtp_type], "teid": header.teid}
    if header.S:
        words["sequence"] = header.seq
    if header.E:
        words["extensions"], body = _extensions(data[11], body)
    if words["kind"] == "g_pdu":
        return words | _check_ip(body) | {"user": body}
    if words["kind"] == "gtpu_echo_response":
        response = header[gtp.GTPEchoResponse]
        return words | {"recovery": response.IE_list[0].restart_counter}
    if words["kind"] == "error_indication":
        ies = header[gtp.GTPErrorIndication].IE_list
        assert [type(ie) for ie in ies] == [gtp.IE_TEIDI, gtp.IE_GSNAddress]
        return words | {"unknown": ies[0].TEIDI, "peer": _peer(ies[1])}
    if words["kind"] == "supported_extensions":
        assert body[0] == 141 and body[1] == len(body) - 2
        return words | {"extensions": list(body[2:])}
    assert body == b"", "an Echo Request or End Marker with IEs"
    return words


def _extensions(following: int, body: bytes) -> tuple[list[list[Any]], bytes]:
    """The extension headers, as (type, contents in hexadecimal), and what is behind them."""
    found = []
    while following:
        length = body[0] * 4
        found.append([following, body[1 : length - 1].hex()])
        following, body = body[length - 1], body[length:]
    return found, body


def _peer(address: Any) -> str:
    return str(address.ipv4_address if address.length == 4 else address.ipv6_address)
