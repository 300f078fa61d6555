"""Images of earlier versions of a state schema: read by the version that wrote them, then
taken step by step to the one that is asked for, record by record with construct."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import construct as cs

from portvnf.errors import ImageError
from portvnf.state import image, versions
from portvnf.state.image import Image, SectionData
from portvnf.state.schema import Schema


@dataclass(frozen=True)
class Loaded:
    """An image in the version that was asked for."""

    image: Image
    written_as: Schema
    """The version that the file is of."""

    @property
    def upgraded(self) -> bool:
        """Whether the file is of an earlier version."""
        return self.written_as.version != self.image.schema.version

    def note(self, where: object) -> str:
        """What a user should know of an upgraded image."""
        new = self.image.schema
        return (
            f"{where} is of {new.name} state schema version {self.written_as.version}: "
            f"it was upgraded to version {new.version} as it was read"
        )


def read(path: Path, schema: Schema) -> Loaded:
    """Reads an image file of this version or an earlier one that is known."""
    return decode(image.read_bytes(path), schema, str(path))


def decode(data: bytes, schema: Schema, where: str) -> Loaded:
    """As `read`, of an image file's bytes; `where` names it in errors."""
    stated = image.stated_schema(data, where)
    written_as = versions.of_digest(stated.sha256)
    if written_as is None or versions.steps(written_as, schema) is None:
        written_as = schema  # image.decode says in which way it is another one
    given = image.decode(data, written_as, where)
    try:
        return Loaded(upgrade(given, schema), written_as)
    except ImageError as error:
        raise ImageError(f"{where}: {error}") from None


def upgrade(old: Image, schema: Schema) -> Image:
    """The same state in a later version of its schema; an ImageError says which record is not
    canonical, or that no steps lead there. The image itself, when it is of that version."""
    if old.schema.sha256() == schema.sha256():
        return old
    way = versions.steps(old.schema, schema)
    if way is None:
        raise ImageError(
            f"nothing leads from {old.schema.name} version {old.schema.version} to "
            f"{schema.name} version {schema.version}"
        )
    given = old
    for number, convert in enumerate(way, old.schema.version + 1):
        given = _built(convert(given), versions.load_version(schema.name, number), old)
    return given


def _built(parts: Mapping[str, Iterable[Mapping[str, Any]]], schema: Schema, old: Image) -> Image:
    sections = []
    for section in schema.image_sections:
        built = []
        for record in parts.get(section.name, ()):
            try:
                built.append(section.record.build(record))
            except cs.ConstructError as error:
                raise ImageError(
                    f"section {section.name}, record {len(built)} cannot be told in version "
                    f"{schema.version}: {image.reason(error)}"
                ) from None
        sections.append(SectionData(section.number, len(built), b"".join(built)))
    return image.build(schema, old.artifact_sha256, sections)
