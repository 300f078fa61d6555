"""The field types that a state schema is made of: construct classes that C can be generated from.

Each type has exactly one encoding for each value and refuses every other byte sequence, so
that two encoders, ours in C and construct's, always agree to the byte. Integers are
big-endian. Errors are construct's own (`ConstructError`); `image` turns them into sentences.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address
from typing import Any

import construct as cs

U8 = cs.Int8ub
U16 = cs.Int16ub
U32 = cs.Int32ub
U64 = cs.Int64ub


class Bounded(cs.Validator):  # type: ignore[misc]
    """An integer between `low` and `high`, both included."""

    def __init__(self, subcon: Any, low: int, high: int) -> None:
        super().__init__(subcon)
        self.low = low
        self.high = high

    def _validate(self, obj: int, context: Any, path: str) -> bool:
        return self.low <= obj <= self.high


class Choice(cs.Adapter):  # type: ignore[misc]
    """An integer that is one of the named values; in Python it is the name."""

    def __init__(self, subcon: Any, **names: int) -> None:
        super().__init__(subcon)
        self.names = names
        self._by_value = {value: name for name, value in names.items()}

    def _decode(self, obj: int, context: Any, path: str) -> str:
        if obj not in self._by_value:
            raise cs.ValidationError(f"{obj} is none of {sorted(self._by_value)}", path=path)
        return self._by_value[obj]

    def _encode(self, obj: str, context: Any, path: str) -> int:
        if obj not in self.names:
            raise cs.ValidationError(f"{obj!r} is none of {sorted(self.names)}", path=path)
        return self.names[obj]


# What stands for no address in records.
NO_IPV4, NO_IP, NO_PREFIX64 = "0.0.0.0", "::", "::/64"


class Ipv4(cs.Adapter):  # type: ignore[misc]
    """An IPv4 address in 4 bytes; 0.0.0.0 stands for none."""

    def __init__(self) -> None:
        super().__init__(U32)

    def _decode(self, obj: int, context: Any, path: str) -> str:
        return str(IPv4Address(obj))

    def _encode(self, obj: str, context: Any, path: str) -> int:
        return int(IPv4Address(obj))


class Ipv6(cs.Adapter):  # type: ignore[misc]
    """An IPv6 address in 16 bytes; :: stands for none."""

    def __init__(self) -> None:
        super().__init__(cs.Bytes(16))

    def _decode(self, obj: bytes, context: Any, path: str) -> str:
        return str(IPv6Address(obj))

    def _encode(self, obj: str, context: Any, path: str) -> bytes:
        return IPv6Address(obj).packed


class Ip(cs.Adapter):  # type: ignore[misc]
    """An address of either family in 16 bytes, IPv4 mapped (RFC 4291, 2.5.5.2); :: for none."""

    def __init__(self) -> None:
        super().__init__(cs.Bytes(16))

    def _decode(self, obj: bytes, context: Any, path: str) -> str:
        address = IPv6Address(obj)
        return str(address.ipv4_mapped or address)

    def _encode(self, obj: str, context: Any, path: str) -> bytes:
        address = IPv6Address(obj if ":" in obj else f"::ffff:{IPv4Address(obj)}")
        return address.packed


class Prefix64(cs.Adapter):  # type: ignore[misc]
    """The first 64 bits of an IPv6 address, written `address/64`; ::/64 stands for none."""

    def __init__(self) -> None:
        super().__init__(U64)

    def _decode(self, obj: int, context: Any, path: str) -> str:
        return f"{IPv6Address(obj << 64)}/64"

    def _encode(self, obj: str, context: Any, path: str) -> int:
        address, _, length = obj.partition("/")
        value = int(IPv6Address(address))
        if length != "64" or value & ((1 << 64) - 1):
            raise cs.ValidationError(f"{obj!r} is not a /64 prefix", path=path)
        return value >> 64


class Octets(cs.Adapter):  # type: ignore[misc]
    """Exactly `size` bytes, in Python a hexadecimal string."""

    def __init__(self, size: int) -> None:
        super().__init__(cs.Bytes(size))
        self.size = size

    def _decode(self, obj: bytes, context: Any, path: str) -> str:
        return bytes(obj).hex()

    def _encode(self, obj: str, context: Any, path: str) -> bytes:
        return bytes.fromhex(obj)


class _Sized(cs.Construct):  # type: ignore[misc]
    """A length and so many bytes, at most `limit` of them."""

    length_field: Any

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit
        self.length_field = U8 if limit < 256 else U16

    def _check(self, length: int, path: str) -> None:
        if length > self.limit:
            raise cs.ValidationError(f"length {length} is over {self.limit}", path=path)

    def _read(self, stream: Any, path: str) -> bytes:
        length = self.length_field.parse_stream(stream)
        self._check(length, path)
        return bytes(cs.stream_read(stream, length, path))

    def _write(self, data: bytes, stream: Any, path: str) -> None:
        self._check(len(data), path)
        self.length_field.build_stream(len(data), stream)
        cs.stream_write(stream, data, len(data), path)


class Blob(_Sized):
    """Up to `limit` bytes of any value, in Python a hexadecimal string."""

    def _parse(self, stream: Any, context: Any, path: str) -> str:
        return self._read(stream, path).hex()

    def _build(self, obj: str, stream: Any, context: Any, path: str) -> str:
        self._write(bytes.fromhex(obj), stream, path)
        return obj


class Text(_Sized):
    """Up to `limit` printable ASCII characters without spaces."""

    def _parse(self, stream: Any, context: Any, path: str) -> str:
        data = self._read(stream, path)
        if any(not 0x21 <= octet <= 0x7E for octet in data):
            raise cs.ValidationError("a character is not printable ASCII", path=path)
        return data.decode("ascii")

    def _build(self, obj: str, stream: Any, context: Any, path: str) -> str:
        if any(not 0x21 <= ord(character) <= 0x7E for character in obj):
            raise cs.ValidationError("a character is not printable ASCII", path=path)
        self._write(obj.encode("ascii"), stream, path)
        return obj


class Listing(cs.Construct):  # type: ignore[misc]
    """A count in one byte and so many records or plain fields, at most `limit`."""

    def __init__(self, limit: int, record: Any) -> None:
        super().__init__()
        self.limit = limit
        self.record = record

    def _parse(self, stream: Any, context: Any, path: str) -> list[Any]:
        count = U8.parse_stream(stream)
        if count > self.limit:
            raise cs.ValidationError(f"count {count} is over {self.limit}", path=path)
        return [self.record._parsereport(stream, context, path) for _ in range(count)]

    def _build(self, obj: list[Any], stream: Any, context: Any, path: str) -> list[Any]:
        if len(obj) > self.limit:
            raise cs.ValidationError(f"count {len(obj)} is over {self.limit}", path=path)
        U8.build_stream(len(obj), stream)
        for item in obj:
            self.record._build(item, stream, context, path)
        return obj


def fields_of(record: Any) -> Iterator[tuple[str, Any, str]]:
    """Name, type and description of each field of a construct Struct, in order."""
    for member in record.subcons:
        docs = member.docs
        kind = member
        while isinstance(kind, cs.Renamed):
            kind = kind.subcon
        yield member.name, kind, docs
