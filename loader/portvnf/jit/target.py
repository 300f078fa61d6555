"""What code is made for: this host's ISA, CPU and features."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from portvnf import llvm
from portvnf.errors import CompileError, HostError

# Where LLVM's "generic" is less than portvnf's baseline, or does not exist.
_BASELINE = {"mips64el": "mips64r2", "mips64": "mips64r2"}
_GENERIC = ("", "generic")


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
        if not cpu:
            raise CompileError("the CPU's name is empty")
        chosen = Target(triple, cpu, "")
        if "not a recognized processor" in _stderr_of(lambda: chosen.machine(0)):
            raise CompileError(f"LLVM {llvm.version()} knows no {isa} CPU {cpu!r}")
        return chosen
    name = str(binding.get_host_cpu_name())
    if name in _GENERIC or isa in _BASELINE:
        return Target(triple, _BASELINE.get(isa, "generic"), "")
    try:
        features = str(binding.get_host_cpu_features().flatten())
    except RuntimeError:
        features = ""  # LLVM cannot ask this kind of host; the CPU's name implies its own
    return Target(triple, name, features)


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
