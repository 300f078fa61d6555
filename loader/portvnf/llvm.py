"""The one place that knows how llvmlite's generations differ in what every part needs.

0.39 (Debian 12, LLVM 14) wants to be initialised and has legacy pass managers; 0.50
(LLVM 22) initialises itself and has the new one. The load step is in portvnf.jit.load.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from portvnf.errors import ArtifactError, HostError


@cache
def binding() -> Any:
    """llvmlite.binding, ready for this host's own code; a HostError where it is missing."""
    try:
        import llvmlite.binding as llvm
    except ImportError as error:
        raise HostError(
            "llvmlite is not installed on this host: install Debian's python3-llvmlite or "
            f"PyPI's llvmlite ({error})"
        ) from None
    except OSError as error:
        raise HostError(f"llvmlite cannot be loaded on this host: {error}") from None
    if has_legacy_passes(llvm):
        llvm.initialize()
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm


@cache
def with_every_target() -> None:
    """Makes LLVM's code generators for other ISAs than this host's ready too."""
    binding().initialize_all_targets()
    binding().initialize_all_asmprinters()


def has_legacy_passes(llvm: Any) -> bool:
    """Whether this llvmlite optimises with legacy pass managers (before 0.45)."""
    return hasattr(llvm, "create_pass_manager_builder")


def version() -> str:
    """LLVM's version, such as "22.1.0"."""
    return ".".join(str(part) for part in binding().llvm_version_info)


def parse(bitcode: bytes, where: str) -> Any:
    """The module in `bitcode` (a llvmlite ModuleRef); `where` names it in errors."""
    try:
        module = binding().parse_bitcode(bitcode)
        module.verify()
    except RuntimeError as error:
        lines = str(error).strip().splitlines()
        detail = lines[0] if lines else "no reason given"
        raise ArtifactError(
            f"{where} is not bitcode that LLVM {version()} reads: {detail}"
        ) from None
    return module
