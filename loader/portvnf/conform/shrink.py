"""Delta debugging: the smallest trace in which two cells still differ."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from portvnf.trace import Burst, Export, Operation, Trace

T = TypeVar("T")
Differs = Callable[[Trace], int | None]
"""The first operation whose outcome differs (-1 for the arena or an end before the first),
or None when nothing does."""


class Budget:
    """How long and how often may be tried."""

    def __init__(self, seconds: float, tries: int) -> None:
        self._end, self._left = time.monotonic() + seconds, tries

    def spend(self) -> bool:
        """Takes one try, unless there is none left."""
        self._left -= 1
        return self._left >= 0 and time.monotonic() < self._end


def shrink(trace: Trace, differs: Differs, budget: Budget) -> Trace:
    """A trace that still differs; every further step of removal would lose that, unless the
    budget ran out. The caller has seen that `trace` differs."""
    trace = with_bytes(trace)
    at = differs(trace)
    if at is None:
        return trace
    trace = _cut(trace, at)

    def test_operations(kept: Sequence[Operation]) -> bool:
        return differs(replace(trace, operations=tuple(kept))) is not None

    trace = replace(trace, operations=tuple(minimise(trace.operations, test_operations, budget)))
    # A packet is a pair of its burst's number and its own.
    packets = [
        (n, i)
        for n, step in enumerate(trace.operations)
        if isinstance(step, Burst)
        for i in range(len(step.packets))
    ]

    def test_packets(kept: Sequence[tuple[int, int]]) -> bool:
        return differs(_only(trace, kept)) is not None

    trace = _only(trace, minimise(packets, test_packets, budget))
    return replace(trace, operations=tuple(minimise(trace.operations, test_operations, budget)))


def with_bytes(trace: Trace) -> Trace:
    """Records instead of digests, so that a difference in them has a name."""
    steps = (
        replace(step, with_bytes=True) if isinstance(step, Export) else step
        for step in trace.operations
    )
    return replace(trace, operations=tuple(steps))


def _cut(trace: Trace, at: int) -> Trace:
    return replace(trace, operations=trace.operations[: at + 1]) if at >= 0 else trace


def _only(trace: Trace, kept: Sequence[tuple[int, int]]) -> Trace:
    wanted = set(kept)
    steps: list[Operation] = []
    for n, step in enumerate(trace.operations):
        if isinstance(step, Burst):
            packets = tuple(p for i, p in enumerate(step.packets) if (n, i) in wanted)
            if packets:
                steps.append(replace(step, packets=packets))
        else:
            steps.append(step)
    return replace(trace, operations=tuple(steps))


def minimise(items: Sequence[T], test: Callable[[Sequence[T]], bool], budget: Budget) -> list[T]:
    """Zeller's ddmin, by complements: leaves out ever smaller pieces while `test` holds."""
    kept = list(items)
    size = max(1, len(kept) // 2)
    while kept:
        smaller = False
        # From the end: what comes late is needed least, but for the last of all.
        for begin in range((len(kept) - 1) // size * size, -1, -size):
            if not budget.spend():
                return kept
            rest = kept[:begin] + kept[begin + size :]
            if test(rest):
                kept, smaller = rest, True
        if size == 1 and not smaller:
            break
        size = max(1, size // 2)
    return kept
