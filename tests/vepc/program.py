"""Programs of packets and what a vEPC makes of them: run on any engine and ISA alike.

As a program, `python -m tests.vepc.program ENGINE FILE` reads a JSON list of programs and
prints the list of results; so another ISA's Python runs the same vectors.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypedDict

from .gateway import Gateway, load, names_of

# Called after each step with its number (from 0) and the gateway that ran it; returns the
# gateway that goes on.
Move = Callable[[int, Gateway], Gateway]


class Step(TypedDict):
    """One burst: `ms` after the last one, (port, packet in hexadecimal)."""

    ms: int
    packets: list[tuple[int, str]]


class Program(TypedDict):
    """A vector as bytes; `config` in canonical form."""

    config: str
    steps: list[Step]


class StepResult(TypedDict):
    """What came out, in order, and why each input packet was dropped ("" if not)."""

    out: list[tuple[int, str]]
    reasons: list[str]


class Result(TypedDict):
    """What a program did; `state` is every section in hexadecimal."""

    steps: list[StepResult]
    counters: dict[str, int]
    state: dict[str, str]


def execute(program: Program, engine: str, move: Move | None = None) -> Result:
    """Runs one program on a fresh gateway; after each step `move` may put another one in its
    place, which then goes on. Counters are those of the last gateway."""
    gateway = Gateway(load(engine), bytes.fromhex(program["config"]))
    steps: list[StepResult] = []
    for number, step in enumerate(program["steps"]):
        packets = [(port, bytes.fromhex(data)) for port, data in step["packets"]]
        result = gateway.run(*packets, ms=step["ms"])
        out = [(packet.port, packet.data.hex()) for packet in result.out]
        steps.append({"out": out, "reasons": names_of(result.reasons)})
        if move:
            gateway = move(number, gateway)
    state = {str(number): data.hex() for number, data in gateway.state().items()}
    return {"steps": steps, "counters": gateway.counters(), "state": state}


def main() -> None:
    engine, path = sys.argv[1:]
    programs: Any = json.loads(Path(path).read_text())
    json.dump([execute(program, engine) for program in programs], sys.stdout)


if __name__ == "__main__":
    main()
