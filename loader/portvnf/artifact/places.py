"""What a pointer points to, as far as a function's own text shows.

A place is an object of known type with an offset, or memory of which nothing is known
but the type that it is used as. Both generations of LLVM's text give the same places:
what LLVM 14 says of pointers' types is never used.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from math import gcd

from portvnf.artifact.body import Body, called, operands, original, value
from portvnf.artifact.ir_types import BYTE, Type, Types

NATIVE_HELPER = "pv_native"
ARENA_ALIGN = 64  # what vnf_init is promised; a structure in the arena may build on it
NATIVE_ALIGN = 8

_ALIGN = re.compile(r"\balign (\d+)")
_FLAGS = re.compile(r"^(?:(?:inbounds|nusw|nuw) )+")
_NUMBER = re.compile(r"-?\d+")


@dataclass(frozen=True)
class Place:
    """Where a pointer points."""

    kind: Type | None = None  # the object; None: unknown
    offset: int = 0
    align: int = 1  # of the place itself, where kind is known
    cast: bool = False  # reached through a bitcast in this function
    native: bool = False  # declared by pv_native
    clash: str = ""  # how the way there contradicts the object's type


UNKNOWN = Place()


@dataclass(frozen=True)
class _Step:
    """What a getelementptr of one type and one set of indices does."""

    offset: int | None  # None: an index is not constant
    granule: int  # every offset is a multiple of it; 0: of anything
    leaf: Type


def alignment(text: str, default: int) -> int:
    """The alignment that an instruction's text states."""
    match = _ALIGN.search(text)
    return int(match.group(1)) if match else default


class Globals:
    """The module's global objects, as places."""

    def __init__(self, types: Types, lines: list[str]) -> None:
        self._places: dict[str, Place] = {}
        for line in lines:
            match = re.match(r"(@\S+) = .*?\b(?:constant|global) (.*)$", line)
            if match:
                kind = types.parse(_leading_type(match.group(2)))
                align = alignment(match.group(2), types.align(kind))
                self._places[match.group(1)] = Place(kind, 0, align)

    def find(self, name: str) -> Place:
        return self._places.get(name, UNKNOWN)


def _leading_type(text: str) -> str:
    # The initialiser follows the type: "[5 x i8] c"..."", "i64 0", "%struct.x { ... }".
    depth = 0
    for at, mark in enumerate(text):
        if mark in "[{<(":
            depth += 1
        elif mark in "]}>)":
            depth -= 1
        elif mark == " " and depth == 0:
            return text[:at]
    return text


class Places:
    """The places of one function's pointers."""

    def __init__(self, types: Types, objects: Globals, body: Body) -> None:
        self._types = types
        self._objects = objects
        self._definitions = body.definitions
        self._known: dict[str, Place] = {}

    def of(self, name: str) -> Place:
        """The place of a value: %name, @name or a constant expression over one."""
        known = self._known.get(name)
        if known is None:
            self._known[name] = UNKNOWN  # for a value that depends on itself
            known = self._known[name] = self._find(name)
        return known

    def _find(self, name: str) -> Place:
        if name.startswith("@"):
            return self._objects.find(name)
        if not name.startswith("%"):
            return self._constant(name)
        line = self._definitions.get(name)
        if line is None:
            return UNKNOWN
        _, operation, rest = line
        if operation == "alloca":
            parts = operands(rest)
            kind = self._types.parse(parts[0])
            return Place(kind, 0, alignment(rest, self._types.align(kind)))
        if operation == "getelementptr":
            return self._element(_FLAGS.sub("", rest), constant=False)
        if operation == "bitcast":
            return self._cast(value(rest.rpartition(" to ")[0]))
        return UNKNOWN

    def _constant(self, text: str) -> Place:
        inner = text[text.find("(") + 1 : -1]
        if text.startswith("getelementptr"):
            return self._element(inner, constant=True)
        if text.startswith("bitcast"):
            return self.of(value(inner.rpartition(" to ")[0]))
        return UNKNOWN

    def _cast(self, source: str) -> Place:
        line = self._definitions.get(source)
        if line is not None and line[1] == "call":
            call = called(line[2])
            if call and original(call[0]) == NATIVE_HELPER:
                return Place(cast=True, native=True)
        return replace(self.of(source), cast=True)

    def _element(self, text: str, constant: bool) -> Place:
        parts = operands(text)
        base = self.of(value(parts[1]))
        source = self._types.parse(parts[0])
        step = self._step(source, parts[2:])
        if base.kind is None:
            start = self._granted(source)
            align = gcd(start, step.offset or 0, step.granule)
            clash = ""
            if base.cast and not base.native:
                clash = base.clash or f"walks through {_spell(source)} behind a cast pointer"
            return Place(step.leaf, 0, align, clash=clash)
        clash = base.clash
        if not constant and not clash and source not in self._types.at(base.kind, base.offset):
            clash = f"treats {_spell(base.kind)} as {_spell(source)}"
        align = gcd(base.align, step.offset or 0, step.granule)
        if step.offset is not None:
            offset = base.offset + step.offset
            if 0 <= offset < self._types.size(base.kind):
                return Place(base.kind, offset, align, clash=clash)
            if base.kind.is_scalar:  # one element of an array whose length is not known
                return Place(base.kind, 0, align, clash=clash)
        return Place(step.leaf, 0, align, clash=clash)

    def _granted(self, source: Type) -> int:
        # A structure declared with a larger alignment is as long as a multiple of it.
        if source.kind == "struct":
            return gcd(self._types.size(source), ARENA_ALIGN) or 1
        return self._types.align(source)

    def _step(self, source: Type, indices: list[str]) -> _Step:
        offset, granule, varies, leaf = 0, 0, False, source
        for number, text in enumerate(indices):
            index = value(text)
            if number and leaf.kind == "struct":
                at = int(index)
                offset += self._types.layout(leaf)[2][at]
                leaf = leaf.parts[at]
                continue
            if number:
                leaf = leaf.parts[0] if leaf.parts else BYTE
            stride = self._types.size(leaf)
            if _NUMBER.fullmatch(index):
                offset += int(index) * stride
            else:
                varies = True
                granule = gcd(granule, stride)
        return _Step(None if varies else offset, gcd(granule, offset), leaf)


def _spell(kind: Type) -> str:
    if kind.kind == "array":
        return f"[{kind.count} x {_spell(kind.parts[0])}]"
    return "a structure" if kind.kind == "struct" else kind.kind
