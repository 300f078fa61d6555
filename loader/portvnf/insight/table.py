"""Rows under headings, in columns as wide as they need to be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def lines(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> Iterator[str]:
    """The table's lines; numbers stand to the right, what is empty is a dash."""
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(headings, *cells, strict=True)]
    right = [
        bool(rows) and all(isinstance(row[n], int) and not isinstance(row[n], bool) for row in rows)
        for n in range(len(headings))
    ]
    for row in (list(headings), *cells):
        padded = (
            text.rjust(width) if to_right else text.ljust(width)
            for text, width, to_right in zip(row, widths, right, strict=True)
        )
        yield "  ".join(padded).rstrip()


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if value not in ("", None) else "-"
