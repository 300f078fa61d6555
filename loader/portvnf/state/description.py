"""A schema's description read back: the text that the schema hash is the digest of.

`portvnf schema describe` prints it, so that a released version can be kept as a file and
compared later, without the code that declared it. The types here are what the text says, no
more; `Schema.describe` writes it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from portvnf.errors import StateError
from portvnf.state.schema import Moves

RECORD = "record"
FIXED = ("ipv4", "ipv6", "ip", "prefix64")

_HEAD = re.compile(r"schema ([a-z][a-z0-9_]*) (\d{1,9})")
_SECTION = re.compile(r"section (\d{1,5}) ([a-z][a-z0-9_]*) ([A-Za-z ]+)")
_FIELD = re.compile(r"( +)([a-z][a-z0-9_]*): (.+)")
_INTEGER = re.compile(r"u(8|16|32|64)")
_RANGE = re.compile(r"u(8|16|32|64) in (\d{1,20})\.\.(\d{1,20})")
_CHOICE = re.compile(r"u(8|16|32|64) of ((?:\d{1,20}=\w+)(?:, \d{1,20}=\w+)*)")
_SIZED = re.compile(r"(octets|blob|text)\[(?:\.\.)?(\d{1,5})\]")
_LISTING = re.compile(r"list\[\.\.(\d{1,3})\] of (.+)")
# How version 1 of vepc said it: whether records are added up, whether they are in deltas only.
_FORMER_MOVES = {
    "False False": Moves.ONCE,
    "True False": Moves.AFTERWARDS,
    "False True": Moves.IN_DELTAS,
}


@dataclass(frozen=True)
class Integer:
    """An unsigned integer of so many bits in a range."""

    bits: int
    low: int
    high: int


@dataclass(frozen=True)
class Choice:
    """An integer that is one of some named values."""

    bits: int
    values: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Sized:
    """`octets`, `blob` or `text`, of exactly or at most so many bytes."""

    kind: str
    size: int


@dataclass(frozen=True)
class Listing:
    """At most so many of something."""

    limit: int
    inner: Type


Type = Integer | Choice | Sized | Listing | str
"""A str is one of FIXED, or RECORD, whose fields follow it."""


@dataclass(frozen=True)
class Field:
    """One field: its dotted name within its record, its type, and the text of that."""

    name: str
    type: Type
    text: str


@dataclass(frozen=True)
class DescribedSection:
    """A section's number and movement, and its fields, nested ones behind their record."""

    number: int
    name: str
    moves: Moves | None
    """None: the version that wrote the description did not say."""
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Description:
    """A whole schema as its description says it."""

    name: str
    version: int
    sections: tuple[DescribedSection, ...]
    config: tuple[Field, ...]
    sha256: str

    @property
    def title(self) -> str:
        """How it is called."""
        return f"{self.name}@{self.version}"


def parse(text: str, where: str) -> Description:
    """Reads a description; a StateError names the line that is none. `where` names the text."""
    text = text.removesuffix("\n")
    lines = text.split("\n")
    head = _HEAD.fullmatch(lines[0])
    if not head:
        raise StateError(f"{where} is no schema description: line 1 is not `schema NAME VERSION`")
    sections: list[DescribedSection] = []
    config: tuple[Field, ...] | None = None
    at = 1
    while at < len(lines):
        end = next((n for n in range(at + 1, len(lines)) if lines[n][:1] != " "), len(lines))
        fields = tuple(_fields(lines, at + 1, end, where))
        title = _SECTION.fullmatch(lines[at])
        if title and config is None:
            sections.append(_section(title, fields, where, at + 1))
        elif lines[at] == "config" and config is None:
            config = fields
        else:
            raise StateError(f"{where}, line {at + 1}: {lines[at]!r} is neither section nor config")
        at = end
    if config is None:
        raise StateError(f"{where} is cut short: its config is missing")
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Description(head[1], int(head[2]), tuple(sections), config, digest)


def _section(
    title: re.Match[str], fields: tuple[Field, ...], where: str, line: int
) -> DescribedSection:
    word = title[3]
    former = _FORMER_MOVES.get(word)
    if former is None and word not in {moves.value for moves in Moves}:
        raise StateError(f"{where}, line {line}: no section moves {word!r}")
    moves = None if former is Moves.ONCE else former or Moves(word)
    return DescribedSection(int(title[1]), title[2], moves, fields)


def _fields(lines: list[str], begin: int, end: int, where: str) -> Iterator[Field]:
    """Fields with dotted names; two spaces more are one record deeper."""
    above: list[str] = []
    for number in range(begin, end):
        found = _FIELD.fullmatch(lines[number])
        depth = (len(found[1]) // 2 - 1) if found else 0
        if not found or len(found[1]) % 2 or depth > len(above):
            raise StateError(f"{where}, line {number + 1}: {lines[number]!r} is no field here")
        try:
            kind = _type(found[3])
        except ValueError:
            raise StateError(f"{where}, line {number + 1}: {found[3]!r} is no type") from None
        del above[depth:]
        yield Field("".join(above) + found[2], kind, found[3])
        if kind == RECORD:
            above.append(f"{found[2]}.")
        elif isinstance(kind, Listing) and kind.inner == RECORD:
            above.append(f"{found[2]}[].")


def _type(text: str) -> Type:
    if text in FIXED or text == RECORD:
        return text
    if found := _INTEGER.fullmatch(text):
        return Integer(int(found[1]), 0, (1 << int(found[1])) - 1)
    if found := _RANGE.fullmatch(text):
        return Integer(int(found[1]), int(found[2]), int(found[3]))
    if found := _CHOICE.fullmatch(text):
        pairs = [pair.split("=") for pair in found[2].split(", ")]
        return Choice(int(found[1]), tuple((name, int(value)) for value, name in pairs))
    if found := _SIZED.fullmatch(text):
        return Sized(found[1], int(found[2]))
    if found := _LISTING.fullmatch(text):
        return Listing(int(found[1]), _type(found[2]))
    raise ValueError(text)
