"""Builds an artifact: python3 -m portvnf.artifact.build --name vepc ... SOURCES.

compile each source -> link -> prune to the exports -> make neutral -> add the manifest ->
assemble -> seal -> verify -> write. The result depends on names and contents of the
sources and on the compiler alone, not on any folder.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from portvnf import cdef, llvm
from portvnf.artifact import container
from portvnf.artifact.manifest import MalformedManifestError, Manifest
from portvnf.artifact.neutral import neutral
from portvnf.artifact.toolchain import Toolchain
from portvnf.artifact.verifier import refuse, verify_text
from portvnf.errors import BuildError, PortvnfError


@dataclass(frozen=True)
class Recipe:
    """What to build from what."""

    name: str
    version: str
    sources: tuple[Path, ...]
    includes: tuple[Path, ...]
    interface: Path  # JSON: schema {name, version, sha256}, counters, gauges, drop_reasons


def build(recipe: Recipe, toolchain: Toolchain) -> tuple[bytes, set[Path]]:
    """The artifact's bytes, verified, and every file that it was made from."""
    with tempfile.TemporaryDirectory(prefix="portvnf-build-") as folder:
        text, inputs = _compile(recipe, toolchain, Path(folder))
    manifest = _manifest(recipe, toolchain.version(), inputs)
    bitcode = container.seal(toolchain.to_bitcode(neutral(text, recipe.name, manifest)))
    # Both generations of LLVM must see what the rules allow: hosts have either.
    refuse(f"{recipe.name} as LLVM 14 reads it", verify_text(toolchain.to_text(bitcode)))
    refuse(recipe.name, verify_text(str(llvm.parse(bitcode, recipe.name))))
    return bitcode, inputs | {recipe.interface}


def _compile(recipe: Recipe, toolchain: Toolchain, folder: Path) -> tuple[str, set[Path]]:
    names = [source.name for source in recipe.sources]
    if len(set(names)) != len(names):
        raise BuildError(f"two sources of {recipe.name} have the same name")
    flags = [f"-I{path}" for path in recipe.includes]
    modules, inputs = [], set(recipe.sources)
    # Sorted by name, so that the order on the command line does not matter.
    for source in sorted(recipe.sources, key=lambda path: path.name):
        module, depfile = folder / f"{source.name}.bc", folder / f"{source.name}.d"
        toolchain.compile(source, module, depfile, flags)
        modules.append(module)
        inputs |= read_depfile(depfile.read_text())
    return toolchain.link_and_prune(modules, sorted(cdef.functions("vnf.h"))), inputs


def read_depfile(text: str) -> set[Path]:
    """The files that a make rule written by clang names as prerequisites."""
    _, _, prerequisites = text.partition(": ")
    words = re.split(r"(?<!\\)\s+", prerequisites.replace("\\\n", " ").strip())
    return {Path(word.replace("\\ ", " ")) for word in words if word}


def _manifest(recipe: Recipe, producer: str, inputs: Iterable[Path]) -> Manifest:
    try:
        interface = json.loads(recipe.interface.read_text(encoding="utf-8"))
        described = {
            "name": recipe.name,
            "version": recipe.version,
            "abi": cdef.constants("vnf.h")["PV_ABI_VERSION"],
            "schema": interface["schema"],
            "counters": interface["counters"],
            "gauges": interface["gauges"],
            "drop_reasons": interface["drop_reasons"],
            "producer": producer,
            "source_sha256": source_digest(inputs),
            container.SEAL_KEY: container.BLANK_SEAL,
        }
        return Manifest.from_json(json.dumps(described, sort_keys=True, separators=(",", ":")))
    except OSError as error:
        raise BuildError(f"{recipe.interface} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, MalformedManifestError) as error:
        raise BuildError(f"{recipe.interface} does not describe a VNF: {error}") from None


def source_digest(files: Iterable[Path]) -> str:
    """SHA-256 over the names and contents of the files, wherever they lie."""
    digests = {(path.name, hashlib.sha256(path.read_bytes()).hexdigest()) for path in files}
    lines = [f"{content} {name}\n" for name, content in sorted(digests)]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _write(path: Path, data: bytes) -> None:
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(data)
    partial.replace(path)


def main(arguments: Sequence[str] | None = None) -> int:
    """The build step that meson calls."""
    parser = argparse.ArgumentParser(prog="python3 -m portvnf.artifact.build")
    parser.add_argument("--name", required=True)
    parser.add_argument("--version", required=True)
    parser.add_argument("--interface", required=True, type=Path)
    parser.add_argument("--include", "-I", action="append", default=[], type=Path)
    parser.add_argument("--clang", default="clang-14")
    parser.add_argument("--depfile", type=Path, help="for ninja: what the artifact is made from")
    parser.add_argument("--output", "-o", required=True, type=Path)
    parser.add_argument("sources", nargs="+", type=Path)
    chosen = parser.parse_args(arguments)
    recipe = Recipe(
        chosen.name,
        chosen.version,
        tuple(path for path in chosen.sources if path.suffix == ".c"),
        tuple(chosen.include),
        chosen.interface,
    )
    try:
        bitcode, inputs = build(recipe, Toolchain.find(chosen.clang))
    except PortvnfError as error:
        print(f"portvnf: {error}", file=sys.stderr)
        return 2
    _write(chosen.output, bitcode)
    if chosen.depfile:
        listed = " ".join(sorted(str(path).replace(" ", "\\ ") for path in inputs))
        chosen.depfile.write_text(f"{chosen.output}: {listed}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
