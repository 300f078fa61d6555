"""The packet engine's C replayer on a VNF in this process: portvnf/replay.h for Python."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from cffi import FFI

from portvnf import cdef, locate
from portvnf.errors import TraceError
from portvnf.loaded import LoadedVnf

_ERROR_SIZE = 1024
_FIELDS = {
    "abi_version": "vnf_abi_version",
    "arena_size": "vnf_arena_size",
    "init": "vnf_init",
    "burst": "vnf_burst",
    "epoch": "vnf_epoch",
    "export_step": "vnf_export",
    "import_step": "vnf_import",
    "counters": "vnf_counters",
}


@cache
def _library() -> tuple[Any, Any]:
    interface = FFI()
    interface.cdef(cdef.declarations("types.h", "vnf.h", "replay.h"))
    return interface, interface.dlopen(str(locate.host_library()))


def replay_file(loaded: LoadedVnf, trace: bytes, output: Path, fill: int = 0) -> int:
    """Writes the result of replaying an encoded trace; returns how many packets went in. A
    TraceError says why there is none."""
    ffi, library = _library()
    calls = ffi.new("struct pv_vnf_calls *")
    for field, export in _FIELDS.items():
        pointer = ffi.typeof(getattr(calls, field))
        setattr(calls, field, ffi.cast(pointer, loaded.addresses[export]))
    error = ffi.new("char[]", _ERROR_SIZE)
    data = ffi.from_buffer("u8[]", trace)
    name = ffi.new("char[]", str(output).encode())
    packets = int(library.pv_replay(calls, data, len(trace), fill, name, error, _ERROR_SIZE))
    if packets < 0:
        raise TraceError(ffi.string(error).decode(errors="replace"))
    return packets
