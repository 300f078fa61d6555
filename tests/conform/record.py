"""Makes the recorded traces: python3 -m tests.conform.record writes tests/conform/traces.

The vector set and the capture as traces, so that `portvnf conform` needs none of the codecs
that wrote their packets. A test compares the files with what this makes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from portvnf.burst import Packet
from portvnf.trace import (
    Burst,
    Counters,
    Export,
    Move,
    Operation,
    Tick,
    Trace,
    encode_trace,
)

from ..trace.sample import sample
from ..vepc import answers, test_capture, vectors
from ..vepc.gateway import MS, SECTIONS, START_NS, Gateway, configuration, load

FOLDER = Path(__file__).resolve().parent / "traces"

_LONGEST = 3000  # octets of a packet that fits a trace's buffers
_CHECK_EVERY = 10


@dataclass
class _Recorder(test_capture.Replay):
    """Replays the capture and keeps what it gives the gateway."""

    given: list[Operation] = field(default_factory=list)

    def give(self, port: int, packet: bytes) -> tuple[str, list[answers.Words]]:
        self.given.append(Burst(self.gateway.now_ns, (Packet(port, packet),)))
        return super().give(port, packet)


def _with_checks(steps: Sequence[Operation]) -> tuple[Operation, ...]:
    """The steps with the state compared in between, moved half-way, and time that passes."""
    listed: list[Operation] = []
    now = START_NS
    for number, step in enumerate(steps, 1):
        assert isinstance(step, Burst | Tick)
        now = step.now_ns
        listed.append(step)
        if number % _CHECK_EVERY == 0:
            listed += [Export(SECTIONS), Counters()]
        if number == len(steps) // 2:
            listed.append(Move(now))
    return (*listed, Tick(now + 30_000 * MS), Export(SECTIONS), Counters())


def capture() -> Trace:
    """What the capture's peers sent, with our gateway's names in it."""
    recorder = _Recorder(Gateway(load("native"), configuration("capture")))
    test_capture.replay_all(recorder)
    operations = _with_checks(recorder.given)
    return Trace(configuration("capture"), START_NS, SECTIONS, operations)


def of_vectors(path: Path, config: str) -> Trace:
    """All vectors of one file and configuration, one after the other on one gateway."""
    steps: list[Burst | Tick] = []
    now = START_NS
    for vector in vectors.load(path):
        if vector.config != config:
            continue
        for step in vector.program()["steps"]:
            now += step["ms"] * MS
            packets = [Packet(port, bytes.fromhex(data)) for port, data in step["packets"]]
            short = tuple(packet for packet in packets if len(packet.data) <= _LONGEST)
            if short:
                steps.append(Burst(now, short))
            elif not packets:
                steps.append(Tick(now))
    return Trace(configuration(config), START_NS, SECTIONS, _with_checks(steps))


def all_traces() -> dict[str, bytes]:
    """Each trace's file by its name. A file of vectors has traces of its own, so that they
    change with that file alone."""
    listed = {"capture": capture(), "sample": sample()}
    for path in vectors.files():
        for config in sorted({vector.config for vector in vectors.load(path)}):
            listed[f"vectors-{path.stem}-{config}"] = of_vectors(path, config)
    return {name: encode_trace(trace) for name, trace in listed.items()}


def write() -> None:
    """Writes all traces, and removes those of which there is nothing any more."""
    files = {f"{name}.trace": data for name, data in all_traces().items()}
    for path in FOLDER.glob("*.trace"):
        if path.name not in files:
            path.unlink()
    for name, data in files.items():
        (FOLDER / name).write_bytes(data)


if __name__ == "__main__":
    write()
