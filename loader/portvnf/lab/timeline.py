"""What happens when: printed as it happens, and kept for the report and the picture."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Mark:
    """One moment; `kind` is for programs, `text` for people."""

    at_ns: int  # CLOCK_MONOTONIC
    kind: str
    text: str
    fields: dict[str, Any] = field(default_factory=dict)


class Timeline:
    """The marks so far, from the first moment on."""

    def __init__(self) -> None:
        self.start_ns = time.monotonic_ns()
        self.marks: list[Mark] = []

    def mark(self, kind: str, text: str, **fields: Any) -> Mark:
        """Keeps and prints a moment."""
        mark = Mark(time.monotonic_ns(), kind, text, fields)
        self.marks.append(mark)
        print(f"{self.seconds(mark.at_ns):7.2f} s  {text}", flush=True)
        return mark

    def seconds(self, at_ns: int) -> float:
        """Seconds since the start."""
        return (at_ns - self.start_ns) / 1e9

    def elapsed(self) -> float:
        """Seconds from the start till now."""
        return self.seconds(time.monotonic_ns())

    def as_json(self) -> list[dict[str, Any]]:
        """The marks, for the report."""
        return [
            {"seconds": round(self.seconds(mark.at_ns), 3), "kind": mark.kind, "text": mark.text}
            for mark in self.marks
        ]
