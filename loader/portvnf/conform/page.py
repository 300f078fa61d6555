"""The matrix as one HTML page that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from portvnf.conform import report
from portvnf.conform.explain import Explanation
from portvnf.conform.matrix import AGREES, DIFFERS, Matrix, Row

_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 78rem; color: #1b1f24;
  padding: 0 1rem; background: #fff; }
h1 { font-size: 1.5rem; margin-bottom: .2rem; }
h2 { font-size: 1.15rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #d8dee4;
  vertical-align: top; }
th { background: #f3f5f7; position: sticky; top: 0; }
td.digest, code { font-family: ui-monospace, monospace; font-size: .88em; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
tr.agrees td.verdict { color: #116329; }
tr.differs { background: #ffebe9; } tr.differs td.verdict { color: #a40e26; font-weight: 600; }
tr.missing { background: #fff8c5; }
.ok { color: #116329; } .bad { color: #a40e26; }
.scroll { overflow-x: auto; }
"""
_DIGESTS = ("output", "image", "counters")
_NUMBERS = ("traces", "packets", "seconds")


def page(
    matrix: Matrix, explanations: Sequence[Explanation], artifact_sha256: str, ok: bool
) -> str:
    """The whole page."""
    return "\n".join(_lines(matrix, explanations, artifact_sha256, ok)) + "\n"


def _lines(
    matrix: Matrix, explanations: Sequence[Explanation], artifact: str, ok: bool
) -> Iterator[str]:
    yield "<!doctype html>"
    yield '<html lang="en"><head><meta charset="utf-8"><title>portvnf conform</title>'
    yield f"<style>{_STYLE}</style></head><body>"
    yield "<h1>Identical behaviour</h1>"
    agree = sum(row.verdict == AGREES for row in matrix.rows)
    verdict = "every required cell ran and agrees" if ok else "not every required cell agrees"
    style = "ok" if ok else "bad"
    yield f'<p class="{style}">{agree} of {len(matrix.rows)} cells agree: {verdict}.</p>'
    yield f"<p>Artifact <code>{escape(artifact)}</code>. Each cell replayed "
    yield f"{len(matrix.traces)} traces with {matrix.packets:,} packets; every packet sent, drop "
    yield "reason, timer, counter and canonical record was compared.</p>"
    yield '<div class="scroll"><table><thead><tr>'
    yield "".join(f"<th>{escape(name)}</th>" for name in report.columns())
    yield "</tr></thead><tbody>"
    for row in matrix.rows:
        yield _row(row, matrix)
    yield "</tbody></table></div>"
    if explanations:
        yield "<h2>Differences</h2>"
    for found in explanations:
        yield from _explanation(found)
    yield "<h2>Traces</h2><table><thead><tr><th>trace</th><th>packets</th></tr></thead><tbody>"
    for trace in matrix.traces:
        name = escape(trace.name)
        yield f'<tr><td>{name}</td><td class="number">{trace.packets:,}</td></tr>'
    yield "</tbody></table></body></html>"


def _row(row: Row, matrix: Matrix) -> str:
    kind = row.verdict if row.verdict in (AGREES, DIFFERS) else "missing"
    cells = []
    for name, value in zip(report.columns(), report.cells_of(row, matrix), strict=True):
        style = "digest" if name in _DIGESTS else "number" if name in _NUMBERS else name
        cells.append(f'<td class="{style}">{escape(value)}</td>')
    return f'<tr class="{kind}">{"".join(cells)}</tr>'


def _explanation(found: Explanation) -> Iterator[str]:
    difference = found.difference
    cells = escape(", ".join(cell.name for cell in found.cells))
    yield f"<p><b>{cells}</b> against {escape(found.against.name)}, trace {escape(found.trace)}:"
    yield f"operation {difference.operation} ({escape(difference.kind)}), "
    yield f"<b>{escape(difference.field)}</b>: <code>{escape(difference.left)}</code> became "
    yield f"<code>{escape(difference.right)}</code>. Minimal reproducer: {found.operations} "
    yield f"operations, {found.packets} packets, <code>{escape(str(found.reproducer))}</code>.</p>"
