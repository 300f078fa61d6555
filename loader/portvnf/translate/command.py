"""`portvnf translate`: object code from an artifact, for any ISA."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from portvnf import isas
from portvnf.artifact import Artifact, trust
from portvnf.errors import ConfigError, HostError
from portvnf.translate.translator import link, linker, translate


def register(commands: Any) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser("translate", help="compile an artifact ahead of time for any ISA")
    parser.add_argument("artifact", type=Path, help="the artifact, such as vepc.bc")
    parser.add_argument("--isa", required=True, help=f"one of {', '.join(isas.ISAS)}")
    parser.add_argument("--opt-level", type=int, default=3, help="0 to 3 (default: 3)")
    parser.add_argument("--cpu", help="a CPU by LLVM's name (default: the ISA's baseline)")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        help="a shared object (.so) or an object file (.o); without it, NAME-ISA.so beside "
        "the artifact, or .o where this machine has no linker for the ISA",
    )
    trust.add_option(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Translates, links when a shared object is wanted, writes."""
    isa = isas.named(arguments.isa)
    artifact = Artifact.read(arguments.artifact, trust.chosen_keys(arguments.trust))
    output: Path = arguments.output or _default_output(arguments.artifact, isa)
    if output.suffix not in (".o", ".so"):
        raise ConfigError(f"{output}: the output is a .so or a .o file")
    done = translate(artifact, isa, opt_level=arguments.opt_level, cpu=arguments.cpu)
    data = link(done) if output.suffix == ".so" else done.code
    try:
        output.write_bytes(data)
    except OSError as error:
        raise HostError(f"cannot write {output}: {error.strerror}") from None
    kind = "shared object" if output.suffix == ".so" else "object file"
    missing = f" (an object only: {isa.linker} is not installed)" if not linker(isa) else ""
    print(
        f"{output}: {kind}, {len(data)} bytes, {isa.name} {done.target.cpu}, "
        f"LLVM {done.llvm} -O{arguments.opt_level}{missing}"
    )
    return 0


def _default_output(artifact: Path, isa: isas.Isa) -> Path:
    suffix = ".so" if linker(isa) else ".o"
    return artifact.with_name(f"{artifact.stem}-{isa.name}{suffix}")
