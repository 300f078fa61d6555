"""Bursts made beforehand and run back to back: only the VNF is on the clock."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from portvnf import cdef, config, engine
from portvnf.bench import messages
from portvnf.errors import StateError
from portvnf.vnf import Vnf

# ETSI and most drivers speak of bursts of 32; the buffers of one train stay in the L2 cache.
BURST = 32
TRAIN = 16
_CAPACITY = 2048
_TICK_NS = 1_000_000


class Train:
    """Packets in bursts, in buffers of their own, that can be run again and again."""

    def __init__(self, port: int, packets: Sequence[bytes], spares: bool) -> None:
        ffi = engine.ffi()
        constants = cdef.constants("vnf.h")
        headroom = constants["PV_HEADROOM"]
        extra = constants["PV_SPARE_MAX"] if spares else 0
        count = len(packets)
        self._memory = ffi.new("u8[]", (count + extra) * _CAPACITY)
        self._packets = ffi.new("struct pv_packet[]", count + extra)
        self._fresh = ffi.new("struct pv_packet[]", count + extra)
        self.bursts = ffi.new("struct pv_burst[]", (count + BURST - 1) // BURST)
        memory = ffi.buffer(self._memory)
        for i in range(count + extra):
            packet = self._fresh[i]
            packet.base = self._memory + i * _CAPACITY
            packet.capacity, packet.offset, packet.port = _CAPACITY, headroom, port
            if i < count:
                packet.length = len(packets[i])
                start = i * _CAPACITY + headroom
                memory[start : start + len(packets[i])] = packets[i]
        for i in range(count):
            burst = self.bursts[i // BURST]
            getattr(burst, "in")[i % BURST] = self._packets + i  # a keyword of Python
            burst.in_count = i % BURST + 1
        for burst in self.bursts:
            burst.spare_count = extra
            for i in range(extra):
                burst.spare[i] = self._packets + count + i
        self.count = count
        self._size = ffi.sizeof("struct pv_packet") * (count + extra)

    def reset(self, now_ns: int) -> None:
        """Makes the packets as they were before they were run."""
        engine.ffi().memmove(self._packets, self._fresh, self._size)
        for burst in self.bursts:
            burst.now_ns = now_ns


class TimedGateway:
    """One VNF in a fresh arena."""

    def __init__(self, vnf: Vnf, sessions: int) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "bench.toml"
            path.write_text(messages.CONFIG.format(sessions=sessions))
            self.config = config.load(path)
        self.arena = vnf.new_arena(self.config.encoded, 1)
        self._burst = vnf.loaded.addresses["vnf_burst"]
        self._now_ns = 1

    def run(self, train: Train) -> int:
        """Runs all bursts; returns the nanoseconds. Every packet must have led to one sent."""
        self._now_ns += _TICK_NS
        train.reset(self._now_ns)
        spent = engine.time_bursts(self._burst, self.arena.address, train.bursts)
        sent = sum(int(burst.out_count) for burst in train.bursts)
        if sent != train.count:
            raise StateError(f"of the benchmark's {train.count} packets {sent} were answered")
        return spent

    def attach(self, first: int, count: int) -> tuple[int, list[int]]:
        """Create Session and Modify Bearer for `count` UEs: nanoseconds and S1-U TEIDs."""
        spent = 0
        teids: list[int] = []
        for begin in range(first, first + count, BURST * TRAIN):
            ues = range(begin, min(begin + BURST * TRAIN, first + count))
            asked = [messages.create_session(ue, 2 * ue & 0xFFFFFF) for ue in ues]
            train = Train(messages.PORT_S11, asked, True)
            spent += self.run(train)
            # Contexts of every kind are given out together: their TEIDs are equal.
            controls = [messages.sgw_teid(answer) for answer in _answers(train)]
            asked = [
                messages.modify_bearer(ue, teid, 2 * ue + 1 & 0xFFFFFF)
                for ue, teid in zip(ues, controls, strict=True)
            ]
            spent += self.run(Train(messages.PORT_S11, asked, True))
            teids += controls
        return spent, teids


def _answers(train: Train) -> list[bytes]:
    sent = (burst.out[i] for burst in train.bursts for i in range(burst.out_count))
    return [bytes(engine.ffi().buffer(p.base + p.offset, p.length)) for p in sent]


def scattered(count: int, of: int) -> list[int]:
    """`count` numbers below `of` in an order that no cache foresees, the same on every run."""
    step = 7919
    return [i * step % of for i in range(count)]
