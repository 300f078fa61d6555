"""The LLVM 14 programs that make an artifact."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from portvnf.errors import BuildError, HostError

# Any LP64, little- or big-endian, target gives the same IR for the C that we allow; this one
# is in every clang. What it leaves in the module is taken out again (neutral.py).
TARGET = "x86_64-unknown-linux-gnu"

# -O2 with the passes disabled: IR for an optimiser (lifetimes, alias metadata, no
# `optnone`), on which no pass that asks the data layout has run.
COMPILE_FLAGS = (
    f"--target={TARGET}",
    "-std=c11",
    "-ffreestanding",
    "-nostdinc",
    "-O2",
    "-Xclang",
    "-disable-llvm-passes",
    "-fPIC",
    "-fno-common",
    "-fno-stack-protector",
    "-fno-asynchronous-unwind-tables",
    "-Wall",
    "-Wextra",
    "-Werror",
)


@dataclass(frozen=True)
class Toolchain:
    """The programs, found once."""

    clang: str
    link: str
    opt: str
    assemble: str
    disassemble: str

    @classmethod
    def find(cls, clang: str = "clang-14") -> Toolchain:
        """Looks for clang and its LLVM companions of the same suffix on the path."""
        name = Path(clang).name
        suffix = name.removeprefix("clang")
        tools = ("llvm-link", "opt", "llvm-as", "llvm-dis")
        return cls(_find(clang), *(_find(tool + suffix) for tool in tools))

    def version(self) -> str:
        """The compiler's name and version, without where it is installed."""
        return run([self.clang, "--version"]).decode().splitlines()[0].strip()

    def compile(self, source: Path, output: Path, depfile: Path, flags: Sequence[str]) -> None:
        """One C file to bitcode; `depfile` lists the headers that it read."""
        run([self.clang, *COMPILE_FLAGS, *flags, "-MD", "-MF", str(depfile), "-c", "-emit-llvm",
             "-o", str(output), str(source)])  # fmt: skip

    def link_and_prune(self, modules: Sequence[Path], exports: Sequence[str]) -> str:
        """Links, makes all but the exports internal, drops what is unused; gives the text."""
        linked = run([self.link, *map(str, modules)])
        passes = "-passes=internalize,globaldce,strip-dead-prototypes"
        public = f"-internalize-public-api-list={','.join(exports)}"
        return run([self.opt, passes, public, "-S", "-o", "-"], linked).decode()

    def to_bitcode(self, text: str) -> bytes:
        """Assembles a module's text."""
        return run([self.assemble, "-o", "-"], text.encode())

    def to_text(self, bitcode: bytes) -> str:
        """The text that LLVM 14 prints for a bitcode file."""
        return run([self.disassemble, "-o", "-"], bitcode).decode()


def _find(program: str) -> str:
    path = shutil.which(program)
    if path is None:
        raise HostError(f"{program} is not installed: install Debian's clang-14 and llvm-14")
    return path


def run(argv: Sequence[str], data: bytes | None = None) -> bytes:
    """Runs a program on `data`; a BuildError carries what it said when it failed."""
    done = subprocess.run(argv, input=data or b"", capture_output=True, check=False)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()
        raise BuildError(f"{Path(argv[0]).name} failed with status {done.returncode}:\n{said}")
    return done.stdout
