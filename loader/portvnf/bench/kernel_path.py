"""Create Session and Modify Bearer pairs a second through the kernel, while sessions stand.

One gateway an engine and population; when all are filled they take turns. In each turn UEs that lie
scattered over the population detach and attach again, so that no cache foresees them.
"""

from __future__ import annotations

import contextlib
import math
import statistics
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from portvnf import config
from portvnf.bench import messages
from portvnf.bench.gateway import BenchGateway
from portvnf.bench.load import WINDOW, LoadGenerator
from portvnf.bench.pinning import cpu_pair
from portvnf.errors import HostError, LabError
from portvnf.vnf import Vnf

_GOLDEN = 0.6180339887
_SPEED = "pairs a second"
_SPARE_BYTES = 1 << 30  # left to the machine beside the arenas

Rows = list[dict[str, Any]]


class _Subject:
    """A gateway, filled, with its load generator."""

    def __init__(self, gateway: BenchGateway, load: LoadGenerator, ues: int, pairs: int) -> None:
        self._gateway, self._load, self._pairs, self._ues = gateway, load, pairs, ues
        self._step = _scattering_step(ues)
        self.fill = load.attach(0, ues, 1)
        self._check(ues)
        self.attached: list[dict[str, Any]] = []
        self.detached: list[dict[str, Any]] = []

    def _check(self, expected: int) -> None:
        standing = self._gateway.sessions()
        if standing != expected:
            raise LabError(
                f"the benchmark's gateway counts {standing} sessions where {expected} were made"
            )

    def turn(self, number: int) -> None:
        first = number * self._pairs * self._step % self._ues
        self.detached.append(self._timed(self._load.detach, first))
        self._check(self._ues - self._pairs)
        self.attached.append(self._timed(self._load.attach, first))

    def _timed(self, command: Any, first: int) -> dict[str, Any]:
        before = self._gateway.cpu_s()
        results: dict[str, Any] = command(first, self._pairs, self._step)
        return {**results, "gateway_cpu_s": self._gateway.cpu_s() - before}


def _scattering_step(ues: int) -> int:
    """A step through all numbers below `ues` that jumps far each time."""
    step = max(1, round(ues * _GOLDEN))
    while math.gcd(step, ues) != 1:
        step += 1
    return step


def describe(pairs: int, rounds: int) -> str:
    """What is measured, and where."""
    cpus = len(set(cpu_pair()))
    return (
        f"through the kernel: portvnf-load (an MME with {WINDOW} requests under way) in one "
        "network namespace, an agent with TUN ports in another, a veth pair between them; "
        f"{'a CPU each' if cpus == 2 else 'both on one CPU'}; {rounds} rounds of {pairs:,} pairs, "
        "all gateways in turn, medians"
    )


def measure(vnfs: Mapping[str, Vnf], populations: Sequence[int], pairs: int, rounds: int) -> Rows:
    """Rows of medians by engine for each population, of which at least so many sessions stand.

    All gateways stand at once, and take turns, so that what else the machine does touches
    engines and populations alike. Must run in the sandbox.
    """
    gateway_cpu, load_cpu = cpu_pair()
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        _check_memory(vnfs, [sessions + pairs for sessions in populations], folder)
        subjects: dict[int, dict[str, _Subject]] = {}
        for sessions in populations:
            ues = sessions + pairs
            subjects[sessions] = {}
            for engine in vnfs:
                gateway = stack.enter_context(BenchGateway(engine, ues, folder, gateway_cpu))
                load = LoadGenerator(gateway.mme_namespace, ues, folder, load_cpu)
                stack.enter_context(load)
                subjects[sessions][engine] = _Subject(gateway, load, ues, pairs)
        for turn in range(rounds):
            for sessions in populations:
                for subject in subjects[sessions].values():
                    subject.turn(turn)
    rows = [row for sessions in populations for row in _rows(subjects[sessions], sessions, pairs)]
    return rows + _slowdowns(rows)


def _slowdowns(rows: Rows) -> Rows:
    """How much slower a pair gets with each population than with the first."""
    speeds = [row for row in rows if row["what"] == _SPEED]
    rows = []
    for row in speeds[1:]:
        ratios = {e: speeds[0][e] / row[e] for e in row if e not in ("part", "what", "sessions")}
        rows.append({**row, "what": "slowdown", **ratios})
    return rows


def _check_memory(vnfs: Mapping[str, Vnf], sizes: Sequence[int], folder: Path) -> None:
    needed = _SPARE_BYTES
    path = folder / "size.toml"
    for ues in sizes:
        path.write_text(messages.CONFIG.format(sessions=ues))
        encoded = config.load(path).encoded
        needed += sum(vnf.arena_size(encoded) for vnf in vnfs.values())
    available = next(
        int(line.split()[1]) * 1024
        for line in Path("/proc/meminfo").read_text().splitlines()
        if line.startswith("MemAvailable:")
    )
    if needed > available:
        raise HostError(
            f"gateways with {' and '.join(f'{ues:,}' for ues in sizes)} sessions, {len(vnfs)} of "
            f"each, need {needed >> 20:,} MiB of memory and {available >> 20:,} MiB are "
            "available: ask for fewer with --sessions"
        )


def _rows(subjects: Mapping[str, _Subject], sessions: int, pairs: int) -> Rows:
    def row(what: str, value: Any, turns: str = "attached") -> dict[str, Any]:
        medians = {
            engine: statistics.median(value(results) for results in getattr(subject, turns))
            for engine, subject in subjects.items()
        }
        return {"part": "kernel", "what": what, "sessions": sessions, **medians}

    def latency(message: str, percentile: str) -> Any:
        return lambda results: results["latency_us"][message][percentile]

    rows = [
        row(_SPEED, lambda results: results["per_second"]),
        row("pair p50, µs", latency("pair", "p50")),
        row("pair p99, µs", latency("pair", "p99")),
        row("Create Session p50, µs", latency("create_session", "p50")),
        row("Modify Bearer p50, µs", latency("modify_bearer", "p50")),
        row("gateway CPU a pair, µs", lambda results: results["gateway_cpu_s"] / pairs * 1e6),
        row(
            "generator CPU a pair, µs",
            lambda results: sum(results["cpu_s"].values()) / pairs * 1e6,
        ),
        row("deletions a second", lambda results: results["per_second"], "detached"),
    ]
    sums = {
        engine: sum(results["retransmitted"] for results in (subject.attached + subject.detached))
        for engine, subject in subjects.items()
    }
    rows.append({"part": "kernel", "what": "retransmitted", "sessions": sessions, **sums})
    filled = {engine: subject.fill["per_second"] for engine, subject in subjects.items()}
    rows.append({"part": "kernel", "what": "fill, pairs/s", "sessions": sessions, **filled})
    return rows
