"""large_probe.py ARTIFACT CACHE: runs the large VNF and prints its state as JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from portvnf.artifact import Artifact
from portvnf.burst import BurstRunner
from portvnf.jit import compile_artifact
from portvnf.vnf import Vnf

loaded = compile_artifact(Artifact.read(sys.argv[1]), cache_dir=sys.argv[2])
vnf = Vnf(loaded)
arena = vnf.new_arena(b"", 0x123456789ABCDEF)
waits = [BurstRunner(vnf, arena).run([], now).next_timer_ns for now in (1, 1 << 40, 99)]
(code,) = Path(sys.argv[2]).glob("*.code")
answers = {"waits": waits, "words": [str(word) for word in vnf.counters(arena)]}
json.dump({"answers": answers, "code_bytes": code.stat().st_size}, sys.stdout)
