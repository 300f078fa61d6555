"""Typed calls of a loaded VNF: vnf.h for Python."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from cffi import FFI

from portvnf import cdef
from portvnf.arena import Arena
from portvnf.errors import CompileError, ConfigError, StateError
from portvnf.loaded import LoadedVnf

EXPORT_BUFFER = 1 << 18

# Runs a function of the VNF on its arena: (address of the function, address of its
# argument) -> result. While an engine's worker runs, only Engine.run may do that.
Runner = Callable[[int, int], int]

_SENTENCES = {
    "PV_ERROR_CONFIG": "the configuration cannot be decoded or does not fit",
    "PV_ERROR_ARENA": "the arena is smaller than the configuration needs",
    "PV_ERROR_SECTION": "the VNF has no such section",
    "PV_ERROR_TRUNCATED": "a record ends before its last field",
    "PV_ERROR_NOT_CANONICAL": "a field holds a value that no encoder writes",
    "PV_ERROR_DUPLICATE": "a record's key is taken already",
    "PV_ERROR_REFERENCE": "a record names another that is not there",
    "PV_ERROR_CAPACITY": "this instance is configured too small for the record",
    "PV_ERROR_FOREIGN": "a record names an address or APN that is not in this configuration",
    "PV_ERROR_BUFFER": "the buffer cannot hold even one record",
    "PV_ERROR_ORDER": "records do not stand in ascending order of their keys",
    "PV_ERROR_INCOMPLETE": "something that the state must have is missing",
    "PV_ERROR_BUSY": "what the command is about is being changed already",
    "PV_ERROR_FAMILY": "a record names a peer of an IP version in which this configuration has"
    " no address to reach it from",
}
_C_TYPES = {"i64": "i64", "pointer": "void *", "void": "void"}


@cache
def ffi() -> Any:
    """The cffi interface with every structure of vnf.h declared."""
    interface = FFI()
    interface.cdef(cdef.declarations("types.h", "vnf.h"))
    return interface


@cache
def _error_names() -> dict[int, str]:
    constants = cdef.constants("vnf.h").items()
    return {value: name for name, value in constants if name.startswith("PV_ERROR_")}


def sentence(result: int) -> str:
    """What a negative result of a VNF means."""
    name = _error_names().get(-result, f"error {-result}")
    return _SENTENCES.get(name, name)


class RefusalError(StateError):
    """A step of an export or import that the VNF refused, as vnf.h tells it."""

    def __init__(
        self, where: str, code: int, *, failed: int = 0, field: int = 0, records: int = 0
    ) -> None:
        super().__init__(f"{where}: {sentence(code)}")
        self.code = code  # negative: -PV_ERROR_...
        self.failed = failed  # byte offset of the record that an import refused
        self.field = field  # number of its field, from 1; 0: the record
        self.records = records  # taken before it


@dataclass(frozen=True)
class Chunk:
    """What one step of an export gave: whole records in canonical form."""

    data: bytes
    records: int


class Vnf:
    """One loaded VNF. It has no state of its own: each call names the arena.

    The caller sees to it that calls on one arena never overlap.
    """

    def __init__(self, loaded: LoadedVnf) -> None:
        self.loaded = loaded
        self._call = {
            name: ffi().cast(_pointer_type(name), address)
            for name, address in loaded.addresses.items()
        }
        abi, own = self.abi_version(), cdef.constants("vnf.h")["PV_ABI_VERSION"]
        if abi != own:
            raise CompileError(f"the VNF was built for host ABI {abi}; this host speaks {own}")

    def abi_version(self) -> int:
        """The PV_ABI_VERSION that the VNF was built for."""
        return int(self._call["vnf_abi_version"]())

    def arena_size(self, config: bytes) -> int:
        """Bytes of arena for this configuration (one `config` record of the schema)."""
        size = self._call["vnf_arena_size"](ffi().from_buffer("u8[]", config), len(config))
        return _config_checked(size)

    def new_arena(self, config: bytes, now_ns: int) -> Arena:
        """A fresh arena, sized and prepared for this configuration."""
        arena = Arena(self.arena_size(config))
        self.init(arena, config, now_ns)
        return arena

    def init(self, arena: Arena, config: bytes, now_ns: int) -> None:
        """Prepares a zeroed arena."""
        data = ffi().from_buffer("u8[]", config)
        _config_checked(
            self._call["vnf_init"](_memory(arena), arena.length, data, len(config), now_ns)
        )

    def burst(self, arena: Arena, burst: Any) -> int:
        """One burst (`burst` is a cffi struct pv_burst *): ns until the next timer is due."""
        return int(self._call["vnf_burst"](_memory(arena), burst))

    def epoch(self, arena: Arena, run: Runner | None = None) -> int:
        """Closes the current epoch and returns its number."""
        if run is None:
            return int(self._call["vnf_epoch"](_memory(arena)))
        # The further argument is ignored: vnf_epoch takes one.
        return run(self.loaded.addresses["vnf_epoch"], 0)

    def export(
        self,
        arena: Arena,
        section: int,
        since: int = 0,
        until: int = 0,
        *,
        buffer_bytes: int = EXPORT_BUFFER,
        run: Runner | None = None,
    ) -> Iterator[Chunk]:
        """A section's records that changed after epoch `since` (0: all) and not after epoch
        `until` (0: up to now), in canonical order. One step per chunk; steps without records
        give an empty one."""
        buffer = ffi().new("u8[]", buffer_bytes)
        step = ffi().new("struct pv_export *")
        step.section, step.since, step.until = section, since, until
        step.buffer, step.capacity = buffer, buffer_bytes
        step.more = 1
        while step.more:
            result = self._step("vnf_export", arena, step, run)
            if result < 0:
                raise RefusalError(f"section {section} cannot be exported", result)
            yield Chunk(bytes(ffi().buffer(buffer, step.length)), int(step.records))

    def import_(
        self,
        arena: Arena,
        section: int,
        data: bytes,
        now_ns: int,
        *,
        first: bool = True,
        run: Runner | None = None,
    ) -> int:
        """Takes whole records of one section, in canonical order, and returns how many.

        `first` is false when `data` carries on where the last call stopped. After a
        RefusalError the arena is of no further use.
        """
        source = ffi().from_buffer("u8[]", data)
        step = ffi().new("struct pv_import *")
        step.section, step.length, step.now_ns, step.buffer = section, len(data), now_ns, source
        step.first = first
        result = self._step("vnf_import", arena, step, run)
        if result < 0:
            field = f", field {step.field}" if step.field else ""
            raise RefusalError(
                f"section {section}, byte {step.failed}{field}",
                result,
                failed=int(step.failed),
                field=int(step.field),
                records=int(step.records),
            )
        return int(step.records)

    def counters(self, arena: Arena) -> Sequence[int]:
        """All counters, in the manifest's order. It only reads: beside a running worker a
        value may be a burst old."""
        call, memory = self._call["vnf_counters"], _memory(arena)
        count = int(call(memory, ffi().NULL, 0))
        values = ffi().new("u64[]", count)
        call(memory, values, count)
        return [int(value) for value in values]

    def _step(self, name: str, arena: Arena, step: Any, run: Runner | None) -> int:
        if run is not None:
            return run(self.loaded.addresses[name], int(ffi().cast("uintptr_t", step)))
        return int(self._call[name](_memory(arena), step))


def _pointer_type(name: str) -> str:
    result, parameters = cdef.functions("vnf.h")[name]
    listed = ", ".join(_C_TYPES[kind] for kind in parameters) or "void"
    return f"{_C_TYPES[result]} (*)({listed})"


def _memory(arena: Arena) -> Any:
    return ffi().cast("u8 *", arena.address)


def _config_checked(result: int) -> int:
    if result < 0:
        raise ConfigError(f"the VNF refuses the configuration: {sentence(result)}")
    return int(result)
