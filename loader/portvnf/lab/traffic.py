"""The light traffic: small numbered UDP packets between every light UE and the server.

A packet carries its flow, direction, sequence number and the time at which it was sent
(CLOCK_MONOTONIC, which all processes of one machine share), so that the far end can count
what became of it.
"""

from __future__ import annotations

import struct
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from portvnf.lab import packet
from portvnf.lab.account import Receiver

UPLINK = 1
DOWNLINK = 2

PAYLOAD_BYTES = 64
_MAGIC = b"PVLT"
_FIELDS = struct.Struct(">4sBxHIIQ")
_COUNTERS = struct.Struct(">IQ")  # the last two of _FIELDS, which change per packet
_COUNTERS_AT = 12
_FILLING = bytes(range(PAYLOAD_BYTES - _FIELDS.size))
_BURST_S = 0.005


@dataclass(frozen=True)
class Flow:
    """One UE's two-way traffic; the addresses in their wire form."""

    number: int
    ue: bytes
    server: bytes
    port: int

    def ends(self, direction: int) -> tuple[bytes, bytes]:
        """(source, destination) of packets in this direction."""
        return (self.ue, self.server) if direction == UPLINK else (self.server, self.ue)


class Source:
    """Writes a flow's packets in one direction: a template and an incremental checksum."""

    def __init__(self, flow: Flow, direction: int) -> None:
        self.flow = flow
        self.sent = 0
        source, destination = flow.ends(direction)
        fields = _FIELDS.pack(_MAGIC, direction, 0, flow.number, 0, 0)
        whole = packet.udp(source, destination, (flow.port, flow.port), fields + _FILLING)
        udp_at = len(whole) - PAYLOAD_BYTES - 8
        self._head = whole[: udp_at + 6]
        self._fields = fields[:_COUNTERS_AT]
        segment = whole[udp_at : udp_at + 6] + b"\0\0" + fields + _FILLING
        self._sum = packet.word_sum(segment) + packet.pseudo_sum(
            source, destination, 17, len(segment)
        )

    def next(self, now_ns: int) -> bytes:
        """The flow's next packet."""
        counters = _COUNTERS.pack(self.sent, now_ns)
        self.sent += 1
        total = packet.checksum(self._sum + packet.word_sum(counters)) or 0xFFFF
        return b"".join((self._head, total.to_bytes(2, "big"), self._fields, counters, _FILLING))


class Sink:
    """Checks and counts what arrives of all flows in one direction."""

    def __init__(self, direction: int) -> None:
        self.receiver = Receiver()
        self._direction = direction
        self._flows: dict[int, tuple[Flow, bytes, bytes]] = {}

    def expect(self, flow: Flow) -> None:
        """Makes a flow known; packets of others count as misdelivered."""
        source, destination = flow.ends(self._direction)
        self._flows[flow.number] = (flow, source, destination)

    def take(self, data: bytes, now_ns: int, at_flow: int | None = None) -> bool:
        """Counts a packet; False when it is none of the light traffic at all.

        `at_flow` is the flow whose end point received it, where the receiver knows (the eNB
        knows by TEID).
        """
        datagram = packet.parse_udp(data)
        if datagram is None or datagram.payload[:4] != _MAGIC:
            return False
        receiver = self.receiver
        if not datagram.intact or len(datagram.payload) != PAYLOAD_BYTES:
            receiver.damaged += 1
            return True
        _, direction, _, number, sequence, sent_ns = _FIELDS.unpack_from(datagram.payload)
        known = self._flows.get(number)
        if (
            known is None
            or direction != self._direction
            or (datagram.source, datagram.destination) != known[1:]
            or datagram.ports != (known[0].port, known[0].port)
            or at_flow not in (None, number)
        ):
            receiver.misdelivered += 1
            return True
        receiver.take(number, sequence, sent_ns, now_ns, len(data))
        return True


class Pacer(threading.Thread):
    """Sends packets of many sources in turn at a steady total rate until stopped.

    `send` takes (source, packet) pairs and returns how many the device took. A packet that
    it did not take counts as sent all the same, hence as lost, and in `refused`.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        rate: float,
        send: Callable[[list[tuple[Source, bytes]]], int],
        limit_s: float,
    ) -> None:
        super().__init__(name="pacer", daemon=True)
        self.refused = 0
        self.failure: Exception | None = None
        self._sources = sources
        self._rate = rate
        self._send = send
        self._limit_s = limit_s
        self._halt = threading.Event()

    def stop(self) -> None:
        """Ends the sending and waits for the burst in hand."""
        self._halt.set()
        self.join()

    def run(self) -> None:
        try:
            self._pace()
        except Exception as error:  # handed to whoever asks for the result
            self.failure = error

    def _pace(self) -> None:
        start = time.monotonic()
        done = 0
        turn = 0
        while not self._halt.wait(_BURST_S):
            elapsed = time.monotonic() - start
            if elapsed > self._limit_s:
                return
            # After a long wait for the CPU the debt is paid in bursts of bounded size.
            due = min(int(elapsed * self._rate) - done, 64)
            burst = []
            for _ in range(due):
                source = self._sources[turn]
                turn = (turn + 1) % len(self._sources)
                burst.append((source, source.next(time.monotonic_ns())))
            if burst:
                self.refused += len(burst) - self._send(burst)
                done += len(burst)
