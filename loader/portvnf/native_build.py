"""`portvnf build-native`: the VNF, the packet engine and portvnf-host by GCC, for one ISA."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from portvnf import isas, locate
from portvnf.errors import BuildError, HostError
from portvnf.shared_object import isa_of

_TARGETS = (
    locate.NATIVE_VNF,
    f"portable_rt/host/{locate.HOST_LIBRARY}",
    f"portable_rt/native_host/{locate.HOST_PROGRAM}",
)
_JOBS = 2


def register(commands: Any) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser(
        "build-native", help="build the native engine and portvnf-host by GCC for one ISA"
    )
    parser.add_argument("--isa", required=True, help=f"one of {', '.join(_built())}")
    parser.add_argument("--output", type=Path, help="the build's folder (default: build/ISA)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Builds and prints what there is."""
    pieces = build_native(arguments.isa, arguments.output)
    for path in pieces.values():
        print(f"{path}: {isa_of(path)}")
    return 0


def build_native(
    isa_name: str,
    output: Path | None = None,
    progress: Callable[[str], None] = lambda line: None,
) -> Mapping[str, Path]:
    """Builds in a folder of its own, or brings it up to date; the pieces by file name."""
    isa = isas.named(isa_name)
    if not isa.built:
        raise HostError(f"there is no GCC build for {isa.name}, only for {', '.join(_built())}")
    root = locate.checkout()
    if root is None:
        raise HostError("a native build needs portvnf's sources: run it in a checkout")
    if shutil.which(isa.compiler) is None:
        raise HostError(
            f"{isa.compiler} is not installed: install Debian's packages "
            f"gcc-{isa.triplet.replace('_', '-')} and its C library"
        )
    folder = output or root / "build" / isa.name
    if not (folder / "build.ninja").is_file():
        progress(f"configuring {folder}")
        kind = "--native-file" if isa.name == "x86_64" else "--cross-file"
        machine = root / "toolchains" / f"{isa.name}.ini"
        _call("meson", "setup", str(folder), str(root), kind, str(machine))
    progress(f"building {folder}")
    _call("ninja", "-C", str(folder), "--quiet", f"-j{_JOBS}", *_TARGETS)
    return {Path(target).name: folder / target for target in _TARGETS}


def _built() -> list[str]:
    return [isa.name for isa in isas.ISAS.values() if isa.built]


def _call(program: str, *arguments: str) -> None:
    # meson and ninja of the same Python environment come first.
    beside = str(Path(sys.executable).parent)
    path = os.pathsep.join((beside, os.environ.get("PATH", os.defpath)))
    found = shutil.which(program, path=path)
    if found is None:
        raise HostError(f"{program} is not installed: script/setup does it")
    done = subprocess.run(
        [found, *arguments],
        env={**os.environ, "PATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        said = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        telling = [line for line in said if "rror" in line] or said[-1:] or ["it says nothing"]
        raise BuildError(f"{program} failed: {telling[0].strip()}")
