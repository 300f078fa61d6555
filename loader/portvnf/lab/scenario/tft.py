"""Traffic Flow Templates as a UE has them: read by pycrate, applied to uplink packets.

An independent reading of TS 24.008, 10.5.6.12: nothing here is shared with the gateway.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from pycrate_mobile import TS24008_IE as codec  # noqa: N811

from portvnf.errors import LabError

_UPLINK = 2  # the bit of the direction
_WITH_PORTS = (6, 17, 33, 132, 136)  # TCP, UDP, DCCP, SCTP, UDP-Lite
_SPI = {50: 0, 51: 4}  # where ESP and AH have it
_EXTENSION_HEADERS = (0, 43, 60)
_FRAGMENT = 44


@dataclass(frozen=True)
class Header:
    """What filters ask of an uplink packet; ports are -1 and the SPI is None without one."""

    local: bytes
    remote: bytes
    protocol: int
    traffic_class: int
    flow_label: int
    local_port: int = -1
    remote_port: int = -1
    spi: int | None = None


@dataclass(frozen=True)
class Filter:
    """One packet filter; its tests are asked about a packet, and all must hold."""

    identifier: int
    precedence: int
    direction: int
    tests: tuple[Callable[[Header], bool], ...]

    def fits_uplink(self, header: Header) -> bool:
        """Whether an uplink packet is meant."""
        return bool(self.direction & _UPLINK) and all(test(header) for test in self.tests)


def apply(octets: bytes, filters: list[Filter]) -> list[Filter]:
    """The filters of a bearer after the operation of a TFT IE."""
    tft = codec.TFT()
    tft.from_bytes(octets)
    operation = int(tft["Opcode"].get_val())
    named = (
        {int(f["Id"].get_val()) for f in tft["PktFilters"]}
        if operation != 5
        else {int(f["Id"].get_val()) for f in tft["PktFilterIds"]}
    )
    kept = [f for f in filters if f.identifier not in named]
    match operation:
        case 1:
            return [_filter(f) for f in tft["PktFilters"]]
        case 2:
            return []
        case 3 | 4:
            return [*kept, *(_filter(f) for f in tft["PktFilters"])]
        case 5:
            return kept
        case 6 | 0:
            return filters
    raise LabError(f"a TFT has the reserved operation {operation}")


def _filter(read: Any) -> Filter:
    return Filter(
        int(read["Id"].get_val()),
        int(read["Precedence"].get_val()),
        int(read["Dir"].get_val()),
        tuple(_test(int(c["Type"].get_val()), c["Value"].get_val()) for c in read["Cont"]),
    )


def _test(kind: int, value: Any) -> Callable[[Header], bool]:
    match kind:
        case 16 | 32:
            return lambda h: _masked(h.remote, value[1]) == _masked(bytes(value[0]), value[1])
        case 17:
            return lambda h: _masked(h.local, value[1]) == _masked(bytes(value[0]), value[1])
        case 33:
            return lambda h: _prefix(h.remote, value[1]) == _prefix(bytes(value[0]), value[1])
        case 35:
            return lambda h: _prefix(h.local, value[1]) == _prefix(bytes(value[0]), value[1])
        case 48:
            return lambda h: h.protocol == value
        case 64:
            return lambda h: h.local_port == value
        case 65:
            return lambda h: value[0] <= h.local_port <= value[1]
        case 80:
            return lambda h: h.remote_port == value
        case 81:
            return lambda h: value[0] <= h.remote_port <= value[1]
        case 96:
            return lambda h: h.spi == value
        case 112:
            return lambda h: h.traffic_class & value[1] == value[0] & value[1]
        case 128:
            return lambda h: h.flow_label == value and len(h.local) == 16
    raise LabError(f"a packet filter has a component of type {kind}, which nothing defines")


def _masked(address: bytes, mask: bytes) -> bytes | None:
    if len(address) != len(mask):
        return None  # the other family: fits nothing, as the filter's own address is whole
    return bytes(a & m for a, m in zip(address, mask, strict=True))


def _prefix(address: bytes, length: int) -> int | None:
    return int.from_bytes(address, "big") >> 128 - length if len(address) == 16 else None


def header_of(packet: bytes) -> Header | None:
    """What filters ask of a packet from the UE; None when it is no whole IP header."""
    if len(packet) >= 20 and packet[0] >> 4 == 4:
        size = 4 * (packet[0] & 15)
        first = not int.from_bytes(packet[6:8], "big") & 0x1FFF
        rest = packet[size:] if first else b""
        local, remote, protocol = packet[12:16], packet[16:20], packet[9]
        return _header(local, remote, protocol, packet[1], 0, rest)
    if len(packet) >= 40 and packet[0] >> 4 == 6:
        word = int.from_bytes(packet[:4], "big")
        protocol, rest = _behind_extensions(packet[6], packet[40:])
        local, remote = packet[8:24], packet[24:40]
        return _header(local, remote, protocol, word >> 20 & 0xFF, word & 0xFFFFF, rest)
    return None


def _behind_extensions(protocol: int, rest: bytes) -> tuple[int, bytes]:
    while protocol in (*_EXTENSION_HEADERS, _FRAGMENT) and len(rest) >= 8:
        if protocol == _FRAGMENT:
            later = int.from_bytes(rest[2:4], "big") >> 3
            protocol, rest = rest[0], b"" if later else rest[8:]
            if later:
                break
        else:
            protocol, rest = rest[0], rest[8 + 8 * rest[1] :]
    return protocol, rest


def _header(
    local: bytes, remote: bytes, protocol: int, tos: int, label: int, rest: bytes
) -> Header:
    if protocol in _WITH_PORTS and len(rest) >= 4:
        ports = struct.unpack_from(">HH", rest)
        return Header(local, remote, protocol, tos, label, *ports)
    at = _SPI.get(protocol)
    spi = int.from_bytes(rest[at : at + 4], "big") if at is not None and rest else None
    return Header(local, remote, protocol, tos, label, spi=spi)


def choose(packet: bytes, bearers: Iterable[tuple[int, list[Filter]]], default: int) -> int:
    """The EBI whose filter fits first, in order of precedence; else the default bearer."""
    header = header_of(packet)
    if header is None:
        return default
    every = sorted(
        ((f.precedence, ebi, f) for ebi, filters in bearers for f in filters),
        key=lambda entry: entry[:2],
    )
    return next((ebi for _, ebi, f in every if f.fits_uplink(header)), default)
