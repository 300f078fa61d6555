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
    refused: int = 0  # output packets that no host could send, left out of `out`


class BurstRunner:
    """Feeds packets to one VNF in one arena; `buffer_bytes` is each packet's capacity.

    Before each burst the buffers are filled with the byte `fill`: a VNF that reads what it
    was not given makes something else of another one.
    """

    def __init__(
        self, vnf: Vnf, arena: Arena, buffer_bytes: int = _BUFFER_BYTES, fill: int = 0
    ) -> None:
        limits = cdef.constants("vnf.h")
        self._vnf, self._arena, self._capacity = vnf, arena, buffer_bytes
        self._headroom = limits["PV_HEADROOM"]
        self._limit, spares = limits["PV_BURST_MAX"], limits["PV_SPARE_MAX"]
        count = self._limit + spares
        self._memory = ffi().new("u8[]", count * buffer_bytes)
        self._blank = bytes([fill]) * buffer_bytes
        ffi().memmove(self._memory, self._blank * count, count * buffer_bytes)
        self._packets = ffi().new("struct pv_packet[]", count)
        for i in range(count):
            slot = self._packets[i]
            slot.base = self._memory + i * buffer_bytes
            slot.capacity, slot.offset = buffer_bytes, self._headroom
        self._burst = ffi().new("struct pv_burst *")
        arriving = getattr(self._burst, "in")  # a keyword of Python
        for i in range(self._limit):
            arriving[i] = self._packets + i
        for i in range(spares):
            self._burst.spare[i] = self._packets + self._limit + i
        self._burst.spare_count = spares
        self._out_limit = limits["PV_OUT_MAX"]
        self._packet_bytes = ffi().sizeof("struct pv_packet")
        self._first = int(ffi().cast("uintptr_t", self._packets))
        # Both as they are before a call: whatever a VNF makes of them lasts one burst.
        self._fresh_packets = bytes(ffi().buffer(self._packets))
        self._fresh_burst = bytes(ffi().buffer(self._burst))
        self._sent: list[int] = []  # packets sent by the last burst, to be filled anew

    def use(self, arena: Arena) -> None:
        """Goes on with another arena of the same VNF."""
        self._arena = arena

    def run(self, packets: Sequence[Packet], now_ns: int) -> BurstResult:
        """One call with these packets, at most PV_BURST_MAX."""
        if len(packets) > self._limit:
            raise EngineError(f"{len(packets)} packets are more than one burst of {self._limit}")
        ffi().memmove(self._packets, self._fresh_packets, len(self._fresh_packets))
        ffi().memmove(self._burst, self._fresh_burst, len(self._fresh_burst))
        for i in {*range(len(packets)), *self._sent}:
            ffi().memmove(self._memory + i * self._capacity, self._blank, self._capacity)
        for i, packet in enumerate(packets):
            self._fill(self._packets[i], packet)
        self._burst.now_ns, self._burst.in_count = now_ns, len(packets)
        wait = self._vnf.burst(self._arena, self._burst)
        count = int(self._burst.out_count)
        numbers = [self._number_of(self._burst.out[i]) for i in range(min(count, self._out_limit))]
        self._sent = [number for number in numbers if number is not None]
        sent = (self._packets[number] for number in self._sent)
        out = tuple(
            Packet(int(p.port), bytes(ffi().buffer(p.base + p.offset, p.length))) for p in sent
        )
        reasons = tuple(int(self._packets[i].reason) for i in range(len(packets)))
        return BurstResult(out, reasons, wait, count - len(out))

    def _number_of(self, packet: Any) -> int | None:
        # Which of ours an output packet is; None when a host could not send it.
        address = int(ffi().cast("uintptr_t", packet))
        number, rest = divmod(address - self._first, self._packet_bytes)
        if rest or not 0 <= number < len(self._packets):
            return None
        if packet.base != self._memory + number * self._capacity or packet.length == 0:
            return None
        inside = packet.offset + packet.length <= self._capacity
        return number if inside else None

    def _fill(self, slot: Any, packet: Packet) -> None:
        if self._headroom + len(packet.data) > self._capacity:
            raise EngineError(
                f"a packet of {len(packet.data)} bytes does not fit a buffer of {self._capacity}"
            )
        slot.port, slot.length = packet.port, len(packet.data)
        ffi().memmove(slot.base + self._headroom, packet.data, len(packet.data))
