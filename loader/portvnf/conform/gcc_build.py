"""The VNF by GCC at any optimisation level, from any copy of its sources."""

from __future__ import annotations

import hashlib
import json
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from portvnf import locate
from portvnf.errors import BuildError, HostError
from portvnf.isas import Isa
from portvnf.jit.cache import CodeCache, default_folder
from portvnf.state.codegen import Generator, interface
from portvnf.state.schema import load_schema

# As in the meson build. Below level 2 link-time optimisation means little and takes long.
_FLAGS = ("-std=c11", "-ffreestanding", "-nostdinc", "-fvisibility=hidden", "-fPIC", "-shared")
_WHOLE = ("-flto",)


class Sources:
    """A copy of vnfsrc, with the C that is generated from the state schema."""

    def __init__(self, root: Path, vnf: str = "vepc") -> None:
        self.root, self.vnf = root, vnf
        self.folder = root / "vnfsrc" / vnf
        self.include = root / "portable_rt" / "include"
        self.files = sorted(self.folder.glob("*.c"))

    @classmethod
    def of_checkout(cls) -> Sources:
        """The product's own; a HostError where it is installed without them."""
        root = locate.checkout()
        if root is None:
            raise HostError("GCC builds need portvnf's sources: run it in a checkout")
        return cls(root)

    def generate(self, output: Path) -> Path:
        """Writes the generated C and interface.json into a folder; returns the C file."""
        generator = Generator(load_schema(self.vnf))
        source = output / f"{self.vnf}_records.c"
        (output / f"{self.vnf}_records.h").write_text(generator.header())
        source.write_text(generator.source())
        described = interface(load_schema(self.vnf), self.folder / "counters.def")
        (output / "interface.json").write_text(json.dumps(described))
        return source

    def digest(self) -> str:
        """What it would be compiled from."""
        digest = hashlib.sha256(load_schema(self.vnf).sha256().encode())
        generator = Generator(load_schema(self.vnf))
        digest.update(generator.header().encode() + generator.source().encode())
        listed = [*self.folder.glob("*"), *self.include.glob("portvnf/*")]
        for path in sorted(listed, key=lambda p: p.name):
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
        return digest.hexdigest()


@cache
def version(isa: Isa) -> str:
    """The cross compiler's name and version."""
    try:
        said = _run([isa.compiler, "--version"])
    except OSError:
        raise HostError(
            f"{isa.compiler} is not installed: install Debian's package "
            f"gcc-{isa.triplet.replace('_', '-')}"
        ) from None
    words = said.splitlines()[0].split()
    return f"GCC {words[-1]}"


def compile_shared(sources: Sources, isa: Isa, level: int) -> bytes:
    """A shared object of the VNF, from the code cache where it was made before."""
    flags = [f"-O{level}", *_FLAGS, *(_WHOLE if level > 1 else ())]
    parts = ("gcc", isa.name, version(isa), " ".join(flags), sources.digest())
    key = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    kept = CodeCache(default_folder())
    code = kept.get(key)
    if code is None:
        code = _compile(sources, isa, flags)
        kept.put(key, code)
    return code


def _compile(sources: Sources, isa: Isa, flags: list[str]) -> bytes:
    root = locate.checkout() or sources.root
    exports = root / "toolchains" / "native_exports.h"
    with tempfile.TemporaryDirectory(prefix="portvnf-") as name:
        folder = Path(name)
        generated, output = sources.generate(folder), folder / "vnf.so"
        argv = [isa.compiler, *flags, f"-I{sources.folder}", f"-I{sources.include}", f"-I{folder}"]
        argv += ["-include", str(exports), "-o", str(output), *map(str, sources.files)]
        _run([*argv, str(generated)])
        return output.read_bytes()


def _run(argv: list[str]) -> str:
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.strip()]
        telling = [line for line in said if "error:" in line] or said[-1:] or ["it says nothing"]
        raise BuildError(f"{argv[0]} failed: {telling[0].strip()}")
    return done.stdout
