"""Every ISA that portvnf knows, and the names of its tools: the one table of targets.

An ISA is named as LLVM names it. What is not in this table may still run artifacts by JIT:
there LLVM is asked about the host itself.
"""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from portvnf.errors import HostError
from portvnf.shared_object import isa_of


@dataclass(frozen=True)
class Isa:
    """One 64-bit ISA. `cpu` and `features` are its baseline, as LLVM names them; `root` is
    Debian 12's architecture with a Python of that ISA, "" when there is none."""

    name: str
    triplet: str  # GNU's and Debian's, which LLVM reads as well
    byte_order: str
    cpu: str
    features: str = ""
    root: str = ""
    built: bool = True  # whether GCC builds of it exist: toolchains/NAME.ini

    @property
    def compiler(self) -> str:
        """Debian's GCC for it."""
        return f"{self.triplet}-gcc"

    @property
    def linker(self) -> str:
        """binutils' linker for it."""
        return f"{self.triplet}-ld"

    @property
    def linker_package(self) -> str:
        """The Debian package of that linker."""
        return f"binutils-{self.triplet.replace('_', '-')}"

    @property
    def emulator(self) -> str:
        """QEMU's user mode for it."""
        return f"qemu-{self.name}-static"

    @property
    def libraries(self) -> Path:
        """Where Debian's cross packages keep its C library."""
        return Path("/usr") / self.triplet


ISAS = {
    isa.name: isa
    for isa in (
        Isa("x86_64", "x86_64-linux-gnu", "little", "x86-64"),
        Isa("mips64el", "mips64el-linux-gnuabi64", "little", "mips64r2", root="mips64el"),
        Isa("mips64", "mips64-linux-gnuabi64", "big", "mips64r2"),
        Isa("aarch64", "aarch64-linux-gnu", "little", "generic", root="arm64"),
        Isa("s390x", "s390x-linux-gnu", "big", "z196", root="s390x"),
        Isa(
            "riscv64",
            "riscv64-linux-gnu",
            "little",
            "generic-rv64",
            "+m,+a,+f,+d,+c",
            built=False,
        ),
    )
}


def named(name: str) -> Isa:
    """The ISA of that name; a HostError when there is none."""
    try:
        return ISAS[name]
    except KeyError:
        raise HostError(f"no ISA {name!r} is known, only {', '.join(ISAS)}") from None


def own() -> str:
    """The name of this process's ISA."""
    return isa_of(Path(sys.executable).resolve())


def run_prefix(isa: Isa) -> list[str]:
    """The argv prefix that runs a program of this ISA here: none for this machine's own,
    else QEMU's user mode with the cross compiler's libraries."""
    if isa.name == own():
        return []
    emulator = shutil.which(isa.emulator)
    if emulator is None:
        raise HostError(
            f"{isa.emulator} is not installed: install Debian's package qemu-user-static"
        )
    if not isa.libraries.is_dir():
        raise HostError(
            f"{isa.libraries} is missing: install Debian's package gcc-{isa.triplet} with its "
            "C library"
        )
    return [emulator, "-L", str(isa.libraries)]
