"""A VNF's state schema: its sections, its configuration record, its hash."""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

import construct as cs

from portvnf.errors import ConfigError
from portvnf.state import fields


class Moves(Enum):
    """When a section's records move from one instance to another."""

    ONCE = "once"
    """Whole, while the source is frozen: there are few of them."""
    IN_ROUNDS = "in rounds"
    """While the source serves, then again what changed; what is referred to comes first."""
    AFTERWARDS = "afterwards"
    """Counters: left out of deltas, added to what is there on import."""
    IN_DELTAS = "in deltas"
    """Between two agents only, in front of a delta; never in an image."""
    AS_COMMAND = "as a command"
    """Never: imported into a running instance to make it do something."""


@dataclass(frozen=True)
class Section:
    """One kind of record, stored together."""

    number: int
    name: str
    record: Any
    docs: str
    moves: Moves = Moves.ONCE

    @property
    def in_image(self) -> bool:
        """Whether an image of the state has the section."""
        return self.moves not in (Moves.IN_DELTAS, Moves.AS_COMMAND)


@dataclass(frozen=True)
class Schema:
    """Everything that a VNF exports and imports. `records` names the shared parts."""

    name: str
    version: int
    ports: tuple[str, ...]
    """Names of the VNF's ports; the index is the port's number."""
    config: Any
    records: dict[str, Any]
    sections: tuple[Section, ...]

    def section(self, key: str | int) -> Section:
        """The section of that name or number; KeyError when there is none."""
        for section in self.sections:
            if key in (section.name, section.number):
                return section
        raise KeyError(key)

    @property
    def image_sections(self) -> tuple[Section, ...]:
        """The sections of an image, in the order in which they stand there."""
        return tuple(section for section in self.sections if section.in_image)

    def that_move(self, moves: Moves) -> tuple[str, ...]:
        """Names of the sections that move in this way, in order."""
        return tuple(section.name for section in self.sections if section.moves is moves)

    def sha256(self) -> str:
        """Digest of all that decides the encoding; the fields' meanings do not count."""
        return hashlib.sha256(self.describe().encode()).hexdigest()

    def describe(self) -> str:
        """All that decides the encoding, in lines; `description` reads them again."""
        lines = [f"schema {self.name} {self.version}"]
        for section in self.sections:
            lines += [self.section_line(section), *describe(section.record, "  ")]
        lines += ["config", *describe(self.config, "  ")]
        return "\n".join(lines)

    def section_line(self, section: Section) -> str:
        """The line of the description that begins a section."""
        return f"section {section.number} {section.name} {section.moves.value}"


# The modules that declare a SCHEMA, by VNF.
SCHEMAS = {"vepc": "portvnf.state.vepc"}


def load_schema(name: str) -> Schema:
    """The schema of a VNF of this package; a ConfigError for one that it does not know."""
    if name not in SCHEMAS:
        raise ConfigError(f"no state schema {name!r} is known, only {', '.join(SCHEMAS)}")
    schema: Schema = importlib.import_module(SCHEMAS[name]).SCHEMA
    return schema


def describe(record: Any, indent: str = "") -> Iterator[str]:
    """One line a field: name and type, nested records indented."""
    for name, kind, _ in fields.fields_of(record):
        yield f"{indent}{name}: {type_name(kind)}"
        if isinstance(kind, cs.Struct):
            yield from describe(kind, indent + "  ")
        elif isinstance(kind, fields.Listing) and isinstance(kind.record, cs.Struct):
            yield from describe(kind.record, indent + "  ")


def leaf_names(record: Any, prefix: str = "") -> Iterator[str]:
    """Dotted names of the fields that hold values, in the order in which C numbers them."""
    for name, kind, _ in fields.fields_of(record):
        if isinstance(kind, fields.Listing):
            yield prefix + name
            if isinstance(kind.record, cs.Struct):
                yield from leaf_names(kind.record, f"{prefix}{name}[].")
        elif isinstance(kind, cs.Struct):
            yield from leaf_names(kind, f"{prefix}{name}.")
        else:
            yield prefix + name


def type_name(kind: Any) -> str:
    """A field type in words, as in the documents and the schema hash."""
    match kind:
        case fields.Bounded():
            return f"{type_name(kind.subcon)} in {kind.low}..{kind.high}"
        case fields.Choice():
            names = ", ".join(f"{value}={name}" for name, value in kind.names.items())
            return f"{type_name(kind.subcon)} of {names}"
        case fields.Ipv4():
            return "ipv4"
        case fields.Ipv6():
            return "ipv6"
        case fields.Ip():
            return "ip"
        case fields.Prefix64():
            return "prefix64"
        case fields.Octets():
            return f"octets[{kind.size}]"
        case fields.Blob():
            return f"blob[..{kind.limit}]"
        case fields.Text():
            return f"text[..{kind.limit}]"
        case fields.Listing():
            return f"list[..{kind.limit}] of {type_name(kind.record)}"
        case cs.FormatField() if kind.fmtstr in (">B", ">H", ">L", ">Q"):
            return f"u{8 * kind.sizeof()}"
        case cs.Struct():
            return "record"
    raise TypeError(f"a state schema cannot hold {kind!r}")
