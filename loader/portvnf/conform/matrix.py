"""Runs every cell on every trace and compares what they did."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from portvnf.conform.cells import REQUIRED, Cell
from portvnf.conform.digests import Digester, Digests
from portvnf.conform.engines import Subject, prepare
from portvnf.conform.replayers import Replayer
from portvnf.conform.traces import NamedTrace
from portvnf.errors import PortvnfError

AGREES, DIFFERS, MISSING = "agrees", "differs", "could not run"

_JOBS = 2  # emulated processes at a time
_SECONDS = 30.0  # that a trace may take at least
_PACKETS_A_SECOND = 400  # slower than the slowest emulation


@dataclass(frozen=True)
class Row:
    """What became of one cell. `digests` is None unless it ran to its end; `traces` holds the
    digest of each result, or how the replay ended instead; `seconds` is what replays took."""

    cell: Cell
    compiler: str = ""
    digests: Digests | None = None
    traces: tuple[str, ...] = ()
    seconds: float = 0.0
    verdict: str = MISSING
    reason: str = ""


@dataclass(frozen=True)
class Matrix:
    """All rows. `expected` has one digest a trace: what most cells gave."""

    rows: tuple[Row, ...]
    traces: tuple[NamedTrace, ...]
    expected: tuple[str, ...] = field(default=())

    @property
    def packets(self) -> int:
        """Packets that each cell got."""
        return sum(trace.packets for trace in self.traces)

    def missing(self, cells: Iterable[Cell]) -> list[str]:
        """Each required engine of an ISA, among these cells, of which no cell agrees."""
        wanted = {(cell.isa, cell.engine) for cell in cells}
        there = {(row.cell.isa, row.cell.engine) for row in self.rows if row.verdict == AGREES}
        required = ((isa, engine) for isa, engines in REQUIRED for engine in engines)
        return [f"{i}/{e}" for i, e in required if (i, e) in wanted and (i, e) not in there]

    @property
    def ok(self) -> bool:
        """Whether every cell ran and agrees."""
        return all(row.verdict == AGREES for row in self.rows)


def allowance(trace: NamedTrace) -> float:
    """How many seconds a replay may take before it counts as hanging."""
    return _SECONDS + trace.packets / _PACKETS_A_SECOND


def run_matrix(
    subject: Subject,
    cells: Sequence[Cell],
    traces: Sequence[NamedTrace],
    progress: Callable[[str], None] = lambda line: None,
) -> Matrix:
    """Every cell, two at a time; a cell that cannot run says why in its row."""

    def one(cell: Cell) -> Row:
        row = _run_cell(subject, cell, traces)
        said = row.reason or f"{row.seconds:.1f} s"
        progress(f"{cell.name}: {said}")
        return row

    with ThreadPoolExecutor(_JOBS) as pool:
        rows = list(pool.map(one, cells))
    expected = tuple(_most_common(rows, number) for number in range(len(traces)))
    judged = tuple(_judge(row, traces, expected) for row in rows)
    return Matrix(judged, tuple(traces), expected)


def _run_cell(subject: Subject, cell: Cell, traces: Sequence[NamedTrace]) -> Row:
    folder = Path(tempfile.mkdtemp(prefix="portvnf-conform-"))
    try:
        replayer = prepare(cell, subject, folder)
        try:
            return _replay_all(cell, replayer, traces, folder)
        finally:
            replayer.close()
    except PortvnfError as error:
        return Row(cell, reason=error.message)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _replay_all(cell: Cell, replayer: Replayer, traces: Sequence[NamedTrace], folder: Path) -> Row:
    digester, done = Digester(), []
    result = folder / "result"
    complete, begin = True, time.monotonic()
    for trace in traces:
        result.unlink(missing_ok=True)
        ended = replayer.replay(trace.path, result, allowance(trace))
        complete = complete and not ended
        done.append(ended or digester.take(result))
    digests = digester.finish() if complete else None
    return Row(cell, replayer.compiler, digests, tuple(done), time.monotonic() - begin)


def _most_common(rows: Sequence[Row], number: int) -> str:
    counted = Counter(row.traces[number] for row in rows if row.traces)
    return counted.most_common(1)[0][0] if counted else ""


def _judge(row: Row, traces: Sequence[NamedTrace], expected: Sequence[str]) -> Row:
    if not row.traces:
        return row
    for trace, got, wanted in zip(traces, row.traces, expected, strict=True):
        if got != wanted:
            ended = f": it {got}" if " " in got else ""
            return replace(row, verdict=DIFFERS, reason=f"in trace {trace.name}{ended}")
    return replace(row, verdict=AGREES)
