"""What code is made for: an ISA, a CPU of it and its features."""

from __future__ import annotations

import os
import tempfile
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

    def generator(self) -> Any:
        """llvmlite's target; a HostError where this LLVM lacks it."""
        try:
            return llvm.binding().Target.from_triple(self.triple)
        except RuntimeError as error:
            raise HostError(f"LLVM has no code generator for {self.triple}: {error}") from None

    def machine(self, opt_level: int) -> Any:
        """llvmlite's target machine for position-independent code."""
        return self.generator().create_target_machine(
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
    chosen.generator()
    if not _is_usable(chosen):
        raise CompileError(f"LLVM {llvm.version()} knows no 64-bit {chosen.isa} CPU {cpu!r}")
    return chosen


def _is_usable(target: Target) -> bool:
    # LLVM has no question for whether it knows a CPU: it complains on file descriptor 2 and
    # takes another, or ends the process, there or when it generates code. So a child process
    # generates some.
    with tempfile.TemporaryFile() as heard:
        child = os.fork()
        if child == 0:
            status = 1
            try:
                os.dup2(heard.fileno(), 2)
                _generate(target)
                status = 0
            finally:
                os._exit(status)
        _, status = os.waitpid(child, 0)
        heard.seek(0)
        return status == 0 and b"not a recognized processor" not in heard.read()


def _generate(target: Target) -> None:
    module = llvm.binding().parse_assembly("define void @nothing() { ret void }")
    module.triple = target.triple
    target.machine(0).emit_object(module)
