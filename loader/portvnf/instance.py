"""One running VNF: engine, arena and ports (ETSI NFV: a VNF component instance)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from portvnf import cdef
from portvnf.announce import Announcement
from portvnf.engine import Engine, Mode, now_ns
from portvnf.errors import ConfigError, EngineError, StateError
from portvnf.state import image, upgrade
from portvnf.state.image import Image, SectionData
from portvnf.state.schema import Schema, Section
from portvnf.vnf import Chunk, RefusalError, Vnf, sentence

IMPORT_COMPLETE = 0  # PV_IMPORT_COMPLETE


@dataclass(frozen=True)
class PortSpec:
    """A port as the blade's configuration describes it."""

    name: str
    driver: str
    arguments: str = ""
    announcement: Announcement | None = None


class Instance:
    """A VNF with its state and its ports, and the worker that joins them.

    It begins held: packets that arrive are kept, none is processed, until serve().
    """

    def __init__(
        self,
        vnf: Vnf,
        schema: Schema,
        config: bytes,
        ports: Sequence[PortSpec],
        hold_limit: int,
    ) -> None:
        self.vnf = vnf
        self.schema = schema
        self.ports = tuple(ports)
        self.arena = vnf.new_arena(config, now_ns())
        self.engine = Engine(vnf.loaded.addresses["vnf_burst"], self.arena.address, hold_limit)
        try:
            for port in ports:
                if port.name not in schema.ports:
                    known = ", ".join(schema.ports)
                    raise ConfigError(f"{schema.name} has no port {port.name!r}, only {known}")
                self._open(port)
            self.engine.set_mode(Mode.HOLD)
            self.engine.start()
        except BaseException:
            self.engine.close()
            raise

    def _open(self, port: PortSpec) -> None:
        number = self.number_of(port.name)
        try:
            self.engine.add_port(number, port.driver, port.arguments)
        except EngineError as error:  # the packet engine knows numbers alone
            reason = error.message.removeprefix(f"port {number}: ")
            raise EngineError(f"port {port.name}: {reason}") from None

    def number_of(self, port: str) -> int:
        """A port's number."""
        return self.schema.ports.index(port)

    def close(self) -> None:
        """Ends the instance; its state is gone."""
        self.engine.close()

    def serve(self) -> None:
        """Processes packets: those held first, in order."""
        self.engine.set_mode(Mode.SERVE)

    def hold(self) -> None:
        """Stops at a burst boundary; packets that arrive from now on are kept."""
        self.engine.set_mode(Mode.HOLD)

    def check_announcements(self) -> None:
        """A HostError says which announcement could not be made."""
        for port in self.ports:
            if port.announcement:
                port.announcement.check()

    def announce(self) -> None:
        """Makes the network send the gateway's packets here."""
        for port in self.ports:
            if port.announcement:
                port.announcement.take()

    def announce_again(self) -> None:
        """Repeats the announcements, for neighbours that missed the first."""
        for port in self.ports:
            if port.announcement:
                port.announcement.tell()

    def withdraw(self) -> None:
        """Stops answering for the gateway's addresses."""
        for port in self.ports:
            if port.announcement:
                port.announcement.withdraw()

    def section(self, number: int) -> Section:
        """A section by its number, which may come from elsewhere."""
        try:
            return self.schema.section(number)
        except KeyError:
            raise StateError(f"{self.schema.name} has no section {number}") from None

    def epoch(self) -> int:
        """Closes the current epoch and returns its number."""
        return self.vnf.epoch(self.arena, run=self._run)

    def export(self, section: str, since: int = 0, until: int = 0) -> Iterator[Chunk]:
        """A section's records, in steps between bursts."""
        number = self.schema.section(section).number
        return self.vnf.export(self.arena, number, since, until, run=self._run)

    def import_(self, section: int, data: bytes, first: bool, when_ns: int | None = None) -> int:
        """Takes records of one section; a StateError names section, record (of `data`) and
        field. The remaining times in them count from `when_ns`, or from now."""
        known = self.section(section)
        when = now_ns() if when_ns is None else when_ns
        try:
            return self.vnf.import_(self.arena, section, data, when, first=first, run=self._run)
        except RefusalError as error:
            field = f", field {image.field_name(known, error.field)}" if error.field else ""
            raise StateError(
                f"section {known.name}, record {error.records} (byte {error.failed}){field}: "
                f"{sentence(error.code)}"
            ) from None

    def command(self, section: str, data: bytes) -> None:
        """Imports one record that makes a running instance do something; a RefusalError when
        it does not, which leaves everything as it was."""
        number = self.schema.section(section).number
        self.vnf.import_(self.arena, number, data, now_ns(), run=self._run)

    def complete_import(self, when_ns: int | None = None) -> None:
        """Checks that what was imported is a whole state."""
        when = now_ns() if when_ns is None else when_ns
        try:
            self.vnf.import_(self.arena, IMPORT_COMPLETE, b"", when, run=self._run)
        except RefusalError as error:
            reason = sentence(error.code)
            if error.code == -cdef.constants("vnf.h")["PV_ERROR_INCOMPLETE"]:
                reason = (
                    "the gateway's record, the record of a pool, a UE's session or "
                    "a session's default bearer is missing"
                )
            raise StateError(f"the state is not whole: {reason}") from None

    def counters(self, names: Sequence[str]) -> Mapping[str, int]:
        """All counters by name."""
        return dict(zip(names, self.vnf.counters(self.arena), strict=True))

    def export_image(self, artifact_sha256: str) -> Image:
        """The whole state. Packets that arrive meanwhile are held, then processed."""
        serving = self.engine.stats().mode == Mode.SERVE
        self.hold()
        try:
            parts = []
            for section in self.schema.image_sections:
                chunks = list(self.export(section.name))
                data = b"".join(chunk.data for chunk in chunks)
                parts.append(SectionData(section.number, sum(c.records for c in chunks), data))
        finally:
            if serving:
                self.serve()
        return image.build(self.schema, artifact_sha256, parts)

    def import_image(self, source: Image) -> None:
        """Takes a whole state, also one of an earlier version of the schema; the instance must
        be fresh and held. After a StateError it must be closed."""
        source = upgrade.upgrade(source, self.schema)
        # All of an image is of one moment, however long its import takes: an export that
        # follows gives the same bytes.
        when_ns = now_ns()
        for section in source.sections:
            taken = self.import_(section.number, section.data, True, when_ns)
            if taken != section.records:
                name = self.section(section.number).name
                raise StateError(f"{name} has {taken} records but states {section.records}")
        self.complete_import(when_ns)

    def _run(self, function: int, argument: int) -> int:
        return self.engine.run(function, argument)
