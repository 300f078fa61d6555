"""Writes docs/state-format.md from a VNF's state schema.

`python -m portvnf.state.docgen vepc --output docs/state-format.md`; a test compares the
file in the repository with what this gives.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import construct as cs

from portvnf.state import fields, image
from portvnf.state.schema import Moves, Schema, load_schema, type_name

_INTRODUCTION = """\
<!-- Generated from portvnf.state.{name} by portvnf.state.docgen: do not edit. -->

# State format of {name}, schema version {version}

Schema hash (SHA-256): `{sha256}`

All that an instance knows leaves it in this form, and only in this form. The artifact's own
code writes and reads it on every ISA; `portvnf image` reads it with construct. There is
exactly one encoding of a state: importing an image and exporting it again gives the same
bytes, on any ISA and engine, and bytes that no encoder would write are refused.

Integers are big-endian. `ipv4` and `ipv6` are addresses of 4 and 16 bytes, `prefix64` the
first 8 bytes of an IPv6 address; all zeros mean none. `octets[n]` are n bytes. `blob[..n]` and
`text[..n]` (printable ASCII) have a length in front, of one byte, or two where n is over 255;
`list[..n]` a count of one byte.

## Image file

| Part | Bytes | Contents |
|---|---|---|
{framing}

Sections stand in ascending order of their numbers. The flag 1 of a section says that a reader
that does not know the section must refuse the image; without it the section may be skipped.
A file is written under another name and renamed when it is complete.

## Sections
"""

_MOVES = {
    Moves.ONCE: "Moves once, while the source is frozen.",
    Moves.IN_ROUNDS: "Moves in rounds while the source serves, then what changed since.",
    Moves.AFTERWARDS: "Moves after the destination took over; a reader may skip it.",
    Moves.IN_DELTAS: "Only in the stream between two agents, never in an image.",
    Moves.AS_COMMAND: "Never moves: given to a running instance, which carries it out.",
}


def document(schema: Schema) -> str:
    """The whole page."""
    lines = [
        _INTRODUCTION.format(
            name=schema.name,
            version=schema.version,
            sha256=schema.sha256(),
            framing="\n".join(_framing()),
        )
    ]
    for section in schema.sections:
        lines += [f"### {section.number}. {section.name}", "", section.docs, ""]
        lines += [_MOVES[section.moves], ""]
        lines += [*_table(section.record), ""]
    lines += [
        "## Configuration record",
        "",
        "What `vnf_init` is given; the loader makes it from the TOML file.",
        "",
        *_table(schema.config),
        "",
    ]
    return "\n".join(lines)


def _framing() -> Iterator[str]:
    parts = (
        ("header", image.HEADER),
        ("each section", image.SECTION),
        ("trailer", image.TRAILER),
    )
    notes = {
        "magic": f"`{image.MAGIC.hex()}`",
        "format_version": str(image.FORMAT_VERSION),
        "byte_order": f"`{image.BYTE_ORDER:016x}`, a sentinel",
        "artifact_sha256": "SHA-256 of the artifact that ran",
        "crc32": "CRC-32 of the records",
        "length": "bytes of records, which follow",
        "end": f"`{image.END.hex()}`",
        "sha256": "SHA-256 of everything before the trailer",
    }
    for part, struct in parts:
        for member in struct.subcons:
            contents = (
                f"{member.name}: {notes[member.name]}" if member.name in notes else member.name
            )
            yield f"| {part} | {member.subcon.sizeof()} | {contents} |"


def _table(record: Any) -> Iterator[str]:
    yield "| Field | Type | Meaning |"
    yield "|---|---|---|"
    yield from _rows(record, "")


def _rows(record: Any, prefix: str) -> Iterator[str]:
    for name, kind, docs in fields.fields_of(record):
        inner = kind.record if isinstance(kind, fields.Listing) else kind
        yield f"| `{prefix}{name}` | {type_name(kind)} | {docs} |"
        if isinstance(inner, cs.Struct):
            mark = "[]" if isinstance(kind, fields.Listing) else ""
            yield from _rows(inner, f"{prefix}{name}{mark}.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("vnf")
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    options.output.write_text(document(load_schema(options.vnf)))


if __name__ == "__main__":
    main()
