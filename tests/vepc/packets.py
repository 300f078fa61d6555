"""Packets that the vEPC's peers send, by kind and a few readable words.

Encoded by pycrate (GTPv2-C) and scapy (everything else), so that what the vEPC reads was
not written by its authors. The same kinds are the vocabulary of tests/vectors.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from ipaddress import IPv4Address, ip_address
from typing import Any

from scapy.contrib import gtp
from scapy.layers import inet, inet6
from scapy.packet import Raw

from portvnf.lab import gtpv2c
from portvnf.state.vepc import SCHEMA

from . import gtpc, ies
from .addresses import ENB, GATEWAY_S1U, GATEWAY_S5, GATEWAY_S11, MME, SGW
from .gateway import S1U, S11, SGI
from .user_packets import ROUTE, user

Ie = tuple[int, int, bytes]


def split_ies(data: bytes) -> Iterator[Ie]:
    """Type, instance and value of each GTPv2-C IE of a list."""
    while data:
        length = int.from_bytes(data[1:3], "big")
        yield data[0], data[3] & 15, data[4 : 4 + length]
        data = data[4 + length :]


def join_ies(listed: list[Ie]) -> bytes:
    return b"".join(bytes([t]) + len(v).to_bytes(2, "big") + bytes([i]) + v for t, i, v in listed)


def _key(name: str) -> tuple[int, int]:
    base, instance = ies.split_instance(name)
    return ies.NUMBERS[base], instance


def edit_ies(listed: list[Ie], without: list[str], put: Mapping[str, str]) -> list[Ie]:
    """Leaves out IEs and puts others (hexadecimal values) in their place or at the end.
    An IE is named as in ies.NUMBERS, with "-1" and so on for an instance."""
    gone = {_key(name) for name in without}
    kept = [(t, i, v) for t, i, v in listed if (t, i) not in gone]
    for name, value in put.items():
        new = (*_key(name), bytes.fromhex(value))
        at = next((n for n, ie in enumerate(kept) if ie[:2] == new[:2]), len(kept))
        kept[at : at + 1] = [new]
    return kept


def edit_message(message: bytes, change: Mapping[str, Any]) -> bytes:
    """Applies the words that every GTPv2-C request takes: `without`, `put`, and the same for
    the bearer context; `more_bearers` contexts of (EBI, eNodeB TEID); header fields."""
    flags, kind, header = message[0], message[1], 12 if message[0] & 8 else 8
    listed = edit_ies(list(split_ies(message[header:])), change.get("without", []), {})
    in_bearer = (change.get("without_bearer", []), change.get("put_bearer", {}))
    listed = [
        (
            t,
            i,
            join_ies(edit_ies(list(split_ies(v)), *in_bearer)) if t == 93 and any(in_bearer) else v,
        )
        for t, i, v in listed
    ]
    listed = edit_ies(listed, [], change.get("put", {}))
    for ebi, teid in change.get("more_bearers", []):
        listed.append((93, 0, join_ies([(73, 0, bytes([ebi])), (87, 0, f_teid(0, teid, ENB))])))
    body = message[4:header] + join_ies(listed) + bytes.fromhex(change.get("append", ""))
    length = change.get("length", len(body))
    flags = change.get("flags", flags)
    return bytes([flags, change.get("type", kind)]) + length.to_bytes(2, "big") + body


def f_teid(interface: int, teid: int, address: str) -> bytes:
    return bytes([0x80 | interface]) + teid.to_bytes(4, "big") + IPv4Address(address).packed


def apn_labels(name: str) -> str:
    """An APN IE's value in hexadecimal, letter case as it is."""
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")).hex()


@cache
def _create(pdn: str) -> bytes:
    # pycrate takes milliseconds: what differs from UE to UE is put in afterwards.
    who = gtpv2c.Subscriber(1, pdn, "internet")
    return gtpv2c.create_session_request(1, who, gtpv2c.Fteid(0, MME), GATEWAY_S11)


def imsi(ue: int) -> str:
    """The IMSI IE of UE number `ue` in hexadecimal (TBCD)."""
    digits = f"00101{ue:010d}f"
    return "".join(digits[i + 1] + digits[i] for i in range(0, 16, 2))


def _with_header(message: bytes, sequence: int, teid: int) -> bytes:
    return message[:4] + teid.to_bytes(4, "big") + sequence.to_bytes(3, "big") + message[11:]


def create(ue: int = 1, pdn: str = "ipv4v6", apn: str = "internet", **change: Any) -> bytes:
    """Create Session Request of UE number `ue`, whose MME TEID is 0x100 + ue."""
    message = _with_header(_create(pdn), change.get("sequence", ue), change.get("teid", 0))
    end = f_teid(10, change.get("mme", 0x100 + ue), MME).hex()
    put = {"imsi": imsi(ue), "apn": apn_labels(apn), "f_teid": end, **change.get("put", {})}
    if "without" in change:
        put = {name: value for name, value in put.items() if name not in change["without"]}
    put_bearer = dict(change.get("put_bearer", {}))
    if "ebi" in change:
        put_bearer["ebi"] = f"{change['ebi']:02x}"
    if "enb" in change:
        put_bearer["f_teid"] = f_teid(0, change["enb"], ENB).hex()
    return edit_message(message, {**change, "put": put, "put_bearer": put_bearer})


def modify(teid: int, enb: int = 0x900, address: str = ENB, **change: Any) -> bytes:
    """Modify Bearer Request: the downlink goes to the eNodeB's TEID `enb`."""
    end = gtpv2c.Fteid(enb, address)
    message = gtpv2c.modify_bearer_request(change.get("sequence", 0x100), teid, end)
    return edit_message(message, change)


def release(teid: int, **change: Any) -> bytes:
    """Release Access Bearers Request."""
    message = gtpv2c.release_access_bearers_request(change.get("sequence", 0x200), teid)
    return edit_message(message, change)


def delete(teid: int, ebi: int = 5, **change: Any) -> bytes:
    """Delete Session Request; ebi 0 for none."""
    message = gtpv2c.delete_session_request(change.get("sequence", 0x300), teid)
    words = {"without": ["ebi"]} if ebi == 0 else {"put": {"ebi": f"{ebi:02x}"}}
    return edit_message(message, {**change, **words})


def echo(restarts: int = 1, **change: Any) -> bytes:
    """Echo Request on S11."""
    return edit_message(gtpv2c.echo_request(change.get("sequence", 9), restarts), change)


def udp(
    source: str,
    to: str,
    port: int,
    payload: bytes,
    *,
    checksum: bool = True,
    sport: int | None = None,
) -> bytes:
    """A datagram over IPv4 or IPv6; a missing checksum is for IPv4 only."""
    words = {} if checksum else {"chksum": 0}
    datagram = inet.UDP(sport=sport or port, dport=port, **words) / payload
    layer = inet6.IPv6 if ip_address(to).version == 6 else inet.IP
    return bytes(layer(src=source, dst=to) / datagram)


def s11(message: bytes, source: str = MME) -> bytes:
    return udp(source, GATEWAY_S11, 2123, message)


def gtpu(kind: int, teid: int, body: bytes, **word: Any) -> bytes:
    """A GTP-U message. `sequence` and `npdu` add these fields, `extensions` a list of
    (type, contents in hexadecimal), `length` and `flags` overrule the header."""
    flags, optional = 0x30, b""
    extensions = [(t, bytes.fromhex(c)) for t, c in word.get("extensions", [])]
    if "sequence" in word or "npdu" in word or extensions:
        flags |= ("sequence" in word) << 1 | ("npdu" in word) | bool(extensions) << 2
        kinds = [t for t, _ in extensions] + [0]
        optional = word.get("sequence", 0).to_bytes(2, "big") + bytes(
            [word.get("npdu", 0), kinds[0]]
        )
        for (_, contents), following in zip(extensions, kinds[1:], strict=True):
            optional += bytes([(len(contents) + 2) // 4]) + contents + bytes([following])
    body = optional + body
    length = word.get("length", len(body))
    header = gtp.GTPHeader(teid=teid, gtp_type=kind, length=length)
    return bytes([word.get("flags", flags)]) + bytes(header)[1:8] + body


def s1u(message: bytes, source: str = ENB, *, checksum: bool = False) -> bytes:
    return udp(source, GATEWAY_S1U, 2152, message, checksum=checksum)


def error_indication(teid: int, address: str = ENB, **word: Any) -> bytes:
    """Error Indication: the eNodeB knows no `teid`."""
    body = bytes([16]) + teid.to_bytes(4, "big") + bytes([133, 0, 4]) + IPv4Address(address).packed
    return gtpu(26, 0, bytes.fromhex(word.pop("body", body.hex())), sequence=3, **word)


_S11 = {"create": create, "modify": modify, "release": release, "delete": delete, "echo": echo}
_GTPU = {"gtpu_echo_request": 1, "gtpu_echo_response": 2, "end_marker": 254}
_FRAMING = {"sequence", "npdu", "extensions", "length", "flags"}
_EDITS = {
    "without", "put", "without_bearer", "put_bearer", "more_bearers", "append", "length", "flags",
    "type",
}  # fmt: skip
_ENDS = {"source", "to", "sport", "dport", "port"}
_PORTS = {name: number for number, name in enumerate(SCHEMA.ports)} | {"none": 9}


def build(word: Mapping[str, Any]) -> tuple[int, bytes, bytes]:
    """The port, the packet and, where it carries one, the user packet, of a `send` step."""
    words = dict(word)
    piece = words.pop("piece", None)
    number = words.pop("identification", 1)
    port, packet, inner = _build(words)
    return port, piece_of(packet, *piece, number) if piece else packet, inner


def piece_of(packet: bytes, first: int, end: int, identification: int) -> bytes:
    """The fragment of an IP packet that has these bytes of its payload. The last fragment is
    the one that reaches to the payload's end."""
    if packet[0] >> 4 == 4:
        whole = inet.IP(packet)
        payload = bytes(whole.payload)
        more = "MF" if end < len(payload) else 0
        cut = inet.IP(
            src=whole.src,
            dst=whole.dst,
            proto=whole.proto,
            id=identification,
            flags=more,
            frag=first // 8,
        )
    else:
        outer = inet6.IPv6(packet)
        payload = bytes(outer.payload)
        header = inet6.IPv6ExtHdrFragment(
            nh=outer.nh, offset=first // 8, m=int(end < len(payload)), id=identification
        )
        cut = inet6.IPv6(src=outer.src, dst=outer.dst) / header
    return bytes(cut / Raw(payload[first:end]))


def _build(words: dict[str, Any]) -> tuple[int, bytes, bytes]:
    kind = words.pop("send")
    if kind == "transport":
        return _PORTS[words.pop("port")], _transport(words), b""
    if kind == "down":
        inner = user(words.pop("user"), **words)
        cut = inner[: words.get("cut", len(inner))] + bytes(words.get("padding", 0))
        return SGI, cut, inner
    # The ports of a g_pdu are those of its user packet.
    outer = _ENDS - {"sport", "dport"} if kind == "g_pdu" else _ENDS
    ends = {name: words.pop(name) for name in outer & set(words)}
    if kind in _S11 or kind in gtpc.NUMBERS:
        return *_datagram(ends, S11, 2123, _gtpc_message(kind, words)), b""
    if kind == "g_pdu":
        inner = user(words.pop("user"), **words)
        inner = inner[: words.get("cut", len(inner))]
        framing = {k: v for k, v in words.items() if k in _FRAMING}
        message = gtpu(255, words["teid"], inner, **framing)
        return *_datagram(ends, S1U, 2152, message, checksum=False), inner
    if kind == "error_indication":
        return *_datagram(ends, S1U, 2152, error_indication(**words)), b""
    if kind == "gtpu":
        body = bytes.fromhex(words.pop("body", ""))
        message = gtpu(words.pop("type"), words.pop("teid", 0), body, **words)
        return *_datagram(ends, S1U, 2152, message), b""
    if kind in _GTPU:
        body = bytes([14, words.pop("recovery", 0)]) if kind == "gtpu_echo_response" else b""
        message = gtpu(_GTPU[kind], words.pop("teid", 0), body, **words)
        return *_datagram(ends, S1U, 2152, message), b""
    raise KeyError(f"no packet is called {kind!r}")


def _gtpc_message(kind: str, words: dict[str, Any]) -> bytes:
    """One GTPv2-C message, or two when there is a word `piggyback`."""
    second = words.pop("piggyback", None)
    if kind in _S11:
        message = _S11[kind](**words)
    else:
        edits = {name: words.pop(name) for name in _EDITS & set(words)}
        message = edit_message(gtpc.encode(kind, {"sequence": 0x400, **words}), edits)
    if second is None:
        return message
    behind = {name: value for name, value in second.items() if name not in ("send", *_ENDS)}
    return gtpc.piggyback(message, _gtpc_message(second["send"], behind))


def _datagram(
    ends: Mapping[str, Any], port: int, dport: int, message: bytes, *, checksum: bool = True
) -> tuple[int, bytes]:
    source, to = (MME, GATEWAY_S11) if port == S11 else (ENB, GATEWAY_S1U)
    if ends.get("port") == "s5":
        source, to = SGW, GATEWAY_S5
    packet = udp(
        ends.get("source", source),
        ends.get("to", to),
        ends.get("dport", dport),
        message,
        checksum=checksum or ":" in ends.get("to", to),
        sport=ends.get("sport"),
    )
    return (_PORTS[ends["port"]] if "port" in ends else port), packet


def _transport(word: Mapping[str, Any]) -> bytes:
    """A packet between a peer and the gateway itself, described by its headers."""
    if "hex" in word:
        return bytes.fromhex(word["hex"])
    header = inet.IP(src=word.get("from", MME), dst=word.get("to", GATEWAY_S11))
    for name in ("flags", "frag", "chksum", "len", "ihl", "proto"):
        if name in word:
            setattr(header, name, word[name])
    if word.get("options"):
        header.options = [ROUTE]
    if word.get("icmp") is not None:
        icmp = inet.ICMP(type=word["icmp"], id=5, seq=6)
        if "icmp_chksum" in word:
            icmp.chksum = word["icmp_chksum"]
        packet = header / icmp / Raw(b"ping")
    else:
        payload = bytes.fromhex(word.get("payload", ""))
        datagram = inet.UDP(sport=word.get("sport", 2123), dport=word.get("dport", 2123))
        for name in ("len", "chksum"):
            if f"udp_{name}" in word:
                setattr(datagram, name, word[f"udp_{name}"])
        packet = header / datagram / Raw(payload)
    data = bytes(packet)
    return data[: word.get("cut", len(data))]
