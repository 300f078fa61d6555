"""Image files: the canonical state of one instance, framed and guarded.

    header    magic, format version, byte-order sentinel, schema and artifact digests
    sections  number, flags, record count, length, CRC-32, records
    trailer   end sentinel, SHA-256 of everything before it

All integers are big-endian. The records are the VNF's own export, untouched; construct
reads and writes the framing, and the records when a person asks to see them. Reader and
writer stand side by side, part for part.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import construct as cs

from portvnf import durable
from portvnf.errors import ImageError
from portvnf.state.schema import Moves, Schema, Section, leaf_names

FORMAT_VERSION = 1
MUST_UNDERSTAND = 1

# A text-mode copy damages the line ends in it, a 7-bit one its first byte.
MAGIC = b"\x89PVI\r\n\x1a\n"
BYTE_ORDER = 0x0102030405060708
END = b"PVI-END\n"

HEADER = cs.Struct(
    "magic" / cs.Bytes(8),
    "format_version" / cs.Int16ub,
    "section_count" / cs.Int16ub,
    "schema_version" / cs.Int32ub,
    "byte_order" / cs.Int64ub,
    "schema_sha256" / cs.Bytes(32),
    "artifact_sha256" / cs.Bytes(32),
)
SECTION = cs.Struct(
    "number" / cs.Int16ub,
    "flags" / cs.Int16ub,
    "crc32" / cs.Int32ub,
    "records" / cs.Int64ub,
    "length" / cs.Int64ub,
)
TRAILER = cs.Struct("end" / cs.Bytes(8), "sha256" / cs.Bytes(32))


@dataclass(frozen=True)
class SectionData:
    """One section's records as they stand in the file."""

    number: int
    records: int
    data: bytes


@dataclass(frozen=True)
class StatedSchema:
    """What an image's header says of its schema."""

    version: int
    sha256: str


@dataclass(frozen=True)
class Image:
    """An image whose framing was found sound."""

    schema: Schema
    artifact_sha256: str  # "" when the instance ran without an artifact
    sections: tuple[SectionData, ...]

    def section(self, name: str) -> SectionData:
        """A section by name; an empty one when the image lacks it."""
        number = self.schema.section(name).number
        for section in self.sections:
            if section.number == number:
                return section
        return SectionData(number, 0, b"")


def _flags(section: Section) -> int:
    return 0 if section.moves is Moves.AFTERWARDS else MUST_UNDERSTAND


def encode(image: Image) -> bytes:
    """The bytes of an image file."""
    parts = [
        HEADER.build(
            {
                "magic": MAGIC,
                "format_version": FORMAT_VERSION,
                "section_count": len(image.sections),
                "schema_version": image.schema.version,
                "byte_order": BYTE_ORDER,
                "schema_sha256": bytes.fromhex(image.schema.sha256()),
                "artifact_sha256": bytes.fromhex(image.artifact_sha256 or "00" * 32),
            }
        )
    ]
    for section in image.sections:
        frame = {
            "number": section.number,
            "flags": _flags(image.schema.section(section.number)),
            "crc32": zlib.crc32(section.data),
            "records": section.records,
            "length": len(section.data),
        }
        parts += [SECTION.build(frame), section.data]
    body = b"".join(parts)
    trailer: bytes = TRAILER.build({"end": END, "sha256": hashlib.sha256(body).digest()})
    return body + trailer


def decode(data: bytes, schema: Schema, where: str) -> Image:
    """Checks an image file's bytes against a schema; `where` names it in errors."""
    header = _decode_header(data, where)
    _check_schema(StatedSchema(header.schema_version, header.schema_sha256.hex()), schema, where)
    if len(data) < HEADER.sizeof() + TRAILER.sizeof():
        raise ImageError(f"{where} ends in its header: it is cut short")
    body = memoryview(data)[: -TRAILER.sizeof()]
    trailer = TRAILER.parse(data[-TRAILER.sizeof() :])
    if trailer.end != END:
        raise ImageError(f"{where} has no end mark: it is cut short or was added to")
    if trailer.sha256 != hashlib.sha256(body).digest():
        raise ImageError(f"{where} is damaged: its SHA-256 is not the one that it states")
    sections = tuple(_decode_sections(body, header.section_count, schema, where))
    artifact = header.artifact_sha256.hex() if any(header.artifact_sha256) else ""
    return Image(schema, artifact, sections)


def stated_schema(data: bytes, where: str) -> StatedSchema:
    """The schema that an image file says it is of."""
    header = _decode_header(data, where)
    return StatedSchema(header.schema_version, header.schema_sha256.hex())


def _check_schema(stated: StatedSchema, schema: Schema, where: str) -> None:
    if stated.sha256 == schema.sha256():
        return
    if stated.version > schema.version:
        raise ImageError(
            f"{where} is of state schema version {stated.version}, which is newer than this "
            f"host's {schema.name} version {schema.version}: a newer portvnf loads it"
        )
    raise ImageError(
        f"{where} is of another state schema (version {stated.version}, "
        f"{stated.sha256[:12]}); this VNF's is {schema.name} version "
        f"{schema.version}, {schema.sha256()[:12]}"
    )


def _decode_header(data: bytes, where: str) -> Any:
    if data[: len(MAGIC)] != MAGIC:
        raise ImageError(f"{where} is not a portvnf image")
    try:
        header = HEADER.parse(data)
    except cs.StreamError:
        raise ImageError(f"{where} ends in its header: it is cut short") from None
    if header.format_version != FORMAT_VERSION:
        raise ImageError(
            f"{where} has image format {header.format_version}; this host reads {FORMAT_VERSION}"
        )
    if header.byte_order != BYTE_ORDER:
        raise ImageError(f"{where} is damaged: its byte-order sentinel is wrong")
    return header


def _decode_sections(
    body: memoryview, count: int, schema: Schema, where: str
) -> Iterator[SectionData]:
    at = HEADER.sizeof()
    known = {section.number: section for section in schema.image_sections}
    previous = 0
    for _ in range(count):
        if at + SECTION.sizeof() > len(body):
            raise ImageError(f"{where} has fewer than the {count} sections that it states")
        frame = SECTION.parse(body[at : at + SECTION.sizeof()])
        at += SECTION.sizeof()
        if frame.length > len(body) - at:
            raise ImageError(f"{where}, section {frame.number}: it is longer than the file")
        data = bytes(body[at : at + frame.length])
        at += frame.length
        if zlib.crc32(data) != frame.crc32:
            raise ImageError(f"{where}, section {frame.number}: its CRC-32 is wrong")
        if frame.number <= previous:
            raise ImageError(f"{where}, section {frame.number}: sections are out of order")
        previous = frame.number
        section = known.get(frame.number)
        if section is None and frame.flags & MUST_UNDERSTAND:
            raise ImageError(f"{where}, section {frame.number}: this VNF does not know it")
        if section is not None and frame.flags != _flags(section):
            raise ImageError(f"{where}, section {frame.number}: its flags are not canonical")
        if section is not None:
            yield SectionData(frame.number, frame.records, data)
    if at != len(body):
        raise ImageError(f"{where} has {len(body) - at} bytes behind its last section")


def write(path: Path, image: Image) -> int:
    """Writes an image file, whole or not at all. Returns its size in bytes."""
    data = encode(image)
    try:
        durable.replace(path, data)
    except OSError as error:
        raise ImageError(f"cannot write {path}: {error.strerror or error}") from None
    return len(data)


def read(path: Path, schema: Schema) -> Image:
    """Reads an image file and checks its framing; the records are checked when used."""
    return decode(read_bytes(path), schema, str(path))


def read_bytes(path: Path) -> bytes:
    """An image file's bytes, unchecked."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ImageError(f"cannot read {path}: {error.strerror or error}") from None


def records(image: Image, name: str) -> Iterator[Any]:
    """A section's records by construct, in order; each is checked to be canonical."""
    section = image.schema.section(name)
    content = image.section(name)
    stream = cs.io.BytesIO(content.data)
    number = 0
    while stream.tell() < len(content.data):
        begin = stream.tell()
        where = f"section {name}, record {number} (byte {begin})"
        try:
            record = section.record.parse_stream(stream)
            again = section.record.build(record)
        except cs.ConstructError as error:
            raise ImageError(f"{where}: {reason(error)}") from None
        if again != content.data[begin : stream.tell()]:
            raise ImageError(f"{where} is not in canonical form")
        yield record
        number += 1
    if number != content.records:
        raise ImageError(f"section {name} has {number} records but states {content.records}")


def reason(error: cs.ConstructError) -> str:
    """The field and what is wrong with it, of an error of construct."""
    path = (error.path or "").removeprefix("(parsing)").replace(" -> ", ".").strip(". ")
    text = str(error).strip().splitlines()[-1]
    return f"{path}: {text}" if path else text


def build(image_schema: Schema, artifact_sha256: str, parts: Iterable[SectionData]) -> Image:
    """An image of these sections, in the schema's order."""
    return Image(image_schema, artifact_sha256, tuple(sorted(parts, key=lambda p: p.number)))


def field_name(section: Section, number: int) -> str:
    """The name of a field by the number that vnf_import gives (from 1; 0: the record)."""
    names = list(leaf_names(section.record))
    return names[number - 1] if 1 <= number <= len(names) else "record"
