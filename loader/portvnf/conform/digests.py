"""Digests of what a cell did, by kind, straight from its result files."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from portvnf.trace.octets import constants

_HEADER = 8 + 2  # magic and version; then the trace's digest and the arena's size
_DIGEST = 32
_SIZE = 8


@dataclass(frozen=True)
class Digests:
    """SHA-256 of all packets, reasons and timers; of all exports, imports and epochs, and the
    arena's size; of all counters."""

    output: str
    image: str
    counters: str


class Digester:
    """Takes one result file after the other."""

    def __init__(self) -> None:
        self._output, self._image, self._counters = (hashlib.sha256() for _ in range(3))
        known = constants()
        self._kinds = {
            known["PV_TRACE_BURST"]: self._output,
            known["PV_TRACE_TICK"]: self._output,
            known["PV_TRACE_COUNTERS"]: self._counters,
        }

    def take(self, result: Path) -> str:
        """Adds a result; returns the digest of the whole file."""
        data = result.read_bytes()
        at = _HEADER + _DIGEST
        self._image.update(data[at : at + _SIZE])
        at += _SIZE
        while at < len(data):
            end = at + 5 + int.from_bytes(data[at + 1 : at + 5], "big")
            self._kinds.get(data[at], self._image).update(data[at:end])
            at = end
        return hashlib.sha256(data).hexdigest()

    def finish(self) -> Digests:
        """The digests of all that was taken."""
        parts = (self._output, self._image, self._counters)
        return Digests(*(part.hexdigest() for part in parts))
