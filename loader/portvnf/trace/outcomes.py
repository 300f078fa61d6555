"""What came of each operation of a trace, in its order."""

from __future__ import annotations

from dataclasses import dataclass, field

from portvnf.burst import Packet


@dataclass(frozen=True)
class BurstOutcome:
    """Of a Burst or a Tick."""

    wait_ns: int
    refused: int
    reasons: tuple[int, ...]
    out: tuple[Packet, ...]


@dataclass(frozen=True)
class EpochOutcome:
    """The number of the epoch that was closed."""

    number: int


@dataclass(frozen=True)
class ExportedSection:
    """One section; `data` is empty unless the records were asked for."""

    section: int
    records: int
    length: int
    sha256: bytes
    data: bytes = b""


@dataclass(frozen=True)
class ExportOutcome:
    """`status` is 0 or the VNF's negative error; then the sections before it are there."""

    status: int
    sections: tuple[ExportedSection, ...]


@dataclass(frozen=True)
class ImportOutcome:
    """Of a Move, Stage, Switch or Import. `status` is 0 or the VNF's negative error, and
    section, failed (byte) and field say where that was. `records` were taken in all."""

    status: int
    section: int = 0
    failed: int = 0
    field: int = 0
    records: int = 0


@dataclass(frozen=True)
class CountersOutcome:
    """All counters, in the manifest's order."""

    values: tuple[int, ...]


Outcome = BurstOutcome | EpochOutcome | ExportOutcome | ImportOutcome | CountersOutcome


@dataclass(frozen=True)
class Result:
    """The result of replaying the trace with that SHA-256. `kinds` are the operations'
    numbers, one for each outcome."""

    trace_sha256: bytes
    arena_size: int
    kinds: tuple[int, ...]
    outcomes: tuple[Outcome, ...] = field(repr=False)
