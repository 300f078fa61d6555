"""Information elements of GTPv2-C (TS 29.274, 8) in words and back.

One line of `_IES` makes an IE known in both directions. A word is the IE's name, with "-1" and
so on for another instance than 0; an IE that stands there several times has a list. F-TEIDs
are named by their interface: `s1u_enb = 0x900, s1u_enb_address = "10.12.0.20"`, and
`s1u_enb_instance`. Bearer contexts are lists of tables: `bearers`, `bearers-1`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from pycrate_mobile import TS29274_GTPC as codec  # noqa: N811

from . import traffic_flow
from .addresses import ENB, MME, PGW, SGW

Words = dict[str, Any]

# F-TEID interface types (8.22).
INTERFACES = {
    "s1u_enb": 0, "s1u": 1, "s5u_sgw": 4, "s5u": 5, "s5c_sgw": 6, "s5c": 7, "s11_mme": 10,
    "s11": 11, "forward_enb_downlink": 19, "forward_enb_uplink": 20, "forward_downlink": 23,
    "forward_uplink": 28, "s11u_mme": 38, "s11u": 39,
}  # fmt: skip
_INTERFACE_NAMES = {number: name for name, number in INTERFACES.items()}
_HOMES = {
    "s1u_enb": ENB, "forward_enb_downlink": ENB, "forward_enb_uplink": ENB, "s11_mme": MME,
    "s5u_sgw": SGW, "s5c_sgw": SGW, "s5u": PGW, "s5c": PGW,
}  # fmt: skip
_CAUSE, _PAA, _F_TEID, _BEARER = 2, 79, 87, 93


@dataclass(frozen=True)
class Ie:
    """How an IE's value is written and read; `listed` when the value itself is a list."""

    number: int
    encode: Callable[[Any], bytes]
    decode: Callable[[bytes], Any]
    listed: bool = False


def _number(number: int, size: int = 1) -> Ie:
    def decode(octets: bytes) -> int:
        assert len(octets) == size, f"an IE of type {number} with {len(octets)} octets"
        return int.from_bytes(octets, "big")

    return Ie(number, lambda value: value.to_bytes(size, "big"), decode)


def _hex(number: int) -> Ie:
    return Ie(number, bytes.fromhex, bytes.hex)


def _tbcd(number: int) -> Ie:
    def encode(digits: str) -> bytes:
        padded = digits + "f" * (len(digits) % 2)
        return bytes.fromhex("".join(padded[i + 1] + padded[i] for i in range(0, len(padded), 2)))

    def decode(octets: bytes) -> str:
        digits = octets.hex()
        swapped = (digits[i + 1] + digits[i] for i in range(0, len(digits), 2))
        return "".join(swapped).rstrip("f")

    return Ie(number, encode, decode)


def _encode_pair(values: list[int]) -> bytes:
    return b"".join(value.to_bytes(4, "big") for value in values)


def _decode_pair(octets: bytes) -> list[int]:
    assert len(octets) == 8
    return [int.from_bytes(octets[i : i + 4], "big") for i in (0, 4)]


def _encode_apn(name: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))


def _decode_apn(octets: bytes) -> str:
    labels = []
    while octets:
        labels.append(octets[1 : 1 + octets[0]].decode())
        octets = octets[1 + octets[0] :]
    return ".".join(labels)


def _encode_flags(names: list[str]) -> bytes:
    indication = codec.Indication()
    for octet in indication:
        for flag in octet if hasattr(octet, "__iter__") else ():
            flag.set_val(int(flag._name in names))
    octets = bytes(indication.to_bytes())
    assert sum(octet.bit_count() for octet in octets) == len(names), f"unknown flags in {names}"
    return octets


def _decode_flags(octets: bytes) -> list[str]:
    indication = codec.Indication()
    indication.from_bytes(octets)
    octet_list = [octet for octet in indication if hasattr(octet, "__iter__")]
    return [flag._name for octet in octet_list for flag in octet if flag.get_val() == 1]


_RATES = {
    "MaxBitRateUL": ("mbr", 0), "MaxBitRateDL": ("mbr", 1),
    "GuaranteedBitRateUL": ("gbr", 0), "GuaranteedBitRateDL": ("gbr", 1),
}  # fmt: skip
_PRIORITY = {"PCI": ("pci", 1), "PL": ("priority", 8), "PVI": ("pvi", 1)}


def _encode_qos(kind: Any, words: Words) -> bytes:
    value = {"QCI": words["qci"]}
    for name, (word, index) in _RATES.items():
        value[name] = words.get(word, [0, 0])[index]
    if kind is codec.BearerQoS:
        value |= {name: words.get(word, default) for name, (word, default) in _PRIORITY.items()}
    return bytes(kind(val=value).to_bytes())


def _decode_qos(kind: Any, octets: bytes) -> Words:
    quality = kind()
    quality.from_bytes(octets)
    words: Words = {"qci": quality["QCI"].get_val(), "mbr": [0, 0], "gbr": [0, 0]}
    for name, (word, index) in _RATES.items():
        words[word][index] = quality[name].get_val()
    if kind is codec.BearerQoS:
        words |= {word: quality[name].get_val() for name, (word, _) in _PRIORITY.items()}
    return words


def _qos(number: int, kind: Any) -> Ie:
    return Ie(
        number, lambda words: _encode_qos(kind, words), lambda octets: _decode_qos(kind, octets)
    )


_CONTAINERS = {
    0x0001: "pcscf6", 0x0003: "dns6", 0x0005: "bearer_control", 0x000C: "pcscf4",
    0x000D: "dns4", 0x0010: "mtu", 0x8021: "ipcp", 0xC023: "pap",
}  # fmt: skip


def _decode_options(octets: bytes) -> Words:
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
            case name if not contents:  # asked for
                words[name] = ""
            case "dns6" | "pcscf6" as name:
                words.setdefault(name, []).append(str(IPv6Address(contents)))
            case "dns4" | "pcscf4" as name:
                words.setdefault(name, []).append(str(IPv4Address(contents)))
            case "mtu" | "bearer_control" as name:
                words[name] = int.from_bytes(contents, "big")
            case name:
                words[name] = contents.hex()
    return words


def _options(number: int) -> Ie:
    return Ie(number, bytes.fromhex, _decode_options)


_TFT = (traffic_flow.encode, traffic_flow.decode)
_IES = {
    "imsi": _tbcd(1),
    "recovery": _number(3),
    "apn": Ie(71, _encode_apn, _decode_apn),
    "ambr": Ie(72, _encode_pair, _decode_pair, listed=True),
    "ebi": _number(73),
    "ip_address": Ie(74, lambda text: ip_address(text).packed, lambda o: str(ip_address(o))),
    "mei": _tbcd(75),
    "msisdn": _tbcd(76),
    "indication": Ie(77, _encode_flags, _decode_flags, listed=True),
    "pco": _options(78),
    "bearer_qos": _qos(80, codec.BearerQoS),
    "flow_qos": _qos(81, codec.FlowQoS),
    "rat_type": _number(82),
    "serving_network": _hex(83),
    "tft": Ie(84, *_TFT),
    "tad": Ie(85, *_TFT),
    "uli": _hex(86),
    "delay_value": _number(92),
    "charging_id": _number(94, 4),
    "charging_characteristics": _hex(95),
    "bearer_flags": _number(97),
    "pdn_type": _number(99),
    "pti": _number(100),
    "ue_time_zone": _hex(114),
    "port_number": _number(126, 2),
    "apn_restriction": _number(127),
    "selection_mode": _number(128),
    "change_reporting_action": _number(131),
    "fq_csid": _hex(132),
    "node_type": _number(135),
    "charging_gateway_name": Ie(136, _encode_apn, _decode_apn),
    "user_csg_information": _hex(145),
    "node_features": _number(152),
    "throttling": _hex(154),
    "arp": _number(155),
    "epc_timer": _number(156),
    "uli_timestamp": _number(170, 4),
    "pra_action": _hex(177),
    "pra_information": _hex(178),
    "paging_and_service": _hex(186),
    "epco": _options(197),
    "counter": _hex(199),
    "secondary_rat_usage": _hex(201),
    "private_extension": _hex(255),
}
_IE_NAMES = {ie.number: name for name, ie in _IES.items()}

# Raw IEs by name, for messages that are edited; `paa` is written in hexadecimal.
NUMBERS = {name: ie.number for name, ie in _IES.items()} | {
    "cause": _CAUSE, "paa": _PAA, "f_teid": _F_TEID, "bearer_context": _BEARER,
}  # fmt: skip


def split_instance(word: str) -> tuple[str, int]:
    base, _, instance = word.partition("-")
    return base, int(instance or 0)


def encode(words: Mapping[str, Any]) -> list[Any]:
    """The IEs of a message or bearer context, in the order of the words, for pycrate."""
    ies: list[Any] = []
    for word, value in words.items():
        name, instance = split_instance(word)
        if name == "bearers":
            ies += [_ie(_BEARER, encode(one), instance) for one in value]
        elif name in INTERFACES:
            instance = words.get(f"{name}_instance", 0)
            ies.append(_ie(_F_TEID, _encode_f_teid(name, words), instance))
        elif name == "cause":
            octets = bytes([value, 0]) if isinstance(value, int) else bytes.fromhex(value)
            ies.append(_ie(_CAUSE, octets, instance))
        elif name == "paa":
            ies.append(_ie(_PAA, bytes.fromhex(value), instance))
        elif name in _IES:
            ie = _IES[name]
            repeated = isinstance(value, list) and not ie.listed
            values = value if repeated else [value]
            ies += [_ie(ie.number, ie.encode(one), instance) for one in values]
        elif word.rsplit("_", 1)[0] not in INTERFACES:
            raise KeyError(f"no IE is called {word!r}")
    return ies


def _ie(number: int, data: Any, instance: int) -> Any:
    return {"Hdr": {"Type": number, "Inst": instance}, "Data": data}


def _encode_f_teid(name: str, words: Mapping[str, Any]) -> Any:
    value = {"V4": 0, "V6": 0, "IF": INTERFACES[name], "TEID_GREKey": words[name]}
    addresses = [words.get(f"{name}_address", _HOMES.get(name)), words.get(f"{name}_address6")]
    for address in (ip_address(text) for text in addresses if text is not None):
        value |= {f"V{address.version}": 1, f"IPv{address.version}Addr": address.packed}
    return value


def decode(group: Any) -> Words:
    """The words of the IEs of a message or bearer context that pycrate decoded."""
    words: Words = {}
    for ie in group:
        add(words, int(ie[0]["Type"].get_val()), int(ie[0]["Inst"].get_val()), ie[1])
    return words


def add(words: Words, number: int, instance: int, value: Any) -> None:
    """Adds one IE; an AssertionError when it is none that we know, or its length is wrong."""
    octets = value.to_bytes()
    suffix = f"-{instance}" if instance else ""
    if number == _CAUSE:
        words["cause"] = octets[0]
        assert len(octets) in (2, 6)
        if len(octets) == 6:
            words |= {"offending": octets[2], "offending_instance": octets[5] & 15}
    elif number == _PAA:
        words |= _decode_paa(octets)
    elif number == _F_TEID:
        words |= _decode_f_teid(octets, instance)
    elif number == _BEARER:
        words.setdefault(f"bearers{suffix}", []).append(decode(value))
    else:
        assert number in _IE_NAMES, f"an IE of type {number}, which has no name in tests/vepc"
        name = _IE_NAMES[number]
        word, found = name + suffix, _IES[name].decode(octets)
        if word not in words:
            words[word] = found
        else:
            before = words[word]
            words[word] = [*before, found] if isinstance(before, list) else [before, found]


def _decode_f_teid(octets: bytes, instance: int) -> Words:
    v4, v6 = octets[0] >> 7, octets[0] >> 6 & 1
    assert len(octets) == 5 + 4 * v4 + 16 * v6 and v4 + v6 > 0
    name = _INTERFACE_NAMES[octets[0] & 63]
    words: Words = {name: int.from_bytes(octets[1:5], "big"), f"{name}_instance": instance}
    if v4:
        words[f"{name}_address"] = str(IPv4Address(octets[5:9]))
    if v6:
        words[f"{name}_address{'6' if v4 else ''}"] = str(IPv6Address(octets[-16:]))
    return words


_PDN_NAMES = {1: "ipv4", 2: "ipv6", 3: "ipv4v6"}


def _decode_paa(octets: bytes) -> Words:
    kind = octets[0]
    words: Words = {"pdn": _PDN_NAMES[kind]}
    assert len(octets) == {1: 5, 2: 18, 3: 22}[kind]
    if kind & 2:
        assert octets[1] == 64
        words["ipv6"] = str(IPv6Address(octets[2:18]))
    if kind & 1:
        words["ipv4"] = str(IPv4Address(octets[-4:]))
    return words
