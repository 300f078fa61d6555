"""What differs between two images, record by record and field by field."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import construct as cs

from portvnf.state.image import Image, records
from portvnf.state.schema import Section

_KEYS = {"gateway": (), "pool": ("apn", "family"), "path": ("ipv4", "plane")}


def differences(old: Image, new: Image) -> Iterator[str]:
    """One line for each record or field that is not the same; none for equal images."""
    if old.artifact_sha256 != new.artifact_sha256:
        yield f"artifact: {old.artifact_sha256 or 'none'} -> {new.artifact_sha256 or 'none'}"
    for section in old.schema.image_sections:
        yield from _section(section, old, new)


def _section(section: Section, old: Image, new: Image) -> Iterator[str]:
    if old.section(section.name).data == new.section(section.name).data:
        return
    before = {key_of(section, record): record for record in records(old, section.name)}
    after = {key_of(section, record): record for record in records(new, section.name)}
    for key, record in before.items():
        where = f"{section.name} {key}".rstrip()
        if key not in after:
            yield f"{where}: only in the first"
            continue
        values = dict(flatten(after[key]))
        for field, value in flatten(record):
            if values.get(field) != value:
                yield f"{where}: {field}: {value} -> {values.get(field)}"
    for key in after.keys() - before.keys():
        yield f"{section.name} {key}: only in the second"
    if list(before) != list(after) and before.keys() == after.keys():
        yield f"{section.name}: the records stand in another order"


def key_of(section: Section, record: Any) -> str:
    """What names a record among those of its section."""
    if section.name == "procedure":
        return f"{record.peer}:{record.port}/{record.message_type}/{record.sequence}"
    if section.name in _KEYS:
        return "/".join(str(record[field]) for field in _KEYS[section.name])
    first = section.record.subcons[0].name
    return f"{record[first]:#010x}"


def flatten(record: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted field names and values of a record."""
    for name, value in record.items():
        if name == "_io":
            continue
        if isinstance(value, cs.Container):
            yield from flatten(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value
