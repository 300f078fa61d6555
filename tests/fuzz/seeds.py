"""`python -m tests.fuzz.seeds`: makes the first corpus anew from the traces of the vectors and
from the state.

A corpus in tests/fuzz/corpus grows by what the fuzzers find worth keeping (script/fuzz
merges it back); this only adds to it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from portvnf.trace.operations import Burst, Tick, Trace
from portvnf.trace.trace_file import decode_trace
from tests.vepc.gateway import Gateway, configuration, load
from tests.vepc.malformed import populate

HERE = Path(__file__).resolve().parent
CORPUS = HERE / "corpus"
TRACES = HERE.parent / "conform" / "traces"
_IN_ONE = 24  # packets of a run in one input
_END_OF_BURST, _PASSES = 0x40, 0x80


def _item(control: int, data: bytes) -> bytes:
    return bytes([control]) + len(data).to_bytes(2, "big") + data


def runs(trace: Trace) -> Iterator[bytes]:
    """A trace as inputs of fuzz_bursts: its packets and its times, some at a time."""
    items: list[bytes] = []
    before = trace.start_ns
    for step in trace.operations:
        if not isinstance(step, Burst | Tick):
            continue
        passed = min((step.now_ns - before) // 1_000_000, 0xFFFF)
        before = step.now_ns
        if passed:
            items.append(bytes([_PASSES]) + passed.to_bytes(2, "big"))
        if isinstance(step, Burst):
            items += [_item(_END_OF_BURST | (p.port & 3), p.data) for p in step.packets]
        if len(items) >= _IN_ONE:
            yield b"".join(items)
            items = []
    if items:
        yield b"".join(items)


def records() -> Iterator[bytes]:
    """The configuration and each section of the state as inputs of fuzz_records."""
    gateway = Gateway(load("native"), configuration("vepc"))
    populate(gateway)
    yield b"\0" + gateway.encoded
    for section, data in gateway.state().items():
        yield bytes([section]) + data


def keep(folder: Path, inputs: Sequence[bytes]) -> None:
    """Files named by the digest of what they hold, as libFuzzer names them."""
    folder.mkdir(parents=True, exist_ok=True)
    for data in inputs:
        (folder / hashlib.sha1(data).hexdigest()).write_bytes(data)


def main() -> None:
    kept: list[bytes] = []
    for path in sorted(TRACES.glob("vectors-*-vepc.trace")):
        kept += runs(decode_trace(path.read_bytes(), path.name))
    keep(CORPUS / "bursts", kept)
    keep(CORPUS / "records", list(records()))


if __name__ == "__main__":
    main()
