"""From a cell to what replays traces in it: builds, translates and starts what is needed."""

from __future__ import annotations

import hashlib
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from portvnf import isas, llvm, locate, roots, translate
from portvnf.artifact import Artifact
from portvnf.conform import gcc_build
from portvnf.conform.cells import Cell
from portvnf.conform.gcc_build import Sources
from portvnf.conform.replayers import HostProgram, JitProcess, Replayer
from portvnf.isas import Isa
from portvnf.jit.cache import CodeCache, default_folder
from portvnf.native_build import build_native

# One build at a time: meson's folders are not made for two, and LLVM has one target table.
_BUILDING = Lock()

# What lies behind packets in their buffers: every cell has another one, as far as it goes.
# A VNF that reads what it was not given makes something else of each.
_FILLS = (0x00, 0xA5, 0xFF, 0x5A)


@dataclass(frozen=True)
class Subject:
    """What is to behave alike: an artifact and the sources that GCC compiles. `sources` None
    means the product's own, of which level 3 is the build that users get."""

    artifact: Path
    sources: Sources | None = None


def fill_of(cell: Cell) -> int:
    """The byte that packet buffers of this cell hold before a packet is put in."""
    order = sorted(isas.ISAS).index(cell.isa) + ("jit", "gcc", "aot").index(cell.engine)
    return _FILLS[(order + cell.level) % len(_FILLS)]


def prepare(cell: Cell, subject: Subject, folder: Path) -> Replayer:
    """What replays traces in this cell; `folder` must live as long as it does. A PortvnfError
    says why there is none on this machine."""
    isa = isas.named(cell.isa)
    if cell.engine == "jit":
        return _jit(isa, cell, subject)
    with _BUILDING:
        if cell.engine == "gcc":
            code, compiler = _gcc_code(isa, cell.level, subject), gcc_build.version(isa)
        else:
            code, compiler = _translated(isa, cell.level, subject), f"LLVM {llvm.version()}"
        # A copy: a build that goes on meanwhile changes nothing under a running cell.
        name = cell.name.replace("/", "-")
        program = Path(shutil.copy(_piece(isa, locate.HOST_PROGRAM), folder / f"{name}-host"))
    path = folder / f"{name}.so"
    path.write_bytes(code)
    return HostProgram([*isas.run_prefix(isa), str(program)], path, fill_of(cell), compiler)


def _piece(isa: Isa, name: str) -> Path:
    """A piece of the product's native build, brought up to date where there are sources."""
    if isa.name != isas.own():
        return build_native(isa.name)[name]
    return {
        locate.HOST_PROGRAM: locate.host_program,
        locate.NATIVE_VNF: locate.native_vnf,
        locate.HOST_LIBRARY: locate.host_library,
    }[name]()


def _gcc_code(isa: Isa, level: int, subject: Subject) -> bytes:
    if subject.sources is None and level == 3:
        return _piece(isa, locate.NATIVE_VNF).read_bytes()
    return gcc_build.compile_shared(subject.sources or Sources.of_checkout(), isa, level)


def _translated(isa: Isa, level: int, subject: Subject) -> bytes:
    artifact = Artifact.read(subject.artifact)
    parts = ("aot", isa.name, artifact.sha256, llvm.version(), f"O{level}")
    key = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    kept = CodeCache(default_folder())
    code = kept.get(key)
    if code is None:
        code = translate.link(translate.translate(artifact, isa, opt_level=level))
        kept.put(key, code)
    return code


def _jit(isa: Isa, cell: Cell, subject: Subject) -> Replayer:
    artifact = subject.artifact.resolve()
    with _BUILDING:
        library = _piece(isa, locate.HOST_LIBRARY)
    if isa.name == isas.own():
        prefix = [sys.executable]
    else:
        # The C replayer is in the host library of that ISA's build.
        build = library.parent.parent.parent
        with _BUILDING:
            roots.make(isa.name)  # nothing, where it is there
        prefix = roots.command(isa.name, {"PORTVNF_BUILD": str(build)})
    return JitProcess(prefix, artifact, cell.level, fill_of(cell))
