"""What a trace is made of. trace.h says what each operation does."""

from __future__ import annotations

from dataclasses import dataclass, field

from portvnf.burst import Packet

DEFAULT_CAPACITY = 4096


@dataclass(frozen=True)
class Burst:
    """One call of vnf_burst with these packets, 1 to PV_BURST_MAX."""

    now_ns: int
    packets: tuple[Packet, ...]


@dataclass(frozen=True)
class Tick:
    """One call of vnf_burst without packets."""

    now_ns: int


@dataclass(frozen=True)
class Epoch:
    """Closes the current epoch."""


@dataclass(frozen=True)
class Export:
    """Exports sections; the result holds their digests, `with_bytes` their records too."""

    sections: tuple[int, ...]
    since: int = 0
    until: int = 0
    with_bytes: bool = False


@dataclass(frozen=True)
class Move:
    """Moves the trace's sections into a fresh arena and goes on there."""

    now_ns: int


@dataclass(frozen=True)
class Stage:
    """One round of a live migration: from the active arena into the standby."""

    now_ns: int
    sections: tuple[int, ...]
    since: int = 0
    until: int = 0


@dataclass(frozen=True)
class Switch:
    """Completes the standby's import and goes on there."""

    now_ns: int


@dataclass(frozen=True)
class Import:
    """Imports these (section, records) into a fresh arena, completes, and goes on there."""

    now_ns: int
    parts: tuple[tuple[int, bytes], ...]


@dataclass(frozen=True)
class Counters:
    """Reads all counters."""


Operation = Burst | Tick | Epoch | Export | Move | Stage | Switch | Import | Counters


@dataclass(frozen=True)
class Trace:
    """A whole run. `config` is the canonical record, `sections` what Move moves, in order."""

    config: bytes
    start_ns: int
    sections: tuple[int, ...]
    operations: tuple[Operation, ...] = field(repr=False)
    capacity: int = DEFAULT_CAPACITY

    @property
    def packets(self) -> int:
        """How many packets go in."""
        return sum(len(step.packets) for step in self.operations if isinstance(step, Burst))
