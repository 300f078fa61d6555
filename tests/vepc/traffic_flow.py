"""Traffic Flow Templates (TS 24.008, 10.5.6.12) in words and back, by pycrate.

`{ operation = "create", filters = [{ id = 1, precedence = 9, direction = "both",
remote4 = "10.13.0.0/24", protocol = 17, remote_ports = [5000, 5010] }] }`
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Interface
from typing import Any

from pycrate_mobile.TS29274_GTPC import BearerTFT

OPERATIONS = {
    "ignore": 0, "create": 1, "delete": 2, "add": 3, "replace": 4, "remove": 5, "none": 6,
}  # fmt: skip
DIRECTIONS = {"pre_rel7": 0, "downlink": 1, "uplink": 2, "both": 3}


def _network4(text: str) -> dict[str, Any]:
    network = IPv4Network(text)
    return {"Address": network.network_address.packed, "Netmask": network.netmask.packed}


def _text4(value: Any) -> str:
    address, mask = (value[i].to_bytes() for i in range(2))
    return str(IPv4Network((address, _ones(mask))))


def _ones(mask: bytes) -> int:
    bits = f"{int.from_bytes(mask, 'big'):b}"
    assert bits.rstrip("0").count("0") == 0, "a mask with holes"
    return bits.count("1")


def _network6(text: str) -> dict[str, Any]:
    interface = IPv6Interface(text)
    return {"Address": interface.ip.packed, "PrefixLen": interface.network.prefixlen}


def _text6(value: Any) -> str:
    return str(IPv6Interface((value[0].to_bytes(), value[1].get_val())))


def _mask6(text: str) -> dict[str, Any]:
    interface = IPv6Interface(text)
    return {"Address": interface.ip.packed, "Netmask": interface.netmask.packed}


def _same(value: Any) -> Any:
    return value


def _plain(value: Any) -> Any:
    return value.get_val()


def _pair(*names: str) -> Callable[[list[int]], dict[str, int]]:
    return lambda values: dict(zip(names, values, strict=True))


_PORTS, _CLASS = _pair("PortLo", "PortHi"), _pair("Class", "Mask")

# Component: type identifier, value to pycrate, pycrate to value.
_COMPONENTS: dict[str, tuple[int, Callable[[Any], Any], Callable[[Any], Any]]] = {
    "remote4": (16, _network4, _text4),
    "local4": (17, _network4, _text4),
    "remote6_mask": (
        32,
        _mask6,
        lambda value: str(IPv6Interface((value[0].to_bytes(), _ones(value[1].to_bytes())))),
    ),
    "remote6": (33, _network6, _text6),
    "local6": (35, _network6, _text6),
    "protocol": (48, _same, _plain),
    "local_port": (64, _same, _plain),
    "local_ports": (65, _PORTS, _plain),
    "remote_port": (80, _same, _plain),
    "remote_ports": (81, _PORTS, _plain),
    "spi": (96, _same, _plain),
    "traffic_class": (112, _CLASS, _plain),
    "flow_label": (128, _same, _plain),
}
_BY_TYPE = {kind: (name, read) for name, (kind, _, read) in _COMPONENTS.items()}


def encode(words: dict[str, Any]) -> bytes:
    """A TFT or TAD. `remove` lists identifiers, every other operation whole filters."""
    operation, filters = words["operation"], words.get("filters", [])
    value: dict[str, Any] = {"Opcode": OPERATIONS[operation]}
    if operation == "remove":
        value["PktFilterIds"] = [{"Id": number} for number in filters]
    else:
        value["PktFilters"] = [_encode_filter(one) for one in filters]
    return bytes(BearerTFT(val=value).to_bytes())


def _encode_filter(words: dict[str, Any]) -> dict[str, Any]:
    contents = []
    for name, value in words.items():
        if name not in ("id", "precedence", "direction"):
            kind, write, _ = _COMPONENTS[name]
            contents.append({"Type": kind, "Value": write(value)})
    return {
        "Dir": DIRECTIONS[words["direction"]],
        "Id": words["id"],
        "Precedence": words["precedence"],
        "Cont": contents,
    }


def decode(octets: bytes) -> dict[str, Any]:
    """What `encode` was given; a component that has no name here is an error."""
    template = BearerTFT()
    template.from_bytes(octets)
    assert template.to_bytes() == octets, f"pycrate reads another TFT than {octets.hex()}"
    operation = _name(OPERATIONS, template["Opcode"].get_val())
    if operation == "remove":
        filters: list[Any] = [one["Id"].get_val() for one in template["PktFilterIds"]]
    else:
        filters = [_decode_filter(one) for one in template["PktFilters"]]
    return {"operation": operation, "filters": filters}


def _decode_filter(one: Any) -> dict[str, Any]:
    words = {
        "id": one["Id"].get_val(),
        "precedence": one["Precedence"].get_val(),
        "direction": _name(DIRECTIONS, one["Dir"].get_val()),
    }
    for component in one["Cont"]:
        name, read = _BY_TYPE[component["Type"].get_val()]
        words[name] = read(component["Value"].get_alt())
    return words


def _name(names: dict[str, int], value: int) -> str:
    return next(name for name, number in names.items() if number == value)
