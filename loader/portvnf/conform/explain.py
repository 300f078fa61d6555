"""Why rows of the matrix differ: a minimal reproducer and the first thing that is unlike."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from portvnf.artifact import Artifact
from portvnf.conform.cells import Cell
from portvnf.conform.difference import Difference, Names, first_difference
from portvnf.conform.engines import Subject, prepare
from portvnf.conform.matrix import DIFFERS, Matrix, Row, allowance
from portvnf.conform.replayers import Replayer
from portvnf.conform.shrink import Budget, shrink
from portvnf.conform.traces import SUFFIX, NamedTrace
from portvnf.isas import own
from portvnf.trace import Result, Trace, decode_result, encode_trace

_TRIES = 3000
_RUNS = 5


@dataclass(frozen=True)
class Explanation:
    """Cells that differ alike from `against`. `left` in the difference is `against`."""

    cells: tuple[Cell, ...]
    against: Cell
    trace: str
    difference: Difference
    operations: int
    packets: int
    reproducer: Path


def explain(
    matrix: Matrix,
    subject: Subject,
    folder: Path,
    seconds: float = 60.0,
    progress: Callable[[str], None] = lambda line: None,
) -> list[Explanation]:
    """One explanation for each way in which rows differ; reproducers go into `folder`.
    `seconds` bounds each search."""
    names = Names.of(Artifact.read(subject.artifact).manifest)
    kinds: dict[tuple[int, str], list[Row]] = {}
    for row in matrix.rows:
        if row.verdict == DIFFERS:
            pairs = zip(row.traces, matrix.expected, strict=True)
            number = next(n for n, (got, wanted) in enumerate(pairs) if got != wanted)
            kinds.setdefault((number, row.traces[number]), []).append(row)
    found = []
    for (number, _), rows in kinds.items():
        good = _good(matrix, number)
        progress(f"shrinking {matrix.traces[number].name} for {rows[0].cell.name}")
        with _Pair(subject, good, rows[0].cell, names) as pair:
            found.append(pair.explain(matrix.traces[number], rows, folder, seconds))
    return found


def _good(matrix: Matrix, number: int) -> Cell:
    # One of the majority, best one that is quick to run here.
    rows = [
        row for row in matrix.rows if row.traces and row.traces[number] == matrix.expected[number]
    ]

    def cost(row: Row) -> tuple[bool, bool, int]:
        return row.cell.isa != own(), row.cell.engine == "jit", -row.cell.level

    return min(rows, key=cost).cell


class _Pair:
    """Two cells that replay the same traces."""

    def __init__(self, subject: Subject, good: Cell, bad: Cell, names: Names) -> None:
        self._good, self._bad, self._names = good, bad, names
        self._folder = tempfile.TemporaryDirectory(prefix="portvnf-conform-")
        self._path = Path(self._folder.name)
        self._replayers: list[Replayer] = []
        try:
            for cell in (good, bad):
                self._replayers.append(prepare(cell, subject, self._path))
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self) -> _Pair:
        return self

    def __exit__(self, *_: object) -> None:
        for replayer in self._replayers:
            replayer.close()
        self._folder.cleanup()

    def compare(self, trace: Trace) -> Difference | None:
        """The first difference of the two cells on a trace."""
        path = self._path / f"candidate{SUFFIX}"
        path.write_bytes(encode_trace(trace))
        limit = allowance(NamedTrace("candidate", path, trace.packets))
        results: list[Result | str] = []
        for number, replayer in enumerate(self._replayers):
            result = self._path / f"{number}.result"
            result.unlink(missing_ok=True)
            ended = replayer.replay(path, result, limit)
            results.append(ended or decode_result(result.read_bytes(), f"result {number}"))
        left, right = results
        if isinstance(left, Result) and isinstance(right, Result):
            return first_difference(trace, left, right, self._names)
        shown = ("ran to its end" if isinstance(r, Result) else r for r in (left, right))
        a, b = shown
        return Difference(-1, "replay", "how it ended", a, b) if a != b else None

    def explain(
        self, named: NamedTrace, rows: list[Row], folder: Path, seconds: float
    ) -> Explanation:
        """Shrinks and writes the reproducer."""

        def differs(trace: Trace) -> int | None:
            difference = self.compare(trace)
            return None if difference is None else difference.operation

        small = shrink(named.trace(), differs, Budget(seconds, _TRIES))
        difference = self._again(small)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{named.name}-{self._bad.name.replace('/', '-')}{SUFFIX}"
        path.write_bytes(encode_trace(small))
        cells = tuple(row.cell for row in rows)
        return Explanation(
            cells, self._good, named.name, difference, len(small.operations), small.packets, path
        )

    def _again(self, trace: Trace) -> Difference:
        # What was never written may be another thing in each run.
        tries = (self.compare(trace) for _ in range(_RUNS))
        found = next((difference for difference in tries if difference), None)
        return found or Difference(-1, "replay", "result", "one", "another in each run")
