"""What differs between two images, record by record and field by field."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import construct as cs

from portvnf.state.image import Image, records
from portvnf.state.schema import Section

# Fields that pass with time: two exports of one state differ in them.
_PASSING = ("remaining_ms", "remaining_ns", "uptime_ms")
_KEYS = {"gateway": (), "pool": ("apn", "family"), "path": ("peer", "plane")}


def differences(old: Image, new: Image) -> Iterator[str]:
    """One line for each record or field that is not the same; none for equal images."""
    if old.artifact_sha256 != new.artifact_sha256:
        yield f"artifact: {old.artifact_sha256 or 'none'} -> {new.artifact_sha256 or 'none'}"
    for section in old.schema.image_sections:
        yield from _section(section, old, new)


def _section(section: Section, old: Image, new: Image) -> Iterator[str]:
    if old.section(section.name).data == new.section(section.name).data:
        return
    before = _by_key(section, old)
    after = _by_key(section, new)
    for key, record in before.items():
        where = f"{section.name} {key}".rstrip()
        if key not in after:
            yield f"{where}: only in the first"
            continue
        values = dict(flatten(after[key]))
        for field, value in flatten(record):
            if values.get(field) != value and not field.endswith(_PASSING):
                yield f"{where}: {field}: {value} -> {values.get(field)}"
    for key in after.keys() - before.keys():
        yield f"{section.name} {key}: only in the second"
    if list(before) != list(after) and before.keys() == after.keys():
        yield f"{section.name}: the records stand in another order"


def _by_key(section: Section, image: Image) -> dict[str, Any]:
    """Records by what names them; those of one key are numbered."""
    found: dict[str, Any] = {}
    for record in records(image, section.name):
        key = name = key_of(section, record)
        number = 1
        while name in found:
            number += 1
            name = f"{key} ({number})"
        found[name] = record
    return found


def key_of(section: Section, record: Any) -> str:
    """What names a record among those of its section."""
    if section.name == "procedure":
        return f"{record.peer}:{record.port}/{record.message_type}/{record.sequence}"
    if section.name == "transaction":
        return f"{record.peer}/{record.message[2:4]}/{record.sequence}"
    if section.name == "filter":
        return f"{record.s1u_teid:#010x}/{record.match.identifier}"
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
