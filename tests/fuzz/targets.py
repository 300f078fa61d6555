"""Building the fuzz targets, by clang with libFuzzer or by GCC for a replay."""

from __future__ import annotations

import subprocess
from pathlib import Path

from portvnf import locate
from portvnf.state.codegen import Generator
from portvnf.state.vepc import SCHEMA

from . import state

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CORPUS = HERE / "corpus"
TARGETS = ("bursts", "records")


def prepare(folder: Path) -> None:
    """What every build needs: the generated records, and the state to start from."""
    folder.mkdir(parents=True, exist_ok=True)
    generator = Generator(SCHEMA)
    (folder / "vepc_records.h").write_text(generator.header())
    (folder / "vepc_records.c").write_text(generator.source())
    (folder / "state").write_bytes(state.state_file())


def build(target: str, folder: Path, *, fuzzer: bool) -> Path:
    """A target as a program: a fuzzer by clang, or by GCC one that runs the files it is given.
    The VNF itself is compiled once for all targets."""
    program = folder / (f"fuzz_{target}" if fuzzer else f"replay_{target}")
    own = [HERE / f"fuzz_{target}.c", *([] if fuzzer else [HERE / "replay.c"])]
    command = [*_compiler(folder, fuzzer), *own, *_objects(folder, fuzzer), "-o", program]
    subprocess.run(command, check=True)
    return program


def _compiler(folder: Path, fuzzer: bool) -> list[str | Path]:
    includes = (ROOT / "vnfsrc" / "vepc", locate.headers(), folder, HERE)
    flags = ["-std=c11", "-O1", "-g", "-Wall", "-Wextra", "-Werror"]
    sanitizers = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    compiler = ["clang-14", "-fsanitize=fuzzer"] if fuzzer else ["gcc"]
    return [*compiler, *flags, *sanitizers, *(f"-I{include}" for include in includes)]


def _objects(folder: Path, fuzzer: bool) -> list[Path]:
    objects = folder / ("fuzz_objects" if fuzzer else "replay_objects")
    sources = [*sorted((ROOT / "vnfsrc" / "vepc").glob("*.c")), folder / "vepc_records.c"]
    sources.append(HERE / "gateway.c")
    if not objects.is_dir():
        objects.mkdir()
        subprocess.run([*_compiler(folder, fuzzer), "-c", *sources], cwd=objects, check=True)
    return sorted(objects.glob("*.o"))
