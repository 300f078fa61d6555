"""Result files: encode and decode, side by side. trace.h has the layout."""

from __future__ import annotations

from portvnf.trace.octets import Reader, Writer, constants
from portvnf.trace.outcomes import (
    BurstOutcome,
    CountersOutcome,
    EpochOutcome,
    ExportedSection,
    ExportOutcome,
    ImportOutcome,
    Outcome,
    Result,
)

MAGIC = b"PVRESLT\0"
_SHA256_BYTES = 32


def encode_result(result: Result) -> bytes:
    """The file of a result."""
    writer = Writer()
    writer.raw(MAGIC)
    writer.unsigned(constants()["PV_TRACE_VERSION"], 2)
    writer.raw(result.trace_sha256)
    writer.unsigned(result.arena_size, 8)
    for kind, outcome in zip(result.kinds, result.outcomes, strict=True):
        body = Writer()
        _write_outcome(body, outcome)
        writer.block(kind, body.finish())
    writer.block(constants()["PV_TRACE_END"], len(result.outcomes).to_bytes(8, "big"))
    return writer.finish()


def decode_result(data: bytes, where: str = "the result") -> Result:
    """Reads a result; a TraceError names what is wrong and where."""
    reader = Reader(data, where)
    if data[: len(MAGIC)] != MAGIC:
        raise reader.refuse("this is no result of a trace")
    reader.raw(len(MAGIC))
    known = constants()
    version = reader.unsigned(2)
    if version != known["PV_TRACE_VERSION"]:
        raise reader.refuse(f"a result of version {version}; {known['PV_TRACE_VERSION']} is known")
    trace_sha256, arena_size = reader.raw(_SHA256_BYTES), reader.unsigned(8)
    kinds: list[int] = []
    outcomes: list[Outcome] = []
    while True:
        kind, body = reader.block()
        if kind == known["PV_TRACE_END"]:
            stated = body.unsigned(8)
            if stated != len(outcomes):
                raise body.refuse(f"{len(outcomes)} outcomes where {stated} are stated")
            body.end()
            reader.end()
            return Result(trace_sha256, arena_size, tuple(kinds), tuple(outcomes))
        kinds.append(kind)
        outcomes.append(_read_outcome(body, kind))
        body.end()


def _write_outcome(writer: Writer, outcome: Outcome) -> None:
    match outcome:
        case BurstOutcome(wait_ns, refused, reasons, out):
            writer.signed(wait_ns)
            writer.unsigned(refused, 2)
            writer.list16(reasons, lambda reason: writer.unsigned(reason, 2))
            writer.list16(out, writer.packet)
        case EpochOutcome(number):
            writer.signed(number)
        case ExportOutcome(status, sections):
            writer.signed(status)
            writer.unsigned(len(sections), 2)
            for part in sections:
                writer.unsigned(part.section, 2)
                writer.unsigned(part.records, 8)
                writer.unsigned(part.length, 8)
                writer.raw(part.sha256)
                writer.bytes32(part.data)
        case ImportOutcome(status, section, failed, field, records):
            writer.signed(status)
            writer.unsigned(section, 2)
            for value in (failed, field, records):
                writer.unsigned(value, 8)
        case CountersOutcome(values):
            writer.list16(values, lambda value: writer.unsigned(value, 8))


def _read_outcome(reader: Reader, kind: int) -> Outcome:
    known = constants()
    if kind in (known["PV_TRACE_BURST"], known["PV_TRACE_TICK"]):
        wait_ns, refused = reader.signed(), reader.unsigned(2)
        reasons = reader.list16(lambda: reader.unsigned(2))
        return BurstOutcome(wait_ns, refused, reasons, reader.list16(reader.packet))
    if kind == known["PV_TRACE_EPOCH"]:
        return EpochOutcome(reader.signed())
    if kind == known["PV_TRACE_EXPORT"]:
        return ExportOutcome(reader.signed(), reader.list16(lambda: _read_exported(reader)))
    if kind == known["PV_TRACE_COUNTERS"]:
        return CountersOutcome(reader.list16(lambda: reader.unsigned(8)))
    imports = ("PV_TRACE_MOVE", "PV_TRACE_STAGE", "PV_TRACE_SWITCH", "PV_TRACE_IMPORT")
    if kind in (known[name] for name in imports):
        status, section = reader.signed(), reader.unsigned(2)
        failed, field, records = (reader.unsigned(8) for _ in range(3))
        return ImportOutcome(status, section, failed, field, records)
    raise reader.refuse(f"there is no operation {kind}")


def _read_exported(reader: Reader) -> ExportedSection:
    section, records, length = reader.unsigned(2), reader.unsigned(8), reader.unsigned(8)
    return ExportedSection(section, records, length, reader.raw(_SHA256_BYTES), reader.bytes32())
