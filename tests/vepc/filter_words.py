"""Random packet filters, as components (TS 24.008, 10.5.6.12) and what a record makes of them.

The record is derived here from the components with the ipaddress module, apart from the C.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Any

from hypothesis import strategies as st

DIRECTIONS = ("pre_release_7", "downlink", "uplink", "bidirectional")
octets4 = st.binary(min_size=4, max_size=4)
octets16 = st.binary(min_size=16, max_size=16).filter(lambda a: a[:10] != bytes(10))
masks4 = st.one_of(
    st.integers(0, 32).map(lambda n: (0xFFFFFFFF << 32 - n & 0xFFFFFFFF).to_bytes(4, "big")),
    octets4,
)
masks16 = st.one_of(
    st.integers(1, 128).map(lambda n: ((1 << 128) - (1 << 128 - n)).to_bytes(16, "big")), octets16
)
ports = st.integers(0, 0xFFFF)
ranges = st.tuples(ports, ports).map(lambda pair: sorted(pair))


@dataclass(frozen=True)
class Filter:
    """A packet filter: its header, and components as (type, values as pycrate takes them)."""

    identifier: int
    direction: int
    precedence: int
    components: tuple[tuple[int, Any], ...]

    def pycrate(self) -> dict[str, Any]:
        """What pycrate's TFTPktFilter is made from."""
        content = [{"Type": kind, "Value": value} for kind, value in self.components]
        return {
            "Dir": self.direction,
            "Id": self.identifier,
            "Precedence": self.precedence,
            "Cont": content,
        }

    def octets(self) -> bytes:
        """The filter as a template has it, by hand."""
        content = b"".join(bytes([kind]) + component(kind, v) for kind, v in self.components)
        head = [self.direction << 4 | self.identifier, self.precedence, len(content)]
        return bytes(head) + content

    def record(self) -> dict[str, Any]:
        """The schema's record."""
        record: dict[str, Any] = {
            "identifier": self.identifier,
            "direction": DIRECTIONS[self.direction],
            "precedence": self.precedence,
            "remote": "::",
            "remote_mask": "00" * 16,
            "local": "::",
            "local_mask": "00" * 16,
            "protocol": [],
            "local_ports": [],
            "remote_ports": [],
            "spi": [],
            "traffic_class": 0,
            "traffic_class_mask": 0,
            "flow_label": [],
        }
        for kind, value in self.components:
            _note(record, kind, value)
        return record


def component(kind: int, value: Any) -> bytes:
    """A component's value in octets."""
    sizes = {48: (1,), 64: (2,), 80: (2,), 65: (2, 2), 81: (2, 2), 96: (4,)}
    sizes |= {112: (1, 1), 128: (3,), 33: (0, 1), 35: (0, 1)}
    parts = value if isinstance(value, (list, tuple)) else [value]
    if kind in (16, 17, 32):
        return b"".join(parts)
    return b"".join(
        part if size == 0 else part.to_bytes(size, "big")
        for part, size in zip(parts, sizes[kind], strict=True)
    )


def _note(record: dict[str, Any], kind: int, value: Any) -> None:
    if kind in (16, 17):
        end = "remote" if kind == 16 else "local"
        address, mask = (int.from_bytes(part, "big") for part in value)
        record[end] = str(IPv4Address(address & mask))
        record[f"{end}_mask"] = "ff" * 12 + value[1].hex()
    elif kind in (32, 33, 35):
        end = "local" if kind == 35 else "remote"
        address = int.from_bytes(value[0], "big")
        mask = int.from_bytes(value[1], "big") if kind == 32 else (1 << 128) - (1 << 128 - value[1])
        record[end] = str(IPv6Address(address & mask))
        record[f"{end}_mask"] = f"{mask:032x}"
    elif kind in (64, 65):
        record["local_ports"] = list(value) if kind == 65 else [value, value]
    elif kind in (80, 81):
        record["remote_ports"] = list(value) if kind == 81 else [value, value]
    elif kind == 112:
        record["traffic_class"], record["traffic_class_mask"] = value[0] & value[1], value[1]
    else:
        record[{48: "protocol", 96: "spi", 128: "flow_label"}[kind]] = [value]


@st.composite
def filters(draw: Any, identifier: int = 0, precedence: int | None = None) -> Filter:
    """Sound filters."""
    family = draw(st.sampled_from([4, 6]))
    parts: list[tuple[int, Any]] = []
    if draw(st.booleans()):
        if family == 4:
            parts.append((16, [draw(octets4), draw(masks4)]))
        elif draw(st.booleans()):
            parts.append((32, [draw(octets16), draw(masks16)]))
        else:
            parts.append((33, [draw(octets16), draw(st.integers(1, 128))]))
    if draw(st.booleans()):
        if family == 4:
            parts.append((17, [draw(octets4), draw(masks4)]))
        else:
            parts.append((35, [draw(octets16), draw(st.integers(1, 128))]))
    transport = draw(st.sampled_from(["none", "ports", "spi"]))
    if transport == "ports":
        if draw(st.booleans()):
            parts.append((48, draw(st.sampled_from([6, 17, 33, 132, 136]))))
        for single in (64, 80):
            kind = draw(st.sampled_from([0, single, single + 1]))
            if kind:
                parts.append((kind, draw(ports if kind == single else ranges)))
    elif transport == "spi":
        if draw(st.booleans()):
            parts.append((48, draw(st.sampled_from([50, 51]))))
        parts.append((96, draw(st.integers(0, 0xFFFFFFFF))))
    elif draw(st.booleans()):
        parts.append((48, draw(st.integers(0, 255))))
    if draw(st.booleans()):
        parts.append((112, [draw(st.integers(0, 255)), draw(st.integers(1, 255))]))
    if (family == 6 and draw(st.booleans())) or not parts:
        parts = [part for part in parts if part[0] not in (16, 17)]
        parts.append((128, draw(st.integers(0, 0xFFFFF))))
    return Filter(
        identifier,
        draw(st.integers(0, 3)),
        draw(st.integers(0, 255)) if precedence is None else precedence,
        tuple(draw(st.permutations(parts))),
    )


@st.composite
def templates(draw: Any) -> list[Filter]:
    """Filters of one template, which is short enough for NAS."""
    identifiers = draw(st.lists(st.integers(0, 15), min_size=1, max_size=15, unique=True))
    chosen: list[Filter] = []
    for number, identifier in enumerate(identifiers):
        one = draw(filters(identifier, number * 17))
        if 1 + sum(len(f.octets()) for f in [*chosen, one]) > 255:
            break
        chosen.append(one)
    return chosen
