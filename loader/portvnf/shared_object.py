"""Opens a VNF that is a shared object and finds its exports."""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable
from pathlib import Path

from portvnf.errors import CompileError

_MACHINES = {
    (62, "little"): "x86_64",
    (8, "little"): "mips64el",
    (8, "big"): "mips64",
    (22, "big"): "s390x",
    (183, "little"): "aarch64",
    (243, "little"): "riscv64",
}
_IDENT_AND_MACHINE = 20


def isa_of(path: Path) -> str:
    """The ISA that an ELF file is for, by LLVM's name."""
    try:
        with path.open("rb") as file:
            head = file.read(_IDENT_AND_MACHINE)
    except OSError as error:
        raise CompileError(f"{path} cannot be read: {error.strerror}") from None
    if len(head) < _IDENT_AND_MACHINE or head[:4] != b"\x7fELF":
        raise CompileError(f"{path} is not an ELF file")
    order, mark = ("little", "<") if head[5] == 1 else ("big", ">")
    (machine,) = struct.unpack_from(mark + "H", head, 18)
    return _MACHINES.get((machine, order), f"machine {machine} ({order}-endian)")


def open_exports(path: Path, names: Iterable[str]) -> tuple[ctypes.CDLL, dict[str, int]]:
    """Opens a shared object; returns its handle, which keeps it open, and the addresses."""
    try:
        library = ctypes.CDLL(str(path), mode=os.RTLD_NOW | os.RTLD_LOCAL)
    except OSError as error:
        raise CompileError(f"{path} cannot be loaded: {error}") from None
    addresses = {}
    for name in names:
        try:
            symbol = getattr(library, name)
        except AttributeError:
            raise CompileError(f"{path} does not export {name}") from None
        addresses[name] = ctypes.cast(symbol, ctypes.c_void_p).value or 0
    return library, addresses


def text_symbol(library: ctypes.CDLL, name: str) -> str:
    """A string that a shared object exports; "" when it does not."""
    try:
        address = ctypes.addressof(ctypes.c_char.in_dll(library, name))
    except ValueError:
        return ""
    return ctypes.string_at(address).decode("ascii", "replace")
