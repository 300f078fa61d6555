"""What the vEPC sent, in words: decoded by pycrate (GTPv2-C) and scapy (everything else).

Every packet is checked on the way: all lengths and checksums must be right, and every octet
accounted for.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address
from typing import Any

from pycrate_mobile import TS29274_GTPC as codec  # noqa: N811
from scapy.contrib import gtp
from scapy.layers import inet, inet6

from .gateway import SGI

Words = dict[str, Any]

_GTPC_NAMES = {
    2: "echo_response",
    3: "version_not_supported",
    33: "create_session_response",
    35: "modify_bearer_response",
    37: "delete_session_response",
    171: "release_access_bearers_response",
}
_GTPU_NAMES = {
    2: "gtpu_echo_response",
    26: "error_indication",
    31: "supported_extensions",
    254: "end_marker",
    255: "g_pdu",
}
_PDN_NAMES = {1: "ipv4", 2: "ipv6", 3: "ipv4v6"}
_F_TEIDS = {11: "s11", 7: "s5c", 1: "s1u", 5: "s5u"}


def describe(port: int, data: bytes) -> Words:
    """One sent packet in words; `kind` names it. AssertionError when it is unsound."""
    if port == SGI:
        return _check_ip(data) | {"kind": "sgi", "user": data}
    header = inet.IP(data)
    _check_checksum(data[: header.ihl * 4])
    assert header.len == len(data), "the IP length is not the packet's"
    ends = {"to": header.dst, "from": header.src, "id": header.id}
    if header.proto == 1:
        return _icmp(data[header.ihl * 4 :]) | ends
    datagram = data[20:]
    assert header.proto == 17 and int.from_bytes(datagram[4:6], "big") == len(datagram)
    if datagram[6:8] != b"\0\0":
        pseudo = data[12:20] + b"\0\x11" + datagram[4:6]
        _check_checksum(pseudo + datagram)
    source, destination = (int.from_bytes(datagram[i : i + 2], "big") for i in (0, 2))
    words = gtpc(datagram[8:]) if source == 2123 else gtpu(datagram[8:])
    return words | ends | {"to_port": destination}


def _check_checksum(data: bytes) -> None:
    padded = data + b"\0" * (len(data) % 2)
    total = sum(int.from_bytes(padded[i : i + 2], "big") for i in range(0, len(padded), 2))
    assert total % 0xFFFF == 0, "a checksum is wrong"


def _check_ip(data: bytes) -> Words:
    """The words of a user packet; it must be whole."""
    if data[0] >> 4 == 4:
        v4 = inet.IP(data)
        assert v4.len == len(data)
        return {"user_source": v4.src, "user_to": v4.dst, "ttl": v4.ttl}
    v6 = inet6.IPv6(data)
    assert v6.plen + 40 == len(data)
    return {"user_source": v6.src, "user_to": v6.dst, "ttl": v6.hlim} | _icmp6(data)


def _icmp6(data: bytes) -> Words:
    if data[6] != 58 or data[40] not in (129, 134):
        return {}
    packet = inet6.IPv6(data)
    _check_checksum(data[8:40] + len(data[40:]).to_bytes(4, "big") + b"\0\0\0\x3a" + data[40:])
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


def _icmp(data: bytes) -> Words:
    _check_checksum(data)
    assert data[:2] == b"\0\0", "an ICMP message that is no echo reply"
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
    if words["kind"] == "g_pdu":
        return words | _check_ip(body) | {"user": body}
    if words["kind"] == "gtpu_echo_response":
        response = header[gtp.GTPEchoResponse]
        return words | {"recovery": response.IE_list[0].restart_counter}
    if words["kind"] == "error_indication":
        ies = header[gtp.GTPErrorIndication].IE_list
        assert [type(ie) for ie in ies] == [gtp.IE_TEIDI, gtp.IE_GSNAddress]
        return words | {"unknown": ies[0].TEIDI, "peer": ies[1].ipv4_address}
    if words["kind"] == "supported_extensions":
        assert body[0] == 141 and body[1] == len(body) - 2
        return words | {"extensions": list(body[2:])}
    assert body == b"", "an End Marker without IEs"
    return words


def gtpc(data: bytes) -> Words:
    """A GTPv2-C message."""
    message, problem = codec.parse_GTPC(data)
    assert message is not None, f"pycrate: error {problem} in {data.hex()}"
    assert message.to_bytes() == data, "pycrate writes it otherwise"
    header = message[0]
    words: Words = {
        "kind": _GTPC_NAMES[header["Type"].get_val()],
        "sequence": header["SeqNum"].get_val(),
        "bearers": [],
    }
    if header["T"].get_val():
        words["teid"] = header["TEID"].get_val()
    for ie in message[1]:
        _add_ie(words, int(ie[0]["Type"].get_val()), int(ie[0]["Inst"].get_val()), ie[1])
    # A refusal need not have the IEs that are mandatory in an acceptance.
    lenient = codec.ERR_GTPC_MAND_IE_MISS if words.get("cause", 0) >= 64 else 0
    assert problem in (0, lenient), f"pycrate: error {problem} in {data.hex()}"
    return words


def _add_ie(words: Words, kind: int, instance: int, value: Any) -> None:
    octets = value.to_bytes()
    match kind:
        case 2:
            words["cause"] = octets[0]
            assert len(octets) in (2, 6)
            if len(octets) == 6:
                words["offending"] = octets[2]
                words["offending_instance"] = octets[5] & 15
        case 3:
            words["recovery"] = octets[0]
        case 72:
            words["ambr"] = [int.from_bytes(octets[i : i + 4], "big") for i in (0, 4)]
        case 73:
            words["ebi"] = octets[0]
        case 78 | 197:
            words["pco" if kind == 78 else "epco"] = _pco(octets)
        case 79:
            words |= _paa(octets)
        case 87:
            name = _F_TEIDS[value["IF"].get_val()]
            assert value["V4"].get_val() == 1 and len(octets) == 9
            words[name] = value["TEID_GREKey"].get_val()
            words[f"{name}_address"] = str(IPv4Address(value["IPv4Addr"].get_val()))
            words[f"{name}_instance"] = instance
        case 93:
            bearer: Words = {}
            for ie in value:
                _add_ie(bearer, int(ie[0]["Type"].get_val()), int(ie[0]["Inst"].get_val()), ie[1])
            words["bearers"].append(bearer)
        case 94:
            words["charging_id"] = int.from_bytes(octets, "big")
        case 127:
            words["apn_restriction"] = octets[0]
        case _:
            raise AssertionError(f"an IE of type {kind} that no answer of ours has")


def _paa(octets: bytes) -> Words:
    kind = octets[0]
    words: Words = {"pdn": _PDN_NAMES[kind]}
    assert len(octets) == {1: 5, 2: 18, 3: 22}[kind]
    if kind & 2:
        assert octets[1] == 64
        words["ipv6"] = str(IPv6Address(octets[2:18]))
    if kind & 1:
        words["ipv4"] = str(IPv4Address(octets[-4:]))
    return words


_CONTAINERS = {0x0003: "dns6", 0x000D: "dns4", 0x0010: "mtu", 0x8021: "ipcp", 0xC023: "pap"}


def _pco(octets: bytes) -> Words:
    """Containers by name; addresses and the MTU as values, PPP in hexadecimal."""
    assert octets[0] == 0x80
    words: Words = {}
    at = 1
    while at < len(octets):
        kind, length = int.from_bytes(octets[at : at + 2], "big"), octets[at + 2]
        contents = octets[at + 3 : at + 3 + length]
        assert len(contents) == length, "a container is cut off"
        at += 3 + length
        match _CONTAINERS.get(kind, f"{kind:04x}"):
            case "dns6":
                words.setdefault("dns6", []).append(str(IPv6Address(contents)))
            case "dns4":
                words.setdefault("dns4", []).append(str(IPv4Address(contents)))
            case "mtu":
                words["mtu"] = int.from_bytes(contents, "big")
            case name:
                words[name] = contents.hex()
    return words
