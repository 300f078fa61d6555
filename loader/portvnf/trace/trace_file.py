"""Trace files: encode and decode, side by side. trace.h has the layout."""

from __future__ import annotations

from portvnf.trace.octets import Reader, Writer, constants
from portvnf.trace.operations import (
    Burst,
    Counters,
    Epoch,
    Export,
    Import,
    Move,
    Operation,
    Stage,
    Switch,
    Tick,
    Trace,
)

MAGIC = b"PVTRACE\0"
_TIME_MAX = (1 << 63) - 1

_KINDS: dict[type[Operation], str] = {
    Burst: "PV_TRACE_BURST",
    Tick: "PV_TRACE_TICK",
    Epoch: "PV_TRACE_EPOCH",
    Export: "PV_TRACE_EXPORT",
    Move: "PV_TRACE_MOVE",
    Stage: "PV_TRACE_STAGE",
    Switch: "PV_TRACE_SWITCH",
    Import: "PV_TRACE_IMPORT",
    Counters: "PV_TRACE_COUNTERS",
}


def kind_of(operation: Operation) -> int:
    """An operation's number."""
    return constants()[_KINDS[type(operation)]]


def encode_trace(trace: Trace) -> bytes:
    """The file of a trace."""
    writer = Writer()
    writer.raw(MAGIC)
    writer.unsigned(constants()["PV_TRACE_VERSION"], 2)
    writer.unsigned(trace.capacity, 4)
    writer.unsigned(trace.start_ns, 8)
    _write_sections(writer, trace.sections)
    writer.bytes32(trace.config)
    for operation in trace.operations:
        body = Writer()
        _write_operation(body, operation)
        writer.block(kind_of(operation), body.finish())
    writer.block(constants()["PV_TRACE_END"], len(trace.operations).to_bytes(8, "big"))
    return writer.finish()


def decode_trace(data: bytes, where: str = "the trace") -> Trace:
    """Reads a trace; a TraceError names what is wrong and where."""
    reader = Reader(data, where)
    if data[: len(MAGIC)] != MAGIC:
        raise reader.refuse("this is no trace")
    reader.raw(len(MAGIC))
    known = constants()
    version = reader.unsigned(2)
    if version != known["PV_TRACE_VERSION"]:
        raise reader.refuse(f"a trace of version {version}; {known['PV_TRACE_VERSION']} is known")
    capacity = reader.unsigned(4)
    if not known["PV_CAPACITY_MIN"] <= capacity <= known["PV_TRACE_CAPACITY_MAX"]:
        raise reader.refuse(f"no packet buffer has {capacity} bytes")
    start_ns = reader.unsigned(8)
    if start_ns > _TIME_MAX:
        raise reader.refuse(f"time {start_ns} is beyond its end")
    sections = _read_sections(reader)
    config = reader.bytes32()
    if len(config) > known["PV_TRACE_CONFIG_MAX"]:
        raise reader.refuse(f"a configuration of {len(config)} bytes is too long")
    operations: list[Operation] = []
    longest = capacity - known["PV_HEADROOM"]
    now_ns = start_ns
    while True:
        kind, body = reader.block()
        if kind == known["PV_TRACE_END"]:
            _read_end(body, len(operations))
            reader.end()
            return Trace(config, start_ns, sections, tuple(operations), capacity)
        operation = _read_operation(body, kind, longest)
        body.end()
        then_ns = getattr(operation, "now_ns", now_ns)
        if then_ns < now_ns:
            raise body.refuse(f"time goes back from {now_ns} to {then_ns}")
        if then_ns > _TIME_MAX:
            raise body.refuse(f"time {then_ns} is beyond its end")
        now_ns = then_ns
        operations.append(operation)


def _read_end(body: Reader, count: int) -> None:
    stated = body.unsigned(8)
    if stated != count:
        raise body.refuse(f"{count} operations where {stated} are stated")
    body.end()


def _write_sections(writer: Writer, sections: tuple[int, ...]) -> None:
    writer.list16(sections, lambda section: writer.unsigned(section, 2))


def _read_sections(reader: Reader) -> tuple[int, ...]:
    sections = reader.list16(lambda: reader.unsigned(2))
    if len(sections) > constants()["PV_TRACE_SECTIONS_MAX"]:
        raise reader.refuse(f"a list of {len(sections)} sections is too long")
    return sections


def _write_operation(writer: Writer, operation: Operation) -> None:
    match operation:
        case Burst(now_ns, packets):
            writer.unsigned(now_ns, 8)
            writer.list16(packets, writer.packet)
        case Tick(now_ns) | Move(now_ns) | Switch(now_ns):
            writer.unsigned(now_ns, 8)
        case Export(sections, since, until, with_bytes):
            writer.unsigned(constants()["PV_TRACE_WITH_BYTES"] if with_bytes else 0, 1)
            writer.unsigned(since, 8)
            writer.unsigned(until, 8)
            _write_sections(writer, sections)
        case Stage(now_ns, sections, since, until):
            writer.unsigned(now_ns, 8)
            writer.unsigned(since, 8)
            writer.unsigned(until, 8)
            _write_sections(writer, sections)
        case Import(now_ns, parts):
            writer.unsigned(now_ns, 8)
            writer.unsigned(len(parts), 2)
            for section, data in parts:
                writer.unsigned(section, 2)
                writer.bytes32(data)
        case Epoch() | Counters():
            pass


def _read_operation(reader: Reader, kind: int, longest: int) -> Operation:
    known = constants()
    if kind == known["PV_TRACE_BURST"]:
        return _read_burst(reader, longest)
    if kind == known["PV_TRACE_TICK"]:
        return Tick(reader.unsigned(8))
    if kind == known["PV_TRACE_EPOCH"]:
        return Epoch()
    if kind == known["PV_TRACE_EXPORT"]:
        flags, since, until = reader.unsigned(1), reader.unsigned(8), reader.unsigned(8)
        if flags & ~known["PV_TRACE_WITH_BYTES"]:
            raise reader.refuse(f"unknown flags {flags:#x}")
        return Export(_read_sections(reader), since, until, bool(flags))
    if kind == known["PV_TRACE_MOVE"]:
        return Move(reader.unsigned(8))
    if kind == known["PV_TRACE_STAGE"]:
        now_ns, since, until = (reader.unsigned(8) for _ in range(3))
        return Stage(now_ns, _read_sections(reader), since, until)
    if kind == known["PV_TRACE_SWITCH"]:
        return Switch(reader.unsigned(8))
    if kind == known["PV_TRACE_IMPORT"]:
        return _read_import(reader)
    if kind == known["PV_TRACE_COUNTERS"]:
        return Counters()
    raise reader.refuse(f"there is no operation {kind}")


def _read_burst(reader: Reader, longest: int) -> Burst:
    burst = Burst(reader.unsigned(8), reader.list16(reader.packet))
    most = constants()["PV_BURST_MAX"]
    if not 1 <= len(burst.packets) <= most:
        raise reader.refuse(f"a burst has 1 to {most} packets, not {len(burst.packets)}")
    for packet in burst.packets:
        if len(packet.data) > longest:
            raise reader.refuse(f"a packet of {len(packet.data)} bytes does not fit its buffer")
    return burst


def _read_import(reader: Reader) -> Import:
    now_ns = reader.unsigned(8)
    parts = reader.list16(lambda: (reader.unsigned(2), reader.bytes32()))
    if len(parts) > constants()["PV_TRACE_SECTIONS_MAX"]:
        raise reader.refuse(f"a list of {len(parts)} sections is too long")
    return Import(now_ns, parts)
