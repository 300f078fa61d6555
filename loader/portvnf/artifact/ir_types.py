"""LLVM types as LP64 lays them out: sizes, alignments, and what stands at an offset.

Pointers are just "ptr", as in newer LLVMs: what LLVM 14's text says they point to is
dropped, so that both generations of text mean the same to every rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_WORD = re.compile(r"\s*(%\"[^\"\n]*\"|%[-\w.$]+|[A-Za-z_]\w*|\d+|\.\.\.|<\{|\}>|.)")
_TYPE_LINE = re.compile(r"^(%(?:\"[^\"\n]*\"|[-\w.$]+)) = type (.*)$")
_POINTER_BYTES = 8
_MOST_ALIGNED = 8  # no type of an LP64 artifact asks for more


@dataclass(frozen=True)
class Type:
    """A type: a scalar ("i32", "ptr", ...), or an array or structure of others."""

    kind: str
    parts: tuple[Type, ...] = ()
    count: int = 0  # of an array
    packed: bool = False

    def __post_init__(self) -> None:
        # Types are keys all over; the hash of a nested one is worth keeping.
        object.__setattr__(self, "_hash", hash((self.kind, self.parts, self.count, self.packed)))

    def __hash__(self) -> int:
        return int(self.__dict__["_hash"])

    @property
    def is_scalar(self) -> bool:
        return self.kind not in ("array", "struct")


BYTE = Type("i8")
POINTER = Type("ptr")


class Types:
    """The types of one module: its named structures, and the layouts seen so far."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._named: dict[str, str] = {}
        self._types: dict[str, Type] = {}
        self._layouts: dict[Type, tuple[int, int, tuple[int, ...]]] = {}
        self._prefixes: dict[tuple[Type, int], tuple[Type, ...]] = {}
        for line in lines:
            match = _TYPE_LINE.match(line)
            if match:
                self._named[match.group(1)] = match.group(2)

    def parse(self, text: str) -> Type:
        """The type that `text` spells."""
        known = self._types.get(text)
        if known is None:
            known = self._types[text] = self._read(text)
        return known

    def _read(self, text: str) -> Type:
        if text.endswith("*") or text == "ptr":
            return POINTER
        return _Reader(text, self).type()

    def named(self, name: str) -> Type:
        """A structure by its name; recursion runs through pointers only, which stay closed."""
        return self.parse(self._named[name]) if name in self._named else Type("opaque")

    def layout(self, kind: Type) -> tuple[int, int, tuple[int, ...]]:
        """(size, alignment, offsets of a structure's members), in bytes."""
        known = self._layouts.get(kind)
        if known is None:
            known = self._layouts[kind] = self._lay_out(kind)
        return known

    def _lay_out(self, kind: Type) -> tuple[int, int, tuple[int, ...]]:
        if kind.kind == "array":
            size, align, _ = self.layout(kind.parts[0])
            return size * kind.count, align, ()
        if kind.kind == "struct":
            at, most, offsets = 0, 1, []
            for part in kind.parts:
                size, align, _ = self.layout(part)
                align = 1 if kind.packed else align
                at = -(-at // align) * align
                offsets.append(at)
                at, most = at + size, max(most, align)
            return -(-at // most) * most, most, tuple(offsets)
        if re.fullmatch(r"i\d+", kind.kind):
            size = 1
            while size * 8 < int(kind.kind[1:]):
                size *= 2
        else:
            size = _POINTER_BYTES
        return size, min(size, _MOST_ALIGNED), ()

    def size(self, kind: Type) -> int:
        return self.layout(kind)[0]

    def align(self, kind: Type) -> int:
        return self.layout(kind)[1]

    def at(self, kind: Type, offset: int) -> tuple[Type, ...]:
        """Every type that begins `offset` bytes into an object, outermost first."""
        key = (kind, offset)
        known = self._prefixes.get(key)
        if known is None:
            known = self._prefixes[key] = tuple(self._descend(kind, offset))
        return known

    def _descend(self, kind: Type, offset: int) -> Iterator[Type]:
        if offset == 0:
            yield kind
        if offset >= self.size(kind):
            return
        if kind.kind == "array":
            inner = kind.parts[0]
            yield from self.at(inner, offset % max(self.size(inner), 1))
        elif kind.kind == "struct":
            offsets = self.layout(kind)[2]
            for part, start in zip(kind.parts, offsets, strict=True):
                if start <= offset < start + self.size(part):
                    yield from self.at(part, offset - start)

    def scalars(self, kind: Type, limit: int) -> Iterator[tuple[int, str]]:
        """The scalars of an object, in order, as (offset, name), up to `limit` bytes."""
        if kind.is_scalar:
            yield 0, kind.kind
            return
        if kind.kind == "array":
            stride = self.size(kind.parts[0])
            members = ((n * stride, kind.parts[0]) for n in range(kind.count))
        else:
            members = (pair for pair in zip(self.layout(kind)[2], kind.parts, strict=True))
        for start, part in members:
            if start >= limit:
                return
            for offset, name in self.scalars(part, limit - start):
                yield start + offset, name

    def is_bytes(self, kind: Type) -> bool:
        """Whether an object consists of bytes alone."""
        return kind == BYTE or (
            not kind.is_scalar and all(self.is_bytes(part) for part in kind.parts)
        )


class _Reader:
    def __init__(self, text: str, types: Types) -> None:
        self._words = [match.group(1) for match in _WORD.finditer(text) if match.group(1).strip()]
        self._at = 0
        self._types = types

    def _peek(self) -> str:
        return self._words[self._at] if self._at < len(self._words) else ""

    def _next(self) -> str:
        word = self._peek()
        self._at += 1
        return word

    def type(self) -> Type:
        found = self._base(self._next())
        while True:
            word = self._peek()
            if word == "*":
                self._next()
                found = POINTER
            elif word == "(":  # a function type: only ever behind a pointer
                self._skip_parentheses()
                found = Type("function")
            elif word == "addrspace":
                self._next()
                self._skip_parentheses()
            else:
                return found

    def _base(self, word: str) -> Type:
        if word.startswith("%"):
            return self._types.named(word) if self._peek() != "*" else Type("opaque")
        if word in ("[", "<"):
            count = int(self._next())
            self._next()  # x
            inner = self.type()
            self._next()
            return Type("array" if word == "[" else "vector", (inner,), count)
        if word in ("{", "<{"):
            parts = []
            while self._peek() not in ("}", "}>", ""):
                parts.append(self.type())
                if self._peek() == ",":
                    self._next()
            self._next()
            return Type("struct", tuple(parts), packed=word == "<{")
        return Type(word)

    def _skip_parentheses(self) -> None:
        depth = 0
        while self._peek():
            word = self._next()
            depth += (word == "(") - (word == ")")
            if depth == 0:
                return
