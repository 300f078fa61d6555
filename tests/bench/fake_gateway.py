"""A gateway on the loopback interface that answers as a test tells it to."""

from __future__ import annotations

import os
import socket
import threading
from collections import Counter
from collections.abc import Callable
from types import TracebackType

from portvnf.conform import requests
from portvnf.lab.addresses import GTPC_PORT

CREATE, MODIFY, DELETE = 32, 34, 36
ACCEPTED = 16
# Nobody else's addresses: every process that tests has its own.
_NET = f"127.{os.getpid() >> 8 & 0x3F}.{os.getpid() & 0xFF}"
MME, GATEWAY, ENB = f"{_NET}.10", f"{_NET}.1", f"{_NET}.20"


def cause(value: int) -> bytes:
    """A Cause IE."""
    return requests.ie(2, bytes([value, 0]))


class FakeGateway:
    """Answers each request with what `answer(kind, mme_teid, sequence, turn)` returns, `turn`
    counting the copies of that request from 1; `received` are all requests, in order."""

    def __init__(self, answer: Callable[[int, int, int, int], list[bytes]]) -> None:
        self.received: list[bytes] = []
        self._answer = answer
        self._seen: Counter[bytes] = Counter()
        self._teid: dict[int, int] = {}  # the MME's, by ours
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((GATEWAY, GTPC_PORT))
        self._socket.settimeout(0.05)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> FakeGateway:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: object, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while not self._stop.is_set():
            try:
                data, peer = self._socket.recvfrom(4096)
            except TimeoutError:
                continue
            self.received.append(data)
            self._seen[data] += 1
            kind, ours = data[1], int.from_bytes(data[4:8], "big")
            if kind == CREATE:
                at = data.index(bytes([87, 0, 9, 0, 0x8A]))  # the MME's F-TEID
                mme = int.from_bytes(data[at + 5 : at + 9], "big")
                self._teid[mme & 0xFFFF | 0x10000] = mme
            else:
                mme = self._teid[ours]
            sequence = int.from_bytes(data[8:11], "big")
            for message in self._answer(kind, mme, sequence, self._seen[data]):
                self._socket.sendto(message, peer)


def accept(kind: int, mme: int, sequence: int, turn: int = 1) -> list[bytes]:
    """What a gateway that works answers."""
    ies = cause(ACCEPTED)
    if kind == CREATE:
        teid = mme & 0xFFFF | 0x10000
        address = bytes([10, 13, 0, 1])
        bearer = requests.ie(73, b"\5") + cause(ACCEPTED)
        bearer += requests.ie(87, requests.f_teid(1, teid, address))
        ies += requests.ie(87, requests.f_teid(11, teid, address))
        ies += requests.ie(79, b"\1" + address) + requests.ie(93, bearer)
    return [requests.message(kind + 1, mme, sequence, ies)]
