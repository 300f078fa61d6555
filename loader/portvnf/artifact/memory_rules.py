"""The rules on memory: byte order, and alignment above what the ABI grants.

Types are followed within a function. Memory that was declared as one thing may be used
as nothing else; a cast pointer may be handed to the memory routines and to nothing else,
unless it comes out of pv_native. So bytes (packets, records) stay bytes, and what lies in
the arena stays what it is. Structures assigned through two pointers are taken to be of
one type, as C demands.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

from portvnf.artifact.body import Body, Line, called, operands, value
from portvnf.artifact.ir_types import BYTE, POINTER, Type, Types
from portvnf.artifact.places import ARENA_ALIGN, NATIVE_ALIGN, Globals, Place, Places, alignment

# In portvnf/wire.h: the only functions that may see the bytes of a wider object.
WIRE_HELPERS = frozenset(
    ("pv_store_be16", "pv_store_be32", "pv_store_be64", "pv_host_is_little_endian")
)
_COPIES = ("memcpy", "memmove")
_ROUTINES = (*_COPIES, "memset", "memcmp")
_HARMLESS = ("llvm.lifetime", "llvm.prefetch")


class MemoryRules:
    """Both rules over one module; a function's places are found once for the two."""

    def __init__(self, lines: list[str]) -> None:
        """`lines`: the module's statements outside functions."""
        self._types = Types(lines)
        self._globals = Globals(self._types, lines)

    def check(self, body: Body) -> Iterator[tuple[str, str]]:
        """(rule's name, detail) of everything found in one function."""
        yield from _Function(self._types, self._globals, body).check()


class _Function:
    def __init__(self, types: Types, objects: Globals, body: Body) -> None:
        self._types = types
        self._places = Places(types, objects, body)
        self._body = body
        self._helper = body.original_name() in WIRE_HELPERS

    def check(self) -> Iterator[tuple[str, str]]:
        for line in self._body.lines:
            _, operation, rest = line
            if operation == "load":
                parts = operands(rest)
                kind = parts[0].rpartition("volatile ")[2].removeprefix("atomic ")
                yield from self._access(kind, parts[1], rest, "reads")
            elif operation == "store":
                parts = operands(rest)
                stored = value(parts[0])
                kind = parts[0][: len(parts[0]) - len(stored)].strip()
                kind = kind.rpartition("volatile ")[2].removeprefix("atomic ")
                yield from self._access(kind, parts[1], rest, "writes")
                yield from self._escapes([stored], "stores")
            elif operation == "call":
                yield from self._call(rest)
            elif operation in ("ret", "phi", "select", "insertvalue"):
                yield from self._passes_on(line)

    def _access(
        self, kind_text: str, pointer: str, rest: str, verb: str
    ) -> Iterator[tuple[str, str]]:
        kind = self._types.parse(kind_text)
        place = self._places.of(value(pointer))
        granted = self._types.align(kind)
        if place.clash:
            yield "byte-order", place.clash
        elif place.native:
            granted = NATIVE_ALIGN
        elif place.kind is None:
            if place.cast:
                yield "byte-order", f"{verb} {kind_text} through a cast pointer"
        else:
            granted = place.align
            if kind not in self._types.at(place.kind, place.offset):
                yield "byte-order", f"{verb} {kind_text} where another type was declared"
        claimed = alignment(rest, 1)
        if claimed > granted:
            yield "alignment", f"{verb} {kind_text} with align {claimed}, granted is {granted}"

    def _call(self, rest: str) -> Iterator[tuple[str, str]]:
        call = called(rest)
        if call is None:
            return
        name, arguments = call
        routine = name.split(".")[1] if name.startswith("llvm.mem") else name
        if routine in _ROUTINES:
            yield from self._routine(routine, arguments)
        elif not name.startswith(_HARMLESS):
            values = [value(text) for text in arguments if _is_pointer(text)]
            yield from self._escapes(values, f"passes {name}")

    def _passes_on(self, line: Line) -> Iterator[tuple[str, str]]:
        _, operation, rest = line
        if operation == "phi":
            values = [part.strip("[] ").split(",")[0] for part in operands(rest)]
            values = [text.rpartition(" ")[2].strip("[]") for text in values]
        else:
            values = [value(part) for part in operands(rest)]
        yield from self._escapes(values, "gives on")

    def _escapes(self, values: list[str], verb: str) -> Iterator[tuple[str, str]]:
        for name in values:
            if name.startswith("%"):
                definition = self._body.definitions.get(name)
                if definition is None or definition[1] not in ("bitcast", "getelementptr"):
                    continue
                place = self._places.of(name)
                if place.clash:
                    yield "byte-order", place.clash
                elif place.cast and not place.native:
                    yield "byte-order", f"{verb} a cast pointer"

    def _routine(self, routine: str, arguments: list[str]) -> Iterator[tuple[str, str]]:
        count = 1 if routine == "memset" else 2
        length = value(arguments[2]) if len(arguments) > 2 else ""
        places = [self._places.of(value(text)) for text in arguments[:count]]
        for place, text in zip(places, arguments, strict=False):
            claimed, granted = alignment(text, 1), self._granted(place)
            if claimed > granted:
                yield "alignment", f"{routine} with align {claimed}, granted is {granted}"
            if place.clash:
                yield "byte-order", place.clash
        if count == 2 and not self._helper:
            yield from self._unlike(routine, places, int(length) if length.isdigit() else None)

    def _granted(self, place: Place) -> int:
        if place.native:
            return NATIVE_ALIGN
        if place.kind is None and place.cast:
            return ARENA_ALIGN  # a structure's, of which the text does not show the type
        return 1 if place.kind is None else place.align

    def _unlike(
        self, routine: str, places: list[Place], length: int | None
    ) -> Iterator[tuple[str, str]]:
        possible = [self._can_be_bytes(place) for place in places]
        if all(possible):
            return
        if any(self._must_be_bytes(place) for place in places):
            yield "byte-order", f"{routine} between bytes and an object in host order"
        elif routine == "memcmp":
            yield "byte-order", "memcmp of objects in host order"
        elif not self._alike(places, length):
            yield "byte-order", f"{routine} between objects of unlike types"

    def _can_be_bytes(self, place: Place) -> bool:
        """Whether bytes begin there; an object that begins with a byte begins there too."""
        if place.kind is None or place.kind.kind in ("i1", "i8"):
            return self._must_be_bytes(place)
        return any(self._types.is_bytes(kind) for kind in self._types.at(place.kind, place.offset))

    def _must_be_bytes(self, place: Place) -> bool:
        if place.kind is None:
            return not place.cast
        if place.kind.kind in ("i1", "i8"):
            return True
        return all(self._types.is_bytes(kind) for kind in self._types.at(place.kind, place.offset))

    def _alike(self, places: list[Place], length: int | None) -> bool:
        first, second = (self._object(place) for place in places)
        if first is None or second is None or first == second:
            return True
        limit = length or max(self._types.size(first), self._types.size(second))
        pairs = zip_longest(self._types.scalars(first, limit), self._types.scalars(second, limit))
        return all(one == other for one, other in pairs)

    def _object(self, place: Place) -> Type | None:
        if place.kind is None:
            return None
        return next(iter(self._types.at(place.kind, place.offset)), BYTE)


def _is_pointer(argument: str) -> bool:
    kind = argument.split(" ", 1)[0]
    return kind == POINTER.kind or argument.split(" %", 1)[0].rstrip().find("*") >= 0
