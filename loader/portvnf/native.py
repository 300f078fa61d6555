"""The engine "native": the VNF's same sources, built for one ISA by GCC."""

from __future__ import annotations

import sys
from pathlib import Path

from portvnf import cdef
from portvnf.errors import CompileError
from portvnf.loaded import LoadedVnf
from portvnf.shared_object import isa_of, open_exports, text_symbol


def load_native(path: str | Path) -> LoadedVnf:
    """Opens vepc-native.so or its like; a CompileError when it is of another ISA or no VNF."""
    path = Path(path).resolve()
    isa, own = isa_of(path), isa_of(Path(sys.executable).resolve())
    if isa != own:
        raise CompileError(f"{path} is for {isa}, this process is {own}")
    library, addresses = open_exports(path, cdef.functions("vnf.h"))
    build_id = text_symbol(library, "vnf_build_id")
    return LoadedVnf(addresses, "native", isa, "generic", "", "", library, build_id)
