"""Compiles an artifact for this host and loads it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from portvnf import cdef, llvm
from portvnf.artifact import Artifact, check
from portvnf.errors import CompileError
from portvnf.jit import load
from portvnf.jit.cache import CodeCache, default_folder
from portvnf.jit.emit import emit_object
from portvnf.jit.target import Target, host_target
from portvnf.loaded import LoadedVnf


def compile_artifact(
    artifact: Artifact,
    *,
    opt_level: int = 3,
    cpu: str | None = None,
    cache_dir: str | Path | None = None,
) -> LoadedVnf:
    """Verifies, compiles and loads an artifact.

    `opt_level` is 0 to 3. `cpu` is a CPU by LLVM's name, this host's own when None.
    Compiled code is kept in `cache_dir` (None: $PORTVNF_CACHE or the user's cache).
    Raises an ArtifactError for an artifact that breaks a rule, a HostError where llvmlite
    or a linker is missing, a CompileError where LLVM fails.
    """
    if opt_level not in range(4):
        raise CompileError(f"there is no optimisation level {opt_level}: 0 to 3 are")
    check(artifact)
    target = host_target(cpu)
    cache = CodeCache(Path(cache_dir) if cache_dir else default_folder())
    key = _key(artifact, target, opt_level)
    code = cache.get(key)
    if code is None:
        module = llvm.parse(artifact.bitcode, str(artifact.path))
        code = load.finish(emit_object(module, target, opt_level))
        cache.put(key, code)
    keeper, addresses = load.load(code, target, cdef.functions("vnf.h"))
    return LoadedVnf(
        addresses, "jit", target.isa, target.cpu, llvm.version(), artifact.sha256, keeper
    )


def _key(artifact: Artifact, target: Target, opt_level: int) -> str:
    form = "object" if load.has_orc() else "shared object"
    parts = (artifact.sha256, repr(target), llvm.version(), f"O{opt_level}", form)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
