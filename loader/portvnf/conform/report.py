"""The matrix as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from portvnf import __version__
from portvnf.conform.explain import Explanation
from portvnf.conform.matrix import Matrix, Row
from portvnf.errors import HostError

_COLUMNS = (
    "cell",
    "compiler",
    "traces",
    "packets",
    "output",
    "image",
    "counters",
    "seconds",
    "verdict",
)
_SHOWN = 12  # hex digits of a digest


def cells_of(row: Row, matrix: Matrix) -> tuple[str, ...]:
    """A row's columns as text."""
    digests = row.digests
    shown: tuple[str, ...] = ("-",) * 3
    if digests:
        shown = tuple(d[:_SHOWN] for d in (digests.output, digests.image, digests.counters))
    ran = row.traces
    counts = (str(len(ran)), str(matrix.packets)) if ran else ("-", "-")
    verdict = f"{row.verdict}: {row.reason}" if row.reason else row.verdict
    seconds = f"{row.seconds:.1f}" if ran else "-"
    return (row.cell.name, row.compiler or "-", *counts, *shown, seconds, verdict)


def columns() -> tuple[str, ...]:
    """The matrix's headings."""
    return _COLUMNS


def text(matrix: Matrix, explanations: Sequence[Explanation]) -> Iterator[str]:
    """The lines of a table and, below it, what differs."""
    table = [columns(), *(cells_of(row, matrix) for row in matrix.rows)]
    widths = [max(len(line[i]) for line in table) for i in range(len(_COLUMNS) - 1)]
    for line in table:
        padded = [f"{cell:{width}}" for cell, width in zip(line, widths, strict=False)]
        yield "  ".join([*padded, line[-1]])
    for found in explanations:
        cells = ", ".join(cell.name for cell in found.cells)
        yield f"{cells} against {found.against.name}, trace {found.trace}:"
        yield f"  {found.difference}"
        yield f"  {found.reproducer}: {found.operations} operations, {found.packets} packets"


def to_json(
    matrix: Matrix, explanations: Sequence[Explanation], artifact_sha256: str, ok: bool
) -> dict[str, Any]:
    """Everything that a machine wants to know."""
    return {
        "ok": ok,
        "portvnf": __version__,
        "artifact": {"sha256": artifact_sha256},
        "packets": matrix.packets,
        "traces": [{"name": t.name, "packets": t.packets} for t in matrix.traces],
        "cells": [_row(row, matrix) for row in matrix.rows],
        "differences": [_explanation(found) for found in explanations],
    }


def _row(row: Row, matrix: Matrix) -> dict[str, Any]:
    digests = row.digests
    return {
        "isa": row.cell.isa,
        "engine": row.cell.engine,
        "opt_level": row.cell.level,
        "compiler": row.compiler,
        "traces": len(row.traces),
        "packets": matrix.packets if row.traces else 0,
        "output_sha256": digests.output if digests else None,
        "image_sha256": digests.image if digests else None,
        "counters_sha256": digests.counters if digests else None,
        "seconds": round(row.seconds, 3),
        "verdict": row.verdict,
        "reason": row.reason,
    }


def _explanation(found: Explanation) -> dict[str, Any]:
    difference = found.difference
    return {
        "cells": [cell.name for cell in found.cells],
        "against": found.against.name,
        "trace": found.trace,
        "operation": difference.operation,
        "kind": difference.kind,
        "field": difference.field,
        "expected": difference.left,
        "got": difference.right,
        "operations": found.operations,
        "packets": found.packets,
        "reproducer": str(found.reproducer),
    }


def write(path: Path, content: str) -> None:
    """Writes a report; a HostError says why it cannot."""
    try:
        path.write_text(content, encoding="utf-8")
    except OSError as error:
        raise HostError(f"cannot write {path}: {error.strerror}") from None


def write_json(path: Path, facts: dict[str, Any]) -> None:
    """Writes the JSON report."""
    write(path, json.dumps(facts, indent=2) + "\n")
