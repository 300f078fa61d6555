"""A Python of any ISA that compiles an artifact once and then replays trace after trace.

python3 -m portvnf.conform.jit_process ARTIFACT LEVEL FILL

It says one JSON line when it is ready, then reads lines of "TRACE<tab>RESULT" (two paths) and
answers each with one JSON line.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from portvnf.artifact import Artifact
from portvnf.errors import PortvnfError
from portvnf.jit import compile_artifact
from portvnf.trace.engine_replay import replay_file


def main() -> int:
    """Serves until standard input ends."""
    artifact, level, fill = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    try:
        loaded = compile_artifact(Artifact.read(artifact), opt_level=level)
    except PortvnfError as error:
        _say({"error": error.message})
        return 2
    _say({"llvm": loaded.llvm, "cpu": loaded.cpu, "isa": loaded.isa})
    for line in sys.stdin:
        trace, result = line.rstrip("\n").split("\t")
        try:
            packets = replay_file(loaded, Path(trace), Path(result), fill)
            _say({"packets": packets})
        except PortvnfError as error:
            _say({"error": error.message})
    return 0


def _say(what: dict[str, Any]) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    sys.exit(main())
