"""User packets by kind and a few readable words, written by scapy.

`up_udp4`, `up_udp6` go from the UE to a server, `down_...` the other way; they take `ue`,
`server`, `sport`, `dport`, `dscp`, `ttl`, `size` (octets of the whole IP packet) and
`protocol` ("udp", "tcp", or "esp" with `spi`); `df` forbids to fragment IPv4.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from scapy.layers import inet, inet6
from scapy.packet import Raw

from .addresses import GATEWAY_SGI, GATEWAY_SGI6, SERVER, SERVER6


def user(kind: str, **word: Any) -> bytes:
    """A user packet. `ue` and `server` are addresses; `up` goes from the UE, `down` to it."""
    return _USER[kind](word)


def _ends(word: Mapping[str, Any], server: str, down: bool) -> dict[str, str]:
    ends = {"src": word["ue"], "dst": word.get("server", server)}
    return {"src": ends["dst"], "dst": ends["src"]} if down else ends


# An IP option: room for two hops.
ROUTE = inet.IPOption_RR(routers=["0.0.0.0", "0.0.0.0"])
_PROTOCOLS = {"tcp": 6, "udp": 17, "esp": 50}


def _traffic_class(word: Mapping[str, Any]) -> int:
    return int(word["dscp"] << 2) if "dscp" in word else 0xB8


def _transport(word: Mapping[str, Any], before: int) -> Any:
    """UDP, or what the word `protocol` says, behind a header of `before` octets; the whole IP
    packet has `size` octets."""
    ports = {"sport": word.get("sport", 5000), "dport": word.get("dport", 6000)}
    match word.get("protocol", "udp"):
        case "udp":
            header = inet.UDP(**ports)
        case "tcp":
            header = inet.TCP(**ports)
        case "esp":
            header = Raw(word["spi"].to_bytes(4, "big") + b"\0\0\0\1")
        case other:
            raise KeyError(f"no user packet has the protocol {other!r}")
    payload = b"payload"
    if "size" in word:
        payload = bytes(word["size"] - before - len(header))
    return header / Raw(payload)


def _udp4(word: Mapping[str, Any], down: bool) -> bytes:
    ends = _ends(word, SERVER, down)
    header = inet.IP(ttl=word.get("ttl", 3), tos=_traffic_class(word), id=77, **ends)
    header.proto = _PROTOCOLS[word.get("protocol", "udp")]
    if word.get("df"):
        header.flags = "DF"
    return bytes(header / _transport(word, 20))


def _udp6(word: Mapping[str, Any], down: bool) -> bytes:
    ends = _ends(word, SERVER6, down)
    header = inet6.IPv6(hlim=word.get("ttl", 3), tc=_traffic_class(word), fl=77, **ends)
    header.nh = _PROTOCOLS[word.get("protocol", "udp")]
    return bytes(header / _transport(word, 40))


def _fragment4(word: Mapping[str, Any], down: bool) -> bytes:
    header = inet.IP(flags="MF", frag=word.get("frag", 0), proto=17, **_ends(word, SERVER, down))
    return bytes(header / Raw(bytes(range(24))))


def _options4(word: Mapping[str, Any], down: bool) -> bytes:
    header = inet.IP(options=[ROUTE], **_ends(word, SERVER, down))
    return bytes(header / inet.UDP(sport=5000, dport=6000) / Raw(b"payload"))


def _big4(word: Mapping[str, Any], down: bool) -> bytes:
    ends = _ends(word, SERVER, down)
    datagram = inet.UDP(sport=5000, dport=6000) / Raw(bytes(word["size"] - 28))
    return bytes(inet.IP(**ends) / datagram)


def _option_fragment4(word: Mapping[str, Any], down: bool) -> bytes:
    # One option that goes into every fragment, one that does not.
    options = [ROUTE, inet.IPOption_Router_Alert()]
    ends = _ends(word, SERVER, down)
    header = inet.IP(flags="MF", frag=10, proto=17, options=options, **ends)
    return bytes(header / Raw(bytes(word["size"] - len(header))))


def _icmp_error4(word: Mapping[str, Any], down: bool) -> bytes:
    ends = _ends(word, SERVER, down)
    quoted = inet.IP(src=ends["dst"], dst=ends["src"]) / inet.UDP() / Raw(bytes(word["size"] - 56))
    return bytes(inet.IP(flags="DF", **ends) / inet.ICMP(type=11) / quoted)


def _icmp_error6(word: Mapping[str, Any], down: bool) -> bytes:
    ends = _ends(word, SERVER6, down)
    datagram = inet.UDP() / Raw(bytes(word["size"] - 96))
    quoted = inet6.IPv6(src=ends["dst"], dst=ends["src"]) / datagram
    return bytes(inet6.IPv6(**ends) / inet6.ICMPv6TimeExceeded() / quoted)


def _solicitation(word: Mapping[str, Any]) -> bytes:
    source, hops = word.get("ue", "fe80::7"), word.get("ttl", 255)
    checksum = {"cksum": word["checksum"]} if "checksum" in word else {}
    ask = inet6.ICMPv6ND_RS(**checksum)
    return bytes(inet6.IPv6(src=source, dst="ff02::2", hlim=hops) / ask)


def _ping(word: Mapping[str, Any]) -> bytes:
    echo_request = inet.ICMP(id=5, seq=6) / Raw(b"ping")
    ends = {"src": word.get("ue", SERVER), "dst": word.get("to", GATEWAY_SGI)}
    return bytes(inet.IP(**ends, ttl=3) / echo_request)


def _ping6(word: Mapping[str, Any]) -> bytes:
    echo_request = inet6.ICMPv6EchoRequest(id=5, seq=6, data=b"ping")
    ends = {"src": word.get("ue", SERVER6), "dst": word.get("to", GATEWAY_SGI6)}
    return bytes(inet6.IPv6(**ends, hlim=3) / echo_request)


_USER: dict[str, Callable[[Mapping[str, Any]], bytes]] = {
    **{
        f"{way}_{name}": lambda word, build=build, down=way == "down": build(word, down)
        for way in ("up", "down")
        for name, build in {
            "udp4": _udp4, "udp6": _udp6, "fragment4": _fragment4, "options4": _options4,
            "big4": _big4, "icmp_error4": _icmp_error4, "icmp_error6": _icmp_error6,
            "option_fragment4": _option_fragment4,
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
