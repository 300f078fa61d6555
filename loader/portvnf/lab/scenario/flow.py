"""Real traffic between two hosts of a scenario: UDP that is numbered, TCP that is hashed.

The sockets are the kernel's own, each in its host's namespace.
"""

from __future__ import annotations

import hashlib
import os
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from portvnf.errors import LabError
from portvnf.lab.account import FlowAccount
from portvnf.lab.scenario import namespaces
from portvnf.lab.scenario.reactor import Reactor

if TYPE_CHECKING:
    from portvnf.lab.scenario.host import Host

_NUMBER = struct.Struct(">Q")
_ARRIVAL_S = 5.0
_CHUNK = 1 << 16
_TCP_S = 30.0


@dataclass(frozen=True)
class Shape:
    """How a stream is sent: packets a second, octets of UDP payload, the ports (0: any), the
    type of service or traffic class; `lossy`: what is lost is not held against anyone."""

    rate: float = 200.0
    size: int = 100
    port: int = 0
    source_port: int = 0
    tos: int = 0
    lossy: bool = False


class Stream:
    """Numbered UDP packets one way."""

    def __init__(
        self,
        reactor: Reactor,
        source: Host,
        target: Host,
        ends: tuple[str, str],
        shape: Shape,
    ) -> None:
        self.what = f"the stream from {source.name} to {target.name}"
        self.sent = 0
        self.octets = 0  # of whole IP packets
        self.account = FlowAccount()
        self.order: list[int] = []  # the numbers, as they arrived
        self.arrived_octets = 0
        self._reactor = reactor
        self._shape = shape
        self._padding = bytes(max(0, shape.size - _NUMBER.size))
        self.seconds = 0.0  # from the first to the last packet sent
        self._headers = 28 if ":" not in ends[0] else 48
        self._sink = namespaces.udp_socket(target.namespace, ends[1], shape.port)
        try:
            self._socket = namespaces.udp_socket(source.namespace, ends[0], shape.source_port)
        except BaseException:
            self._sink.close()
            raise
        self._socket.setblocking(True)
        if shape.tos:
            level, option = (
                (socket.IPPROTO_IPV6, socket.IPV6_TCLASS)
                if ":" in ends[0]
                else (socket.IPPROTO_IP, socket.IP_TOS)
            )
            self._socket.setsockopt(level, option, shape.tos)
        self._socket.connect((ends[1], self._sink.getsockname()[1]))
        self._halt = threading.Event()
        self._thread = threading.Thread(target=self._pace, daemon=True)
        reactor.watch(self._sink.fileno(), self._receive)

    def __enter__(self) -> Stream:
        if self._shape.rate:
            self._thread.start()
        return self

    def __exit__(self, kind: object, *rest: object) -> None:
        self.stop()
        try:
            if kind is None and self._shape.lossy:
                self.quiet()
            elif kind is None:
                self.arrived()
        finally:
            self.close()

    def stop(self) -> None:
        """Ends the sending."""
        self._halt.set()
        if self._thread.ident is not None:
            self._thread.join()

    def close(self) -> None:
        """Gives the sockets back."""
        self._reactor.forget(self._sink.fileno())
        self._sink.close()
        self._socket.close()

    def quiet(self, still_s: float = 0.3) -> Stream:
        """Waits until nothing has arrived for a while."""
        seen, since = -1, time.monotonic()

        def is_quiet() -> bool:
            nonlocal seen, since
            if self.received != seen:
                seen, since = self.received, time.monotonic()
            return time.monotonic() - since > still_s

        self._reactor.wait(is_quiet, f"{self.what} does not end")
        return self

    def burst(self, packets: int) -> None:
        """Sends packets at once."""
        for _ in range(packets):
            data = _NUMBER.pack(self.sent) + self._padding
            self.sent += 1
            self.octets += len(data) + self._headers
            self._socket.send(data)

    def _pace(self) -> None:
        began = time.monotonic()
        while not self._halt.is_set():
            self.seconds = time.monotonic() - began
            self.burst(int(self.seconds * self._shape.rate) + 1 - self.sent)
            self._halt.wait(1 / self._shape.rate)

    def _receive(self) -> None:
        for _ in range(64):
            try:
                data = self._sink.recv(65536)
            except BlockingIOError:
                return
            (number,) = _NUMBER.unpack_from(data)
            self.account.take(number)
            self.order.append(number)
            self.arrived_octets += len(data) + self._headers

    @property
    def received(self) -> int:
        """Packets that arrived, each counted once."""
        return len(self.account.seen)

    @property
    def lost(self) -> int:
        """Packets that have not arrived."""
        return self.sent - self.received

    def arrived(self, limit_s: float = _ARRIVAL_S) -> Stream:
        """Waits until every packet has arrived; a LabError unless each did once and in order."""
        try:
            self._reactor.wait(lambda: not self.lost, "packets are missing", limit_s)
        except LabError as error:
            first = next((n for n in range(self.sent) if n not in self.account.seen), 0)
            raise LabError(
                f"of {self.what}, {self.lost} of {self.sent} packets are lost, the first being "
                f"number {first}: {error.message}"
            ) from None
        bad = (self.account.duplicated, self.account.reordered)
        if any(bad):
            raise LabError(f"of {self.what}, {bad[0]} came twice and {bad[1]} out of order")
        return self


class Transfer:
    """Octets over one TCP connection."""

    def __init__(
        self, reactor: Reactor, source: Host, target: Host, ends: tuple[str, str], octets: int
    ) -> None:
        self.what = f"the transfer from {source.name} to {target.name}"
        self.octets = octets
        self._family = socket.AF_INET6 if ":" in ends[0] else socket.AF_INET
        self._source, self._ends = source, ends
        self._digests: dict[str, bytes] = {}
        self._failures: list[str] = []
        with namespaces.entered(target.namespace):
            self._listener = socket.socket(self._family, socket.SOCK_STREAM)
        self._listener.settimeout(_TCP_S)
        self._listener.bind((ends[1], 0))
        self._listener.listen(1)
        self._began = time.monotonic()
        self._threads = [
            threading.Thread(target=self._guard, args=(f,), daemon=True)
            for f in (self._receive, self._send)
        ]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Transfer:
        return self

    def __exit__(self, kind: object, *rest: object) -> None:
        if kind is None:
            self.wait()
        else:
            self._join()

    def _join(self) -> None:
        for thread in self._threads:
            thread.join(_TCP_S)
        self._listener.close()

    def _guard(self, function: Callable[[], None]) -> None:
        try:
            function()
        except OSError as error:
            self._failures.append(str(error))

    def _send(self) -> None:
        with namespaces.entered(self._source.namespace):
            sender = socket.socket(self._family, socket.SOCK_STREAM)
        with sender:
            sender.settimeout(_TCP_S)
            sender.bind((self._ends[0], 0))
            sender.connect(self._listener.getsockname()[:2])
            digest, chunk, left = hashlib.sha256(), os.urandom(_CHUNK), self.octets
            while left:
                part = chunk[:left]
                sender.sendall(part)
                digest.update(part)
                left -= len(part)
            self._digests["sent"] = digest.digest()

    def _receive(self) -> None:
        connection, _ = self._listener.accept()
        digest = hashlib.sha256()
        with connection:
            connection.settimeout(_TCP_S)
            while part := connection.recv(_CHUNK):
                digest.update(part)
        self._digests["received"] = digest.digest()

    def wait(self) -> float:
        """Waits for the end; the seconds that it took. A LabError when octets are missing or
        wrong."""
        self._join()
        if self._failures:
            raise LabError(f"{self.what} failed: {self._failures[0]}")
        if self._digests.get("sent") != self._digests.get("received") or not self._digests:
            raise LabError(f"{self.what} did not bring the octets that were sent")
        return time.monotonic() - self._began
