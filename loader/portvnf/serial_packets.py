"""Packets in the serial form of the packet engine: port, length (big-endian), bytes."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

from portvnf.errors import EngineError

_HEADER = struct.Struct(">HI")


def encode(packets: Iterable[tuple[int, bytes]]) -> bytes:
    """Joins (port, packet) pairs into one byte string."""
    return b"".join(_HEADER.pack(port, len(data)) + data for port, data in packets)


def decode(serial: bytes) -> Iterator[tuple[int, bytes]]:
    """Takes (port, packet) pairs apart again; EngineError when the last one is not whole."""
    view = memoryview(serial)
    at = 0
    while at < len(view):
        if len(view) - at < _HEADER.size:
            raise EngineError(f"serial packets end within the header at byte {at}")
        port, length = _HEADER.unpack_from(view, at)
        at += _HEADER.size
        if length > len(view) - at:
            raise EngineError(
                f"the serial packet at byte {at} needs {length} bytes, {len(view) - at} are left"
            )
        yield port, bytes(view[at : at + length])
        at += length


def count(serial: bytes) -> int:
    """How many packets there are; EngineError when the last one is not whole."""
    return sum(1 for _ in decode(serial))
