"""Replays a trace file by the packet engine's own replayer, in C: fast on any host."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from cffi import FFI

from portvnf import cdef, locate
from portvnf.errors import EngineError, TraceError
from portvnf.loaded import LoadedVnf
from portvnf.vnf import ffi

_ERROR_SIZE = 1024
# struct pv_vnf_calls names its members so, in C's and Python's spare of keywords.
_MEMBERS = {
    "vnf_abi_version": "abi_version",
    "vnf_arena_size": "arena_size",
    "vnf_init": "init",
    "vnf_burst": "burst",
    "vnf_epoch": "epoch",
    "vnf_export": "export_step",
    "vnf_import": "import_step",
    "vnf_counters": "counters",
}


@cache
def _ffi() -> Any:
    interface = FFI()
    # vnf.h is parsed already: cffi's parser is slow on an emulated ISA.
    interface.include(ffi())
    interface.cdef(cdef.declarations("replay.h"))
    return interface


@cache
def _library() -> Any:
    path = locate.host_library()
    try:
        return _ffi().dlopen(str(path))
    except OSError as error:
        raise EngineError(f"cannot load the packet engine {path}: {error}") from None


def replay_file(loaded: LoadedVnf, trace: Path, output: Path, fill: int = 0) -> int:
    """Replays `trace` and writes the result to `output`; returns how many packets went in.

    A TraceError says what is wrong with the trace or why it cannot be replayed."""
    try:
        data = trace.read_bytes()
    except OSError as error:
        raise TraceError(f"cannot read {trace}: {error.strerror}") from None
    calls = _ffi().new("struct pv_vnf_calls *")
    types = {field: member.type for field, member in _ffi().typeof(calls[0]).fields}
    for name, member in _MEMBERS.items():
        setattr(calls, member, _ffi().cast(types[member], loaded.addresses[name]))
    sentence = _ffi().new("char[]", _ERROR_SIZE)
    packets = _library().pv_replay(
        calls,
        _ffi().from_buffer("u8[]", data),
        len(data),
        fill,
        bytes(output),
        sentence,
        _ERROR_SIZE,
    )
    if packets < 0:
        said = _ffi().string(sentence).decode("utf-8", "replace")
        raise TraceError(f"{trace}: {said}")
    return int(packets)
