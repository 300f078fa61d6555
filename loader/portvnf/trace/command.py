"""`portvnf replay` and `portvnf trace`: runs of a VNF as files."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from portvnf import locate, select
from portvnf.artifact import Artifact
from portvnf.errors import ConfigError, TraceError
from portvnf.jit import compile_artifact
from portvnf.loaded import LoadedVnf
from portvnf.native import load_native
from portvnf.trace.engine_replay import replay_file
from portvnf.trace.replay import replay
from portvnf.trace.result_file import encode_result
from portvnf.trace.trace_file import decode_trace
from portvnf.vnf import Vnf


def register(commands: Any) -> None:
    """Adds the commands to the parser."""
    parser = commands.add_parser("replay", help="replay traces and write what came of them")
    parser.add_argument("trace", type=Path, nargs="+")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        help="the result file, or a folder for TRACE-NAME.result",
    )
    parser.add_argument("--engine", choices=select.ENGINES, default="auto")
    parser.add_argument("--artifact", type=Path, help="(default: the build's)")
    parser.add_argument("--native", type=Path, help="a VNF as a shared object, instead")
    parser.add_argument("--opt-level", type=int, help="for the JIT: 0 to 3 (default: 3)")
    parser.add_argument("--cpu", help="for the JIT: a CPU by LLVM's name (default: this host's)")
    parser.add_argument("--fill", type=int, default=0, help="what buffers hold before (0 to 255)")
    parser.add_argument(
        "--python", action="store_true", help="by the replayer in Python, not the one in C"
    )
    parser.set_defaults(run=_replay)

    trace = commands.add_parser("trace", help="look at a trace")
    actions = trace.add_subparsers(dest="action", required=True)
    show = actions.add_parser("show", help="print what a trace holds")
    show.add_argument("file", type=Path)
    show.set_defaults(run=_show)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise TraceError(f"cannot read {path}: {error.strerror}") from None


def _load(arguments: argparse.Namespace) -> LoadedVnf:
    if arguments.native is not None:
        return load_native(arguments.native)
    artifact = arguments.artifact or locate.artifact()
    if arguments.opt_level is not None or arguments.cpu is not None:
        if arguments.engine == "native":
            raise ConfigError("--opt-level and --cpu are for the JIT, not for --engine native")
        level = 3 if arguments.opt_level is None else arguments.opt_level
        return compile_artifact(Artifact.read(artifact), opt_level=level, cpu=arguments.cpu)
    chosen = select.load(artifact, arguments.engine)
    if chosen.note:
        print(f"portvnf: {chosen.note}", file=sys.stderr)
    return chosen.loaded


def _replay(arguments: argparse.Namespace) -> int:
    if not 0 <= arguments.fill <= 255:
        raise ConfigError(f"--fill is 0 to 255, not {arguments.fill}")
    if len(arguments.trace) > 1 and not arguments.output.is_dir():
        raise ConfigError(f"{arguments.output} is no folder: several traces need one")
    loaded = _load(arguments)
    for trace in arguments.trace:
        output = arguments.output
        if output.is_dir():
            output = output / f"{trace.stem}.result"
        replayer = _replay_in_python if arguments.python else replay_file
        packets = replayer(loaded, trace, output, arguments.fill)
        print(f"{output}: {packets} packets ({loaded.engine}, {loaded.isa} {loaded.cpu})")
    return 0


def _replay_in_python(loaded: LoadedVnf, path: Path, output: Path, fill: int) -> int:
    trace = decode_trace(_read(path), str(path))
    result = encode_result(replay(Vnf(loaded), trace, fill))
    try:
        output.write_bytes(result)
    except OSError as error:
        raise TraceError(f"cannot write {output}: {error.strerror}") from None
    return trace.packets


def _show(arguments: argparse.Namespace) -> int:
    trace = decode_trace(_read(arguments.file), str(arguments.file))
    kinds = Counter(type(operation).__name__.lower() for operation in trace.operations)
    print(f"{arguments.file}: {trace.packets} packets, {len(trace.operations)} operations")
    for kind, count in kinds.items():
        print(f"  {kind:9} {count}")
    return 0
