"""Runs the sample VNF `reflect` and prints, as JSON, everything that it answers.

probe.py jit ARTIFACT CACHE [OPT_LEVEL] | probe.py native SHARED_OBJECT
"""

from __future__ import annotations

import json
import sys

from portvnf.artifact import Artifact
from portvnf.burst import BurstRunner, Packet
from portvnf.errors import ConfigError, StateError
from portvnf.jit import compile_artifact
from portvnf.native import load_native
from portvnf.vnf import Vnf

engine, path, *rest = sys.argv[1:]
if engine == "jit":
    level = int(rest[1]) if len(rest) > 1 else 3
    loaded = compile_artifact(Artifact.read(path), opt_level=level, cache_dir=rest[0])
else:
    loaded = load_native(path)
vnf = Vnf(loaded)
arena = vnf.new_arena(b"\x01", 0)
runner = BurstRunner(vnf, arena)
packets = [
    Packet(number % 3, bytes([0x45 if number % 5 else 0x60, number, *range(number, number + 30)]))
    for number in range(40)
] + [Packet(1, b"\x45short")]
first = runner.run(packets, 1_000)
epoch = vnf.epoch(arena)
before = [c.data.hex() for c in vnf.export(arena, 1, since=epoch)]
second = runner.run(packets[:7], 2_000)
state = b"".join(c.data for c in vnf.export(arena, 1))
delta = b"".join(c.data for c in vnf.export(arena, 1, since=epoch))
other = vnf.new_arena(b"\x01", 0)
taken = vnf.import_(other, 1, state, 3_000)
again = b"".join(c.data for c in vnf.export(other, 1))


def refusal(act, *arguments) -> str:
    try:
        act(*arguments)
    except (ConfigError, StateError) as error:
        return f"{type(error).__name__}: {error}"
    return "accepted"


json.dump(
    {
        "host": {"isa": loaded.isa, "cpu": loaded.cpu, "llvm": loaded.llvm},
        "engine": loaded.engine,
        "artifact": loaded.artifact_sha256,
        "answers": {
            "out": [[p.port, p.data.hex()] for r in (first, second) for p in r.out],
            "reasons": [*first.reasons, *second.reasons],
            "timers": [first.next_timer_ns, second.next_timer_ns],
            "epoch": epoch,
            "before": before,
            "state": state.hex(),
            "delta": delta.hex(),
            "taken": taken,
            "again": again.hex(),
            "counters": list(vnf.counters(arena)),
            "refusals": [
                refusal(vnf.arena_size, b"\x02"),
                refusal(vnf.import_, other, 9, state, 0),
                refusal(vnf.import_, other, 1, state[:-1], 0),
                refusal(lambda: list(vnf.export(arena, 1, buffer_bytes=4))),
            ],
        },
    },
    sys.stdout,
)
