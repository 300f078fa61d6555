"""Translates a verified artifact into object code and links it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

from portvnf import llvm
from portvnf.artifact import Artifact, check
from portvnf.errors import CompileError, HostError
from portvnf.isas import Isa
from portvnf.jit.emit import emit_object
from portvnf.jit.load import link_shared
from portvnf.jit.target import Target, cross_target


@dataclass(frozen=True)
class Translation:
    """Position-independent object code and what it was made for."""

    isa: Isa
    target: Target
    llvm: str
    code: bytes


def translate(
    artifact: Artifact, isa: Isa, *, opt_level: int = 3, cpu: str | None = None
) -> Translation:
    """Object code of this ISA, for its baseline or for one CPU by LLVM's name.

    An ArtifactError for an artifact that breaks a rule, a HostError where this LLVM lacks
    the ISA, a CompileError where it fails.
    """
    if opt_level not in range(4):
        raise CompileError(f"there is no optimisation level {opt_level}: 0 to 3 are")
    check(artifact)
    target = cross_target(isa, cpu)
    module = llvm.parse(artifact.bitcode, str(artifact.path))
    return Translation(isa, target, llvm.version(), emit_object(module, target, opt_level))


def linker(isa: Isa) -> str | None:
    """The linker for this ISA on this machine, or None."""
    return shutil.which(isa.linker)


def link(translation: Translation) -> bytes:
    """A shared object that exports what vnf.h declares; a HostError without a linker."""
    isa = translation.isa
    found = linker(isa)
    if found is None:
        raise HostError(
            f"there is no linker for {isa.name} ({isa.linker}): install Debian's package "
            f"{isa.linker_package}, or ask for an object file (.o)"
        )
    return link_shared(translation.code, [found])
