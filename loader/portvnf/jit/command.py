"""`portvnf compile`: compiles an artifact ahead of its first use, into the code cache."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from portvnf import locate
from portvnf.artifact import Artifact, trust
from portvnf.jit.compiler import compile_artifact


def register(commands: Any) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser("compile", help="compile an artifact into this host's code cache")
    parser.add_argument("file", nargs="?", type=Path, help="default: the build's artifact")
    trust.add_option(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Prints for what the artifact was compiled, and how long that took."""
    began = time.monotonic()
    keys = trust.chosen_keys(arguments.trust)
    loaded = compile_artifact(Artifact.read(arguments.file or locate.artifact(), keys))
    seconds = time.monotonic() - began
    print(f"compiled for {loaded.isa} ({loaded.cpu}) by LLVM {loaded.llvm} in {seconds:.1f} s")
    return 0
