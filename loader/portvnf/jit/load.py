"""The load step: the only place that knows llvmlite's ways into memory.

ORC LLJIT (llvmlite 0.41 and newer) links the object itself. Before it there was MCJIT,
whose run-time linker sends MIPS jumps inside a large function through stubs that destroy
a register; so there the object is linked into a shared object, which is opened.
"""

from __future__ import annotations

import ctypes
import itertools
import os
import shlex
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from portvnf import llvm
from portvnf.artifact.vocabulary import IMPORTS
from portvnf.errors import CompileError, HostError
from portvnf.jit.target import Target
from portvnf.shared_object import open_exports

_library_numbers = itertools.count(1)


def has_orc() -> bool:
    """Whether this llvmlite links objects into memory by itself."""
    return hasattr(llvm.binding(), "create_lljit_compiler")


def finish(emitted: bytes) -> bytes:
    """Turns an emitted object into what load() takes and a cache may keep."""
    return emitted if has_orc() else link_shared(emitted)


def load(code: bytes, target: Target, names: Iterable[str]) -> tuple[object, dict[str, int]]:
    """Brings finished code into memory; returns what keeps it there and the addresses."""
    if has_orc():
        return _load_orc(code, target, list(names))
    with tempfile.TemporaryDirectory(prefix="portvnf-") as folder:
        # A fresh name each time: the dynamic loader opens no file twice.
        path = Path(folder) / "vnf.so"
        path.write_bytes(code)
        return open_exports(path, names)


def _load_orc(code: bytes, target: Target, names: list[str]) -> tuple[object, dict[str, int]]:
    binding = llvm.binding()
    # The VNF finds these four routines and nothing else of this process.
    process = ctypes.CDLL(None)
    library = binding.JITLibraryBuilder().add_object_img(code)
    for routine in IMPORTS:
        address = ctypes.cast(getattr(process, routine), ctypes.c_void_p).value
        library.import_symbol(routine, address)
    for name in names:
        library.export_symbol(name)
    try:
        jit: Any = binding.create_lljit_compiler(target.machine(0), use_jit_link=True)
        tracker = library.link(jit, f"vnf{next(_library_numbers)}")
    except RuntimeError as error:
        raise CompileError(f"LLVM cannot load the {target.isa} code: {error}") from None
    return (jit, tracker), {name: int(tracker[name]) for name in names}


def link_shared(emitted: bytes, linker: Sequence[str] = ()) -> bytes:
    """Links an emitted object into a shared object; `linker` is an argv prefix, when empty
    $PORTVNF_LD or ld."""
    linker = linker or shlex.split(os.environ.get("PORTVNF_LD") or "ld")
    with tempfile.TemporaryDirectory(prefix="portvnf-") as folder:
        source, output = Path(folder) / "vnf.o", Path(folder) / "vnf.so"
        source.write_bytes(emitted)
        argv = [*linker, "-shared", "-Bsymbolic", "-z", "noexecstack", "-o", str(output)]
        try:
            done = subprocess.run(
                [*argv, str(source)], stdin=subprocess.DEVNULL, capture_output=True, check=False
            )
        except OSError as error:
            raise HostError(
                f"the linker {linker[0]} cannot be run ({error.strerror}): install binutils or "
                "set PORTVNF_LD"
            ) from None
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip()
            raise CompileError(f"{linker[0]} could not link the VNF's code: {said}")
        return output.read_bytes()
