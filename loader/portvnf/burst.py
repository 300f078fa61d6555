"""One burst at a time through a VNF, without an engine: for tests and replay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from portvnf import cdef
from portvnf.arena import Arena
from portvnf.errors import EngineError
from portvnf.vnf import Vnf, ffi

_BUFFER_BYTES = 4096


@dataclass(frozen=True)
class Packet:
    """An IP packet and the port that it came from or goes out of."""

    port: int
    data: bytes


@dataclass(frozen=True)
class BurstResult:
    """What one call of vnf_burst did."""

    out: tuple[Packet, ...]
    reasons: tuple[int, ...]  # one for each input packet; 0 when it was not dropped
    next_timer_ns: int


class BurstRunner:
    """Feeds packets to one VNF in one arena; `buffer_bytes` is each packet's capacity."""

    def __init__(self, vnf: Vnf, arena: Arena, buffer_bytes: int = _BUFFER_BYTES) -> None:
        limits = cdef.constants("vnf.h")
        self._vnf, self._arena, self._capacity = vnf, arena, buffer_bytes
        self._headroom = limits["PV_HEADROOM"]
        self._limit, spares = limits["PV_BURST_MAX"], limits["PV_SPARE_MAX"]
        count = self._limit + spares
        self._memory = ffi().new("u8[]", count * buffer_bytes)
        self._packets = ffi().new("struct pv_packet[]", count)
        self._burst = ffi().new("struct pv_burst *")
        for i in range(count):
            self._packets[i].base = self._memory + i * buffer_bytes
        arriving = getattr(self._burst, "in")  # a keyword of Python
        for i in range(self._limit):
            arriving[i] = self._packets + i
        for i in range(spares):
            self._burst.spare[i] = self._packets + self._limit + i
        self._burst.spare_count = spares

    def run(self, packets: Sequence[Packet], now_ns: int) -> BurstResult:
        """One call with these packets, at most PV_BURST_MAX."""
        if len(packets) > self._limit:
            raise EngineError(f"{len(packets)} packets are more than one burst of {self._limit}")
        for i in range(self._limit + int(self._burst.spare_count)):
            slot = self._packets[i]
            slot.capacity, slot.offset, slot.length = self._capacity, self._headroom, 0
            slot.port = slot.reason = 0
        for i, packet in enumerate(packets):
            self._fill(self._packets[i], packet)
        self._burst.now_ns, self._burst.in_count = now_ns, len(packets)
        self._burst.out_count = 0
        wait = self._vnf.burst(self._arena, self._burst)
        sent = (self._burst.out[i] for i in range(self._burst.out_count))
        out = tuple(
            Packet(int(p.port), bytes(ffi().buffer(p.base + p.offset, p.length))) for p in sent
        )
        reasons = tuple(int(self._packets[i].reason) for i in range(len(packets)))
        return BurstResult(out, reasons, wait)

    def _fill(self, slot: Any, packet: Packet) -> None:
        if self._headroom + len(packet.data) > self._capacity:
            raise EngineError(
                f"a packet of {len(packet.data)} bytes does not fit a buffer of {self._capacity}"
            )
        slot.port, slot.length = packet.port, len(packet.data)
        ffi().memmove(slot.base + self._headroom, packet.data, len(packet.data))
