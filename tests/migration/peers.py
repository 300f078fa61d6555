"""The network with peers that answer what the gateway asks them, and keep what each tunnel got."""

from __future__ import annotations

import time
from collections import defaultdict

import pytest

from portvnf.lab import packet
from tests.vepc import gtpc
from tests.vepc.gateway import S1U, S11

from .network import NOTIFICATION, Network
from .subscribers import s1u, s11

ECHO_REQUEST = 1  # of GTPv2-C
TunnelEvent = tuple[int, int | None]  # eNodeB's TEID; a packet's number, None: an End Marker


class PeersNetwork(Network):
    """A UE's downlink is one flow however often its eNodeB gives it another TEID; `first_teid`
    names it. Notifications of data are never answered, so that they come again."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(monkeypatch)
        self.first_teid: dict[int, int] = {}
        self.tunnels: dict[int, list[TunnelEvent]] = defaultdict(list)
        self.replies: dict[int, list[bytes]] = defaultdict(list)  # by sequence number
        # By sequence number: when each was sent, at the earliest and at the latest.
        self.notified: dict[int, list[tuple[float, float]]] = defaultdict(list)
        self.echoes = 0
        self._owed: list[tuple[int, bytes]] = []

    def _take(self, port: int, data: bytes) -> None:
        datagram = packet.parse_udp(data)
        assert datagram is not None
        if port == S11:
            self._answer_s11(datagram.payload)
        elif port == S1U:
            self._answer_s1u(data, datagram.payload)
        else:
            super()._take(port, data)

    def _answer_s11(self, message: bytes) -> None:
        sequence = message[8:11] if message[0] & 8 else message[4:7]
        number = int.from_bytes(sequence, "big")
        if message[1] == ECHO_REQUEST:
            self.echoes += 1
            answer = gtpc.encode("echo_response", {"sequence": number, "recovery": 1})
            self._owed.append((S11, s11(answer)))
        elif message[1] == NOTIFICATION:
            self.notified[number].append((self.looked, time.monotonic()))
        else:
            self.replies[number].append(message)

    def _answer_s1u(self, data: bytes, payload: bytes) -> None:
        message = packet.parse_gtpu(payload)
        assert message is not None
        if message.message == packet.GTPU_ECHO_REQUEST:
            self.echoes += 1
            self._owed.append((S1U, s1u(packet.gtpu_echo_response(message.sequence))))
            return
        first = self.first_teid.get(message.teid, message.teid)
        if message.message == packet.GTPU_END_MARKER:
            self.tunnels[first].append((message.teid, None))
            return
        before = len(self.received["down", message.teid])
        super()._take(S1U, data)
        if message.message != packet.GTPU_GPDU:
            return
        numbers = self.received["down", message.teid]
        assert len(numbers) == before + 1
        self.tunnels[first].append((message.teid, numbers[-1]))
        if first != message.teid:
            self.received["down", first].append(numbers.pop())
            del self.received["down", message.teid]

    def pay(self) -> None:
        """Sends the answers that are due."""
        with self.lock:
            for port, data in self._owed:
                self.send(port, data)
            self._owed.clear()
