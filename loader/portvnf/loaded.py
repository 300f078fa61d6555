"""A VNF's code in this process's memory, however it came there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class LoadedVnf:
    """The addresses of a VNF's exports and where its code came from.

    The addresses stay valid as long as this object lives.
    """

    addresses: Mapping[str, int]  # by export name, such as "vnf_burst"
    engine: str  # "jit" or "native"
    isa: str  # LLVM's name: "x86_64", "mips64el", "s390x", "aarch64", ...
    cpu: str  # what the code was made for; "generic" for the ISA's baseline
    llvm: str  # LLVM's version; "" when GCC made the code
    artifact_sha256: str  # of the artifact; "" when GCC made the code
    keeper: object = field(repr=False, compare=False)  # owns the memory
    build_id: str = ""  # what GCC made the code from (artifact.build_id); "" if it does not say
