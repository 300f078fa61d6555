"""One vEPC in an arena of its own, driven burst by burst.

It needs nothing but portvnf, so that it also runs in the Python of another ISA.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from portvnf import config, locate, toml_table
from portvnf.artifact import Artifact
from portvnf.burst import BurstResult, BurstRunner, Packet
from portvnf.jit import compile_artifact
from portvnf.loaded import LoadedVnf
from portvnf.native import load_native
from portvnf.state.vepc import SCHEMA
from portvnf.vnf import Vnf, ffi

DATA = Path(__file__).resolve().parent.parent / "data"
S11, S1U, SGI = range(3)
OPT_LEVEL = "OPT_LEVEL"  # names the JIT's optimisation level to a test's second process
SECTIONS = tuple(section.number for section in SCHEMA.image_sections)
START_NS = 1_000_000_000
MS = 1_000_000

State = dict[int, bytes]


def configuration(name: str, **keys: Any) -> bytes:
    """The canonical form of a configuration of tests/data, with other keys under [gateway]."""
    path = DATA / f"{name}.toml"
    values = tomllib.loads(path.read_text())
    values["gateway"].update(keys)
    return config.check(toml_table.Table(values, path.name), path).encoded


@cache
def artifact() -> Artifact:
    return Artifact.read(locate.artifact())


@cache
def load(engine: str) -> LoadedVnf:
    """The vEPC by engine, "jit" or "native"."""
    if engine == "native":
        return load_native(locate.native_vnf())
    return compile_artifact(artifact(), opt_level=int(os.environ.get(OPT_LEVEL, "3")))


class Gateway:
    """A vEPC with its clock. `now_ns` moves only when the caller says so. `fill` is what lies
    behind packets in their buffers; it must not matter."""

    def __init__(
        self, loaded: LoadedVnf, encoded: bytes, now_ns: int = START_NS, *, fill: int = 0
    ) -> None:
        self.loaded, self.encoded, self.now_ns = loaded, encoded, now_ns
        self.vnf = Vnf(loaded)
        self.arena = self.vnf.new_arena(encoded, now_ns)
        self._runner = BurstRunner(self.vnf, self.arena, fill=fill)

    def run(self, *packets: tuple[int, bytes], ms: int = 0) -> BurstResult:
        """One burst of (port, packet), `ms` after the last one."""
        self.now_ns += ms * MS
        result = self._runner.run([Packet(port, data) for port, data in packets], self.now_ns)
        assert result.refused == 0, "an output packet lies outside its buffer"
        return result

    def one(self, port: int, data: bytes) -> tuple[str, list[tuple[int, bytes]]]:
        """One packet: why it was dropped ("" if not) and what came out."""
        result = self.run((port, data))
        return reason_name(result.reasons[0]), [(packet.port, packet.data) for packet in result.out]

    def counters(self) -> dict[str, int]:
        return dict(zip(artifact().manifest.counters, self.vnf.counters(self.arena), strict=True))

    def section(self, number: int, since: int = 0, until: int = 0, *, step: int = 1 << 16) -> bytes:
        """A section's records, in steps of at most `step` bytes."""
        chunks = self.vnf.export(self.arena, number, since, until, buffer_bytes=step)
        return b"".join(chunk.data for chunk in chunks)

    def state(self) -> State:
        """Everything that an image holds, by section number."""
        return {number: self.section(number) for number in SECTIONS}

    def take(self, state: Mapping[int, bytes]) -> None:
        """Imports sections in their order and completes the import; StateError if refused."""
        for number, data in state.items():
            self.vnf.import_(self.arena, number, data, self.now_ns)
        self.complete()

    def complete(self) -> None:
        self.vnf.import_(self.arena, 0, b"", self.now_ns)

    def fresh(self) -> Gateway:
        """An empty gateway of the same code, configuration and time."""
        return Gateway(self.loaded, self.encoded, self.now_ns)

    def copy(self, loaded: LoadedVnf | None = None) -> Gateway:
        """A fresh gateway that imported this one's state."""
        other = Gateway(loaded or self.loaded, self.encoded, self.now_ns)
        other.take(self.state())
        return other

    def memory(self) -> bytes:
        """The arena as it is."""
        return bytes(self._view())

    def restore(self, memory: bytes) -> None:
        """Puts the arena back to what `memory` gave."""
        self._view()[:] = memory

    def _view(self) -> Any:
        address = ffi().cast("char *", self.arena.address)
        return ffi().buffer(address, self.arena.length)


def reason_name(reason: int) -> str:
    """A drop reason by name, "" for none."""
    return artifact().manifest.drop_reasons[reason - 1] if reason else ""


def names_of(reasons: Sequence[int]) -> list[str]:
    return [reason_name(reason) for reason in reasons]
