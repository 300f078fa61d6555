"""Packet filters in words: what an operator writes and reads, and the schema's record.

    both udp remote 10.13.0.0/24 port 5000-5010 local port 6000

A filter begins with its direction: `down` (to the UE), `up` or `both`. Then follow, in any
order and each at most once: a protocol by name or number; `remote` (the other end) and `local`
(the UE), each with an address, `port` and a port or a range of ports, or both; `spi`;
`tos VALUE/MASK`, also the traffic class of IPv6; `flow` label; `id` and `precedence` (the
lowest is tried first). docs/configuration.md describes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface, ip_address
from typing import Any

from portvnf.errors import ConfigError

MOST_IN_TEMPLATE = 15
"""A Traffic Flow Template counts its filters in 4 bits."""
LONGEST_TEMPLATE = 255
"""Octets of a template that NAS can carry (TS 24.301, 9.9.4.16)."""

_DIRECTIONS = {
    "down": "downlink",
    "up": "uplink",
    "both": "bidirectional",
    "old": "pre_release_7",
}
_PROTOCOLS = {
    "icmp": 1,
    "tcp": 6,
    "udp": 17,
    "dccp": 33,
    "esp": 50,
    "ah": 51,
    "icmpv6": 58,
    "sctp": 132,
    "udplite": 136,
}
_WITH_PORTS = (6, 17, 33, 132, 136)
_WITH_SPI = (50, 51)
_NO_MASK = "00" * 16
_MAPPED_MASK = "ff" * 12
_V4_MAPPED = 0xFFFF


class _Words:
    """The words of one filter, taken from the left."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.left = text.split()

    def wrong(self, why: str) -> ConfigError:
        return ConfigError(f"filter {self.text!r}: {why}")

    def next(self, after: str) -> str:
        if not self.left:
            raise self.wrong(f"something is missing after {after!r}")
        return self.left.pop(0)

    def number(self, after: str, most: int) -> int:
        return self.to_number(self.next(after), after, most)

    def to_number(self, word: str, what: str, most: int) -> int:
        try:
            value = int(word, 0)
        except ValueError:
            raise self.wrong(f"{what} {word!r} is no number") from None
        if not 0 <= value <= most:
            raise self.wrong(f"{what} must be 0 to {most}, not {word}")
        return value


def parse(text: str, identifier: int, precedence: int) -> dict[str, Any]:
    """The record of a filter in words; identifier and precedence unless it says its own.

    A ConfigError says what is wrong, and which filter.
    """
    words = _Words(text)
    if not words.left:
        raise words.wrong("it has no words")
    direction = words.left.pop(0)
    if direction not in _DIRECTIONS:
        known = ", ".join(_DIRECTIONS)
        raise words.wrong(f"it must begin with one of {known}, not {direction!r}")
    filter_: dict[str, Any] = {
        "identifier": identifier,
        "direction": _DIRECTIONS[direction],
        "precedence": precedence,
        "remote": "::",
        "remote_mask": _NO_MASK,
        "local": "::",
        "local_mask": _NO_MASK,
        "protocol": [],
        "local_ports": [],
        "remote_ports": [],
        "spi": [],
        "traffic_class": 0,
        "traffic_class_mask": 0,
        "flow_label": [],
    }
    seen: set[str] = set()
    while words.left:
        _read_part(words, filter_, seen)
    if not seen - {"id", "precedence"}:
        raise words.wrong("it fits every packet; say what it is for")
    _check(words, filter_)
    return filter_


def _read_part(words: _Words, filter_: dict[str, Any], seen: set[str]) -> None:
    word = words.left.pop(0)
    is_protocol = word in _PROTOCOLS or word.isdecimal()
    part = "protocol" if is_protocol else word
    if part in seen:
        raise words.wrong(f"{part} is there twice")
    seen.add(part)
    if is_protocol:
        value = _PROTOCOLS.get(word)
        filter_["protocol"] = [words.to_number(word, "protocol", 255) if value is None else value]
    elif word in ("remote", "local"):
        _read_end(words, filter_, word)
    elif word == "spi":
        filter_["spi"] = [words.number(word, 0xFFFFFFFF)]
    elif word == "tos":
        value_text, slash, mask_text = words.next(word).partition("/")
        mask = words.to_number(mask_text, "the mask of tos", 255) if slash else 255
        if mask == 0:
            raise words.wrong("tos with the mask 0 says nothing")
        filter_["traffic_class_mask"] = mask
        filter_["traffic_class"] = words.to_number(value_text, "tos", 255) & mask
    elif word == "flow":
        filter_["flow_label"] = [words.number(word, 0xFFFFF)]
    elif word == "id":
        filter_["identifier"] = words.number(word, 15)
    elif word == "precedence":
        filter_["precedence"] = words.number(word, 255)
    else:
        raise words.wrong(f"{word!r} is not known")


def _read_end(words: _Words, filter_: dict[str, Any], end: str) -> None:
    """An address, `port` and ports, or both."""
    word = words.next(end)
    if word != "port":
        filter_[end], filter_[f"{end}_mask"] = _read_address(words, word, end)
        if words.left[:1] != ["port"]:
            return
        words.next(end)
    first, dash, last = words.next("port").partition("-")
    low = words.to_number(first, "port", 0xFFFF)
    high = words.to_number(last, "port", 0xFFFF) if dash else low
    if low > high:
        raise words.wrong(f"the ports {first}-{last} are in the wrong order")
    filter_[f"{end}_ports"] = [low, high]


def _read_address(words: _Words, word: str, end: str) -> tuple[str, str]:
    """Address without what the mask leaves open, and mask. An IPv6 mask may be any for the
    remote end; for the local one only a prefix length can be told (TS 24.008)."""
    text, _, mask_text = word.partition("/")
    try:
        if "%" in word:
            raise ValueError

        if ":" in text and ":" in mask_text:
            address6, mask6 = int(IPv6Address(text)), int(IPv6Address(mask_text))
        elif ":" in text:
            interface6 = IPv6Interface(word)
            address6, mask6 = int(interface6.ip), int(interface6.netmask)
        elif "." in mask_text:
            return _ipv4(int(IPv4Address(text)), int(IPv4Address(mask_text)))
        else:
            interface4 = IPv4Interface(word)
            return _ipv4(int(interface4.ip), int(interface4.netmask))
    except ValueError:
        raise words.wrong(f"{end} {word!r} is no address, network or port") from None
    if mask6 == 0:
        raise words.wrong(f"{end} ::/0 cannot be told from any address; leave it out")
    if (address6 & mask6) >> 32 == _V4_MAPPED:
        raise words.wrong(f"{end} {word!r} is an IPv4 address; write it as one")
    inverted = mask6 ^ ((1 << 128) - 1)
    if end == "local" and inverted & (inverted + 1):
        raise words.wrong(f"local {word!r} needs a prefix length")
    return str(IPv6Address(address6 & mask6)), f"{mask6:032x}"


def _ipv4(address: int, mask: int) -> tuple[str, str]:
    return str(IPv4Address(address & mask)), f"{_MAPPED_MASK}{mask:08x}"


def _family(filter_: Mapping[str, Any], end: str) -> int:
    return 0 if filter_[f"{end}_mask"] == _NO_MASK else ip_address(filter_[end]).version


def _check(words: _Words, filter_: Mapping[str, Any]) -> None:
    """No packet may be impossible to fit."""
    families = {_family(filter_, "remote"), _family(filter_, "local")} - {0}
    ports = bool(filter_["remote_ports"] or filter_["local_ports"])
    if len(families) == 2:
        raise words.wrong("remote and local are not of one family")
    if filter_["flow_label"] and 4 in families:
        raise words.wrong("a packet of IPv4 has no flow label")
    if filter_["spi"] and ports:
        raise words.wrong("no packet has both ports and an SPI")
    for protocol in filter_["protocol"]:
        if ports and protocol not in _WITH_PORTS:
            raise words.wrong(f"packets of protocol {protocol} have no ports")
        if filter_["spi"] and protocol not in _WITH_SPI:
            raise words.wrong(f"packets of protocol {protocol} have no SPI")


def template_length(filters: list[dict[str, Any]]) -> int:
    """Octets of the Traffic Flow Template that these records make (TS 24.008, 10.5.6.12)."""
    return 1 + sum(map(_length, filters))


def _length(filter_: Mapping[str, Any]) -> int:
    length = 3 + {0: 0, 4: 9, 6: 33}[_family(filter_, "remote")]
    length += {0: 0, 4: 9, 6: 18}[_family(filter_, "local")]
    for key in ("remote_ports", "local_ports"):
        if filter_[key]:
            length += 3 if filter_[key][0] == filter_[key][1] else 5
    length += (
        2 * len(filter_["protocol"]) + 5 * len(filter_["spi"]) + 4 * len(filter_["flow_label"])
    )
    return length + (3 if filter_["traffic_class_mask"] else 0)


def show(filter_: Mapping[str, Any]) -> str:
    """A record in words; `parse` reads them back to the same record."""
    directions = {value: word for word, value in _DIRECTIONS.items()}
    names = {number: word for word, number in _PROTOCOLS.items()}
    words = [directions[filter_["direction"]]]
    words += [names.get(number, str(number)) for number in filter_["protocol"]]
    for end in ("remote", "local"):
        ports = filter_[f"{end}_ports"]
        if _family(filter_, end) or ports:
            words.append(end)
        if _family(filter_, end):
            words.append(_show_address(filter_[end], filter_[f"{end}_mask"]))
        if ports:
            words += ["port", str(ports[0]) if ports[0] == ports[1] else f"{ports[0]}-{ports[1]}"]
    words += [f"spi {spi:#x}" for spi in filter_["spi"]]
    if filter_["traffic_class_mask"]:
        words.append(f"tos {filter_['traffic_class']:#x}/{filter_['traffic_class_mask']:#x}")
    words += [f"flow {label:#x}" for label in filter_["flow_label"]]
    return " ".join([*words, f"id {filter_['identifier']}", f"precedence {filter_['precedence']}"])


def _show_address(address: str, mask: str) -> str:
    bits = 32 if "." in address else 128
    value = int(mask, 16) & ((1 << bits) - 1)
    inverted = value ^ ((1 << bits) - 1)
    if not inverted & (inverted + 1):
        length = bits - inverted.bit_length()
        return address if length == bits else f"{address}/{length}"
    return f"{address}/{IPv4Address(value) if bits == 32 else IPv6Address(value)}"
