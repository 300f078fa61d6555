"""Replays a trace on a VNF in this process, burst by burst.

The independent twin of portable_rt/host/replay.c: the same trace gives the same result
file, byte for byte.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from portvnf.arena import Arena
from portvnf.burst import BurstRunner, Packet
from portvnf.trace.octets import constants
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
from portvnf.trace.trace_file import encode_trace, kind_of
from portvnf.vnf import RefusalError, Vnf

_REFUSED_MAX = 0xFFFF  # as many as the format counts


def replay(vnf: Vnf, trace: Trace, fill: int = 0) -> Result:
    """Runs the whole trace in fresh arenas. `fill` is the byte that packet buffers hold
    before a packet is put in; the result of a sound VNF does not depend on it."""
    run = _Replay(vnf, trace, fill)
    outcomes = tuple(run.perform(operation) for operation in trace.operations)
    return Result(
        hashlib.sha256(encode_trace(trace)).digest(),
        run.arena.length,
        tuple(kind_of(operation) for operation in trace.operations),
        outcomes,
    )


class _Replay:
    """A VNF in its active arena, and perhaps a standby that is being filled."""

    def __init__(self, vnf: Vnf, trace: Trace, fill: int) -> None:
        self._vnf, self._trace = vnf, trace
        self._buffer = constants()["PV_TRACE_EXPORT_BUFFER"]
        self.arena = vnf.new_arena(trace.config, trace.start_ns)
        self._standby: Arena | None = None
        self._runner = BurstRunner(vnf, self.arena, trace.capacity, fill)

    def perform(self, operation: Operation) -> Outcome:
        """One operation."""
        match operation:
            case Burst(now_ns, packets):
                return self._burst(packets, now_ns)
            case Tick(now_ns):
                return self._burst((), now_ns)
            case Epoch():
                return EpochOutcome(self._vnf.epoch(self.arena))
            case Export():
                return self._export(operation)
            case Counters():
                return CountersOutcome(tuple(self._vnf.counters(self.arena)))
            case Move(now_ns):
                self._standby = None
                staged = self._stage(Stage(now_ns, self._trace.sections))
                return self._switch(now_ns, staged) if staged.status == 0 else staged
            case Stage():
                return self._stage(operation)
            case Switch(now_ns):
                return self._switch(now_ns, ImportOutcome(0))
            case Import(now_ns, parts):
                self._standby = None
                taken = self._import(parts, now_ns)
                return self._switch(now_ns, taken) if taken.status == 0 else taken

    def _burst(self, packets: tuple[Packet, ...], now_ns: int) -> BurstOutcome:
        done = self._runner.run(packets, now_ns)
        refused = min(done.refused, _REFUSED_MAX)
        return BurstOutcome(done.next_timer_ns, refused, done.reasons, done.out)

    def _section(self, section: int, since: int, until: int) -> tuple[int, bytes]:
        chunks = list(
            self._vnf.export(self.arena, section, since, until, buffer_bytes=self._buffer)
        )
        return sum(chunk.records for chunk in chunks), b"".join(chunk.data for chunk in chunks)

    def _export(self, wanted: Export) -> ExportOutcome:
        done: list[ExportedSection] = []
        for section in wanted.sections:
            try:
                records, data = self._section(section, wanted.since, wanted.until)
            except RefusalError as error:
                return ExportOutcome(error.code, tuple(done))
            digest = hashlib.sha256(data).digest()
            kept = data if wanted.with_bytes else b""
            done.append(ExportedSection(section, records, len(data), digest, kept))
        return ExportOutcome(0, tuple(done))

    def _stage(self, stage: Stage) -> ImportOutcome:
        taken = ImportOutcome(0)
        if self._standby is None:
            self._standby = self._vnf.new_arena(self._trace.config, stage.now_ns)
        for section in stage.sections:
            try:
                _, data = self._section(section, stage.since, stage.until)
            except RefusalError as error:
                self._standby = None
                return ImportOutcome(error.code, section, records=taken.records)
            taken = self._import(((section, data),), stage.now_ns, taken.records)
            if taken.status:
                break
        return taken

    def _import(
        self, parts: Iterable[tuple[int, bytes]], now_ns: int, records: int = 0
    ) -> ImportOutcome:
        if self._standby is None:
            self._standby = self._vnf.new_arena(self._trace.config, now_ns)
        for section, data in parts:
            try:
                records += self._vnf.import_(self._standby, section, data, now_ns)
            except RefusalError as error:
                self._standby = None
                records += error.records
                return ImportOutcome(error.code, section, error.failed, error.field, records)
        return ImportOutcome(0, records=records)

    def _switch(self, now_ns: int, before: ImportOutcome) -> ImportOutcome:
        if self._standby is None:
            return ImportOutcome(-constants()["PV_ERROR_INCOMPLETE"])
        complete = ((constants()["PV_IMPORT_COMPLETE"], b""),)
        taken = self._import(complete, now_ns, before.records)
        if taken.status == 0 and self._standby is not None:
            self.arena, self._standby = self._standby, None
            self._runner.use(self.arena)
        return taken
