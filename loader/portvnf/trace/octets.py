"""Big-endian, length-prefixed reading and writing: what both formats are made of."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from functools import cache
from typing import TypeVar

from portvnf import cdef
from portvnf.burst import Packet
from portvnf.errors import TraceError

T = TypeVar("T")

_FORMATS = {1: ">B", 2: ">H", 4: ">I", 8: ">Q"}


@cache
def constants() -> dict[str, int]:
    """The numbers that trace.h and vnf.h define."""
    return {**cdef.constants("vnf.h"), **cdef.constants("trace.h")}


class Writer:
    """Collects bytes."""

    def __init__(self) -> None:
        self._parts = bytearray()

    def unsigned(self, value: int, size: int) -> None:
        """An integer of 1, 2, 4 or 8 bytes."""
        try:
            self._parts += struct.pack(_FORMATS[size], value)
        except struct.error:
            raise TraceError(f"{value} does not fit {size} bytes of a trace") from None

    def signed(self, value: int) -> None:
        """An i64."""
        self._parts += struct.pack(">q", value)

    def raw(self, data: bytes) -> None:
        """Bytes as they are."""
        self._parts += data

    def bytes32(self, data: bytes) -> None:
        """A length and so many bytes."""
        self.unsigned(len(data), 4)
        self._parts += data

    def list16(self, items: Iterable[T], write: Callable[[T], None]) -> None:
        """A count and so many items."""
        listed = list(items)
        self.unsigned(len(listed), 2)
        for item in listed:
            write(item)

    def packet(self, packet: Packet) -> None:
        """A port and a packet's bytes."""
        self.unsigned(packet.port, 2)
        self.bytes32(packet.data)

    def block(self, kind: int, body: bytes) -> None:
        """A kind and its body."""
        self.unsigned(kind, 1)
        self.bytes32(body)

    def finish(self) -> bytes:
        """All that was written."""
        return bytes(self._parts)


class Reader:
    """Takes bytes apart; a TraceError says in which file and at which byte they end."""

    def __init__(self, data: bytes, where: str, at: int = 0, end: int | None = None) -> None:
        self._data, self.where, self.at = data, where, at
        self._end = len(data) if end is None else end

    @property
    def left(self) -> int:
        """Bytes that are left."""
        return self._end - self.at

    def refuse(self, reason: str) -> TraceError:
        """The error for what stands here."""
        return TraceError(f"{self.where}, byte {self.at}: {reason}")

    def unsigned(self, size: int) -> int:
        """An integer of 1, 2, 4 or 8 bytes."""
        return int.from_bytes(self.raw(size), "big")

    def signed(self) -> int:
        """An i64."""
        return int.from_bytes(self.raw(8), "big", signed=True)

    def raw(self, count: int) -> bytes:
        """So many bytes."""
        if count > self.left:
            raise self.refuse(f"{count} bytes are needed and {self.left} are left")
        begin, self.at = self.at, self.at + count
        return self._data[begin : self.at]

    def bytes32(self) -> bytes:
        """A length and so many bytes."""
        return self.raw(self.unsigned(4))

    def list16(self, read: Callable[[], T]) -> tuple[T, ...]:
        """A count and so many items."""
        return tuple(read() for _ in range(self.unsigned(2)))

    def packet(self) -> Packet:
        """A port and a packet's bytes."""
        port = self.unsigned(2)
        return Packet(port, self.bytes32())

    def block(self) -> tuple[int, Reader]:
        """A kind and a reader of its body."""
        kind, length = self.unsigned(1), self.unsigned(4)
        if length > self.left:
            raise self.refuse(f"{length} bytes are needed and {self.left} are left")
        begin, self.at = self.at, self.at + length
        return kind, Reader(self._data, self.where, begin, self.at)

    def end(self) -> None:
        """Refuses bytes that are left over."""
        if self.left:
            raise self.refuse(f"{self.left} bytes too many")
