"""The first thing in which two results of one trace differ, by name."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

import construct as cs

from portvnf.artifact.manifest import Manifest
from portvnf.conform import packet_fields
from portvnf.state.difference import flatten, key_of
from portvnf.state.image import field_name
from portvnf.state.schema import Schema, Section, load_schema
from portvnf.trace import (
    BurstOutcome,
    CountersOutcome,
    EpochOutcome,
    ExportedSection,
    ExportOutcome,
    ImportOutcome,
    Operation,
    Outcome,
    Result,
    Trace,
)
from portvnf.vnf import sentence


@dataclass(frozen=True)
class Difference:
    """Where two results part. `field` is a packet's header field, a record's field, a counter
    or what else an outcome has; `operation` counts from 0, -1 before the first."""

    operation: int
    kind: str
    field: str
    left: str
    right: str

    def __str__(self) -> str:
        at = f"operation {self.operation} ({self.kind})" if self.operation >= 0 else self.kind
        return f"{at}: {self.field}: {self.left} -> {self.right}"


@dataclass(frozen=True)
class Names:
    """What a VNF calls its records, counters and reasons."""

    schema: Schema
    counters: Sequence[str]
    drop_reasons: Sequence[str]

    @classmethod
    def of(cls, manifest: Manifest) -> Names:
        """As the artifact's manifest says."""
        schema = load_schema(manifest.schema.name)
        return cls(schema, manifest.counters, manifest.drop_reasons)

    def reason(self, number: int) -> str:
        """A drop reason's name."""
        if number == 0:
            return "not dropped"
        known = self.drop_reasons
        return known[number - 1] if number <= len(known) else f"reason {number}"


def first_difference(trace: Trace, left: Result, right: Result, names: Names) -> Difference | None:
    """None when both results are the same."""
    if left.arena_size != right.arena_size:
        sizes = str(left.arena_size), str(right.arena_size)
        return Difference(-1, "arena", "arena size", *sizes)
    outcomes = zip(trace.operations, left.outcomes, right.outcomes, strict=True)
    for number, (operation, one, other) in enumerate(outcomes):
        if one != other:
            kind = type(operation).__name__.lower()
            field, a, b = next(_parts(operation, one, other, names))
            return Difference(number, kind, field, a, b)
    return None


def _parts(
    operation: Operation, one: Outcome, other: Outcome, names: Names
) -> Iterator[tuple[str, str, str]]:
    match one, other:
        case BurstOutcome(), BurstOutcome():
            yield from _burst(one, other, names)
        case ExportOutcome(), ExportOutcome():
            yield from _export(one, other, names)
        case ImportOutcome(), ImportOutcome():
            yield from _import(one, other, names)
        case CountersOutcome(), CountersOutcome():
            for n, (a, b) in enumerate(zip(one.values, other.values, strict=False)):
                if a != b:
                    name = names.counters[n] if n < len(names.counters) else str(n)
                    yield f"counter {name}", str(a), str(b)
            yield "number of counters", str(len(one.values)), str(len(other.values))
        case EpochOutcome(), EpochOutcome():
            yield "epoch", str(one.number), str(other.number)


def _burst(one: BurstOutcome, other: BurstOutcome, names: Names) -> Iterator[tuple[str, str, str]]:
    for n, (a, b) in enumerate(zip(one.reasons, other.reasons, strict=False)):
        if a != b:
            yield f"input packet {n}, drop reason", names.reason(a), names.reason(b)
    ports = names.schema.ports
    for n, (left, right) in enumerate(zip(one.out, other.out, strict=False)):
        where = f"output packet {n}"
        if left.port != right.port:
            shown = (ports[p] if p < len(ports) else str(p) for p in (left.port, right.port))
            yield f"{where}, port", *shown  # type: ignore[misc]
        if left.data != right.data:
            field, old, new = packet_fields.first_difference(left.data, right.data)
            yield f"{where}, {field}", old, new
    yield from _values(one, other, ("refused", "wait_ns"))
    yield "number of output packets", str(len(one.out)), str(len(other.out))


def _values(one: Outcome, other: Outcome, order: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    for name in order:
        a, b = getattr(one, name), getattr(other, name)
        if a != b:
            yield name, str(a), str(b)


def _import(
    one: ImportOutcome, other: ImportOutcome, names: Names
) -> Iterator[tuple[str, str, str]]:
    if one.status != other.status:
        yield "status", _refusal(one, names), _refusal(other, names)
    yield from _values(one, other, [field.name for field in fields(ImportOutcome)])


def _refusal(outcome: ImportOutcome, names: Names) -> str:
    if outcome.status == 0:
        return "accepted"
    try:
        section = names.schema.section(outcome.section)
        where = f"{section.name}.{field_name(section, outcome.field)}, byte {outcome.failed}"
    except KeyError:
        where = f"section {outcome.section}"
    return f"{where}: {sentence(outcome.status)}"


def _export(
    one: ExportOutcome, other: ExportOutcome, names: Names
) -> Iterator[tuple[str, str, str]]:
    for left, right in zip(one.sections, other.sections, strict=False):
        if left != right:
            yield from _section(left, right, names)
    yield from _values(one, other, ("status",))
    yield "number of sections", str(len(one.sections)), str(len(other.sections))


def _section(
    left: ExportedSection, right: ExportedSection, names: Names
) -> Iterator[tuple[str, str, str]]:
    section = names.schema.section(left.section)
    before, after = (_records(section, part.data) for part in (left, right))
    if before is None or after is None or not (left.data or right.data):
        yield f"section {section.name}", left.sha256.hex()[:16], right.sha256.hex()[:16]
        return
    for n, (a, b) in enumerate(zip(before, after, strict=False)):
        if a == b:
            continue
        keys = key_of(section, a), key_of(section, b)
        if keys[0] != keys[1] and {keys[0]} <= {key_of(section, r) for r in after}:
            yield f"{section.name} record {n}, order of records", *keys
        for (name, value), (_, wanted) in zip(flatten(a), flatten(b), strict=False):
            if value != wanted:
                yield f"{section.name} {keys[0]}.{name}".replace(" .", "."), _s(value), _s(wanted)
    yield f"records of section {section.name}", str(len(before)), str(len(after))
    yield f"bytes of section {section.name}", str(left.length), str(right.length)


def _s(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


def _records(section: Section, data: bytes) -> list[Any] | None:
    stream, found = io.BytesIO(data), []
    try:
        while stream.tell() < len(data):
            found.append(section.record.parse_stream(stream))
    except cs.ConstructError:
        return None
    return found
