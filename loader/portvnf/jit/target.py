"""What code is made for: an ISA, a CPU of it and its features."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from portvnf import llvm
from portvnf.errors import CompileError, HostError
from portvnf.isas import ISAS, Isa

# What LLVM answers where it cannot tell; on MIPS it never can.
_UNKNOWN = ("", "generic")
_NEVER_KNOWN = ("mips64el", "mips64")


@dataclass(frozen=True)
class Target:
    """One kind of machine, as LLVM names it."""

    triple: str
    cpu: str
    features: str

    @property
    def isa(self) -> str:
        """The triple's first part."""
        return self.triple.split("-")[0]

    def machine(self, opt_level: int) -> Any:
        """llvmlite's target machine for position-independent code."""
        try:
            found = llvm.binding().Target.from_triple(self.triple)
        except RuntimeError as error:
            raise HostError(f"LLVM has no code generator for {self.triple}: {error}") from None
        return found.create_target_machine(
            cpu=self.cpu,
            features=self.features,
            opt=opt_level,
            reloc="pic",
            codemodel="default",
        )


def host_target(cpu: str | None = None) -> Target:
    """This host; with `cpu` given, that model of it without further features."""
    binding = llvm.binding()
    triple = str(binding.get_process_triple())
    isa = triple.split("-")[0]
    if cpu is not None:
        return _chosen(triple, cpu)
    name = str(binding.get_host_cpu_name())
    if name in _UNKNOWN or isa in _NEVER_KNOWN:
        known = ISAS.get(isa)
        return Target(triple, known.cpu, known.features) if known else Target(triple, "generic", "")
    try:
        features = str(binding.get_host_cpu_features().flatten())
    except RuntimeError:
        features = ""  # LLVM cannot ask this kind of host; the CPU's name implies its own
    return Target(triple, name, features)


def cross_target(isa: Isa, cpu: str | None = None) -> Target:
    """Another ISA, or this one, by name; `cpu` None is its baseline, so that the code runs
    on every machine of it."""
    llvm.with_every_target()
    if cpu is not None:
        return _chosen(isa.triplet, cpu)
    return Target(isa.triplet, isa.cpu, isa.features)


def _chosen(triple: str, cpu: str) -> Target:
    if not cpu:
        raise CompileError("the CPU's name is empty")
    chosen = Target(triple, cpu, "")
    if "not a recognized processor" in _stderr_of(lambda: chosen.machine(0)):
        raise CompileError(f"LLVM {llvm.version()} knows no {chosen.isa} CPU {cpu!r}")
    return chosen


def _stderr_of(action: Callable[[], object]) -> str:
    # LLVM has no question for whether it knows a CPU: it complains on file descriptor 2,
    # takes one that may not even be of 64 bits, and ends the process when it generates code.
    with tempfile.TemporaryFile() as heard:
        kept = os.dup(2)
        try:
            os.dup2(heard.fileno(), 2)
            action()
        finally:
            os.dup2(kept, 2)
            os.close(kept)
        heard.seek(0)
        return heard.read().decode(errors="replace")
