"""Packets that the vEPC's peers send, by kind and a few readable words.

Encoded by pycrate (GTPv2-C) and scapy (everything else), so that what the vEPC reads was
not written by its authors. The same kinds are the vocabulary of tests/vectors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from ipaddress import IPv4Address
from typing import Any

from scapy.contrib import gtp
from scapy.layers import inet, inet6
from scapy.packet import Raw

from portvnf.lab import gtpv2c

from .gateway import S1U, S11, SGI

GATEWAY_S11, GATEWAY_S1U, GATEWAY_SGI = "10.11.0.1", "10.12.0.1", "10.13.0.1"
GATEWAY_SGI6 = "fd00:13::1"
MME, ENB, SERVER, SERVER6 = "10.11.0.10", "10.12.0.20", "10.13.0.30", "fd00:13::30"

IE = {
    "imsi": 1, "cause": 2, "recovery": 3, "apn": 71, "ambr": 72, "ebi": 73, "mei": 75,
    "msisdn": 76, "indication": 77, "pco": 78, "paa": 79, "bearer_qos": 80, "rat_type": 82,
    "serving_network": 83, "uli": 86, "f_teid": 87, "bearer_context": 93, "pdn_type": 99,
    "ue_time_zone": 114, "selection_mode": 128, "node_type": 135, "epco": 197,
}  # fmt: skip

Ie = tuple[int, int, bytes]


def split_ies(data: bytes) -> Iterator[Ie]:
    """Type, instance and value of each GTPv2-C IE of a list."""
    while data:
        length = int.from_bytes(data[1:3], "big")
        yield data[0], data[3] & 15, data[4 : 4 + length]
        data = data[4 + length :]


def join_ies(ies: list[Ie]) -> bytes:
    return b"".join(bytes([t]) + len(v).to_bytes(2, "big") + bytes([i]) + v for t, i, v in ies)


def _key(name: str) -> tuple[int, int]:
    base, _, instance = name.partition("-")
    return IE[base], int(instance or 0)


def edit_ies(ies: list[Ie], without: list[str], put: Mapping[str, str]) -> list[Ie]:
    """Leaves out IEs and puts others (hexadecimal values) in their place or at the end.
    An IE is named as in IE, with "-1" and so on for an instance."""
    gone = {_key(name) for name in without}
    kept = [(t, i, v) for t, i, v in ies if (t, i) not in gone]
    for name, value in put.items():
        new = (*_key(name), bytes.fromhex(value))
        at = next((n for n, ie in enumerate(kept) if ie[:2] == new[:2]), len(kept))
        kept[at : at + 1] = [new]
    return kept


def edit_message(message: bytes, change: Mapping[str, Any]) -> bytes:
    """Applies the words that every GTPv2-C request takes: `without`, `put`, and the same for
    the bearer context; `more_bearers` contexts of (EBI, eNodeB TEID); header fields."""
    flags, kind, header = message[0], message[1], 12 if message[0] & 8 else 8
    ies = edit_ies(list(split_ies(message[header:])), change.get("without", []), {})
    in_bearer = (change.get("without_bearer", []), change.get("put_bearer", {}))
    ies = [
        (
            t,
            i,
            join_ies(edit_ies(list(split_ies(v)), *in_bearer)) if t == 93 and any(in_bearer) else v,
        )
        for t, i, v in ies
    ]
    ies = edit_ies(ies, [], change.get("put", {}))
    for ebi, teid in change.get("more_bearers", []):
        ies.append((93, 0, join_ies([(73, 0, bytes([ebi])), (87, 0, f_teid(0, teid, ENB))])))
    body = message[4:header] + join_ies(ies) + bytes.fromhex(change.get("append", ""))
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


def udp(source: str, to: str, port: int, payload: bytes, *, checksum: bool = True) -> bytes:
    words = {} if checksum else {"chksum": 0}
    return bytes(inet.IP(src=source, dst=to) / inet.UDP(sport=port, dport=port, **words) / payload)


def s11(message: bytes, source: str = MME) -> bytes:
    return udp(source, GATEWAY_S11, 2123, message)


def user(kind: str, **word: Any) -> bytes:
    """A user packet. `ue` and `server` are addresses; `up` goes from the UE, `down` to it."""
    return _USER[kind](word)


def _ends(word: Mapping[str, Any], server: str, down: bool) -> dict[str, str]:
    ends = {"src": word["ue"], "dst": word.get("server", server)}
    return {"src": ends["dst"], "dst": ends["src"]} if down else ends


def _udp4(word: Mapping[str, Any], down: bool) -> bytes:
    ends = _ends(word, SERVER, down)
    header = inet.IP(ttl=word.get("ttl", 3), tos=0xB8, id=77, **ends)
    return bytes(header / inet.UDP(sport=5000, dport=6000) / Raw(b"payload"))


def _udp6(word: Mapping[str, Any], down: bool) -> bytes:
    header = inet6.IPv6(hlim=word.get("ttl", 3), tc=0xB8, fl=77, **_ends(word, SERVER6, down))
    return bytes(header / inet.UDP(sport=5000, dport=6000) / Raw(b"payload"))


def _fragment4(word: Mapping[str, Any], down: bool) -> bytes:
    header = inet.IP(flags="MF", frag=word.get("frag", 0), proto=17, **_ends(word, SERVER, down))
    return bytes(header / Raw(bytes(range(24))))


def _options4(word: Mapping[str, Any], down: bool) -> bytes:
    header = inet.IP(options=[inet.IPOption_RR(length=11)], **_ends(word, SERVER, down))
    return bytes(header / inet.UDP(sport=5000, dport=6000) / Raw(b"payload"))


def _big4(word: Mapping[str, Any], down: bool) -> bytes:
    return bytes(inet.IP(**_ends(word, SERVER, down)) / inet.UDP() / Raw(bytes(word["size"] - 28)))


def _solicitation(word: Mapping[str, Any]) -> bytes:
    source, hops = word.get("ue", "fe80::7"), word.get("ttl", 255)
    return bytes(inet6.IPv6(src=source, dst="ff02::2", hlim=hops) / inet6.ICMPv6ND_RS())


def _ping(word: Mapping[str, Any]) -> bytes:
    echo_request = inet.ICMP(id=5, seq=6) / Raw(b"ping")
    return bytes(inet.IP(src=SERVER, dst=word.get("to", GATEWAY_SGI), ttl=3) / echo_request)


def _ping6(word: Mapping[str, Any]) -> bytes:
    echo_request = inet6.ICMPv6EchoRequest(id=5, seq=6, data=b"ping")
    return bytes(inet6.IPv6(src=SERVER6, dst=word.get("to", GATEWAY_SGI6), hlim=3) / echo_request)


_USER: dict[str, Callable[[Mapping[str, Any]], bytes]] = {
    **{
        f"{way}_{name}": lambda word, build=build, down=way == "down": build(word, down)
        for way in ("up", "down")
        for name, build in {
            "udp4": _udp4, "udp6": _udp6, "fragment4": _fragment4, "options4": _options4,
            "big4": _big4,
        }.items()
    },
    "solicitation": _solicitation,
    "multicast_report": lambda word: bytes(
        inet6.IPv6(src=word.get("ue", "fe80::7"), dst="ff02::16", hlim=1) / inet6.ICMPv6MLReport2()
    ),
    "duplicate_address": lambda word: bytes(
        inet6.IPv6(src="::", dst="ff02::1:ff00:7") / inet6.ICMPv6ND_NS(tgt="fe80::7")
    ),
    "ping": _ping,
    "ping6": _ping6,
    "hex": lambda word: bytes.fromhex(word["hex"]),
}  # fmt: skip


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


def build(word: Mapping[str, Any]) -> tuple[int, bytes, bytes]:
    """The port, the packet and, where it carries one, the user packet, of a `send` step."""
    words = dict(word)
    kind, source = words.pop("send"), words.pop("source", None)
    if kind in _S11:
        return S11, s11(_S11[kind](**words), source or MME), b""
    if kind == "g_pdu":
        inner = user(words.pop("user"), **words)
        inner = inner[: words.get("cut", len(inner))]
        framing = {k: v for k, v in words.items() if k in _FRAMING}
        return S1U, s1u(gtpu(255, words["teid"], inner, **framing), source or ENB), inner
    if kind == "error_indication":
        return S1U, s1u(error_indication(**words), source or ENB, checksum=True), b""
    if kind == "gtpu":
        body = bytes.fromhex(words.pop("body", ""))
        message = gtpu(words.pop("type"), words.pop("teid", 0), body, **words)
        return S1U, s1u(message, source or ENB, checksum=True), b""
    if kind == "down":
        inner = user(words.pop("user"), **words)
        cut = inner[: words.get("cut", len(inner))] + bytes(words.get("padding", 0))
        return SGI, cut, inner
    if kind == "transport":
        port = {"s11": S11, "s1u": S1U, "sgi": SGI, "none": 9}[words.pop("port")]
        return port, _transport(words), b""
    raise KeyError(f"no packet is called {kind!r}")


_FRAMING = {"sequence", "npdu", "extensions", "length", "flags"}


def _transport(word: Mapping[str, Any]) -> bytes:
    """A packet between a peer and the gateway itself, described by its headers."""
    if "hex" in word:
        return bytes.fromhex(word["hex"])
    header = inet.IP(src=word.get("from", MME), dst=word.get("to", GATEWAY_S11))
    for name in ("flags", "frag", "chksum", "len", "ihl", "proto"):
        if name in word:
            setattr(header, name, word[name])
    if word.get("options"):
        header.options = [inet.IPOption_RR(length=11)]
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
