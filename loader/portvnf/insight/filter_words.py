"""A Traffic Flow Template's packet filters (TS 24.008, 10.5.6.12) in words."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv6Address
from typing import Any

_ANY = "::"
_BITS = 128
_MAPPED_BITS = 96
_DIRECTIONS = {
    "pre_release_7": "",
    "downlink": "down",
    "uplink": "up",
    "bidirectional": "up and down",
}
_PROTOCOLS = {1: "ICMP", 6: "TCP", 17: "UDP", 50: "ESP", 51: "AH", 58: "ICMPv6", 132: "SCTP"}


def words(match: Any) -> str:
    """One filter: `up and down, UDP, remote 10.1.0.0/16 ports 5060-5061`."""
    parts = [part for part in _parts(match) if part]
    return ", ".join(parts) or "every packet"


def _parts(match: Any) -> Iterator[str]:
    yield _DIRECTIONS[match.direction]
    if match.protocol:
        yield _PROTOCOLS.get(match.protocol[0], f"protocol {match.protocol[0]}")
    yield _end("remote", match.remote, match.remote_mask, list(match.remote_ports))
    yield _end("local", match.local, match.local_mask, list(match.local_ports))
    if match.spi:
        yield f"SPI {match.spi[0]:#010x}"
    if match.traffic_class_mask:
        yield f"traffic class {match.traffic_class:#04x}/{match.traffic_class_mask:#04x}"
    if match.flow_label:
        yield f"flow label {match.flow_label[0]:#07x}"


def _end(side: str, address: str, mask: str, ports: list[int]) -> str:
    described = [side]
    if address != _ANY or int(mask, 16):
        described.append(_network(address, int(mask, 16)))
    if len(ports) == 1 or (ports and ports[0] == ports[1]):
        described.append(f"port {ports[0]}")
    elif ports:
        described.append(f"ports {ports[0]}-{ports[1]}")
    return " ".join(described) if len(described) > 1 else ""


def _network(address: str, mask: int) -> str:
    """Address and prefix length, or the mask itself where it is no prefix. An IPv4 mask stands
    in the last 32 bits."""
    bits = _BITS - _MAPPED_BITS if ":" not in address else _BITS
    mask &= (1 << bits) - 1
    ones = mask.bit_count()
    if mask == ((1 << ones) - 1) << (bits - ones):
        return address if ones == bits else f"{address}/{ones}"
    written = str(IPv6Address(mask)) if bits == _BITS else _dotted(mask)
    return f"{address}/{written}"


def _dotted(mask: int) -> str:
    return ".".join(str(octet) for octet in mask.to_bytes(4, "big"))
