"""A GTP-C end point: requests with T3 and N3, answers to requests, each given once (7.6)."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from portvnf.errors import LabError
from portvnf.lab import addresses as at
from portvnf.lab.scenario import ie, message, namespaces
from portvnf.lab.scenario.message import Message
from portvnf.lab.scenario.reactor import Reactor

T3_S, N3 = 1.0, 4
_BURST = 64


@dataclass
class Exchange:
    """A request of ours; `answer` is there when it has come."""

    what: str
    data: bytes
    peer: str
    expected: int
    deadline: float
    tries: int = 1
    answer: Message | None = None
    given_up: bool = False
    then: list[Callable[[Message], None]] = field(default_factory=list)


class GtpcPeer:
    """Speaks GTP-C from one address. Everything runs under the reactor's lock."""

    def __init__(self, reactor: Reactor, name: str, namespace: str, address: str) -> None:
        self.name = name
        self.address = address
        self.restarts = 1
        self.repeated = 0  # requests sent again
        self.received: list[Message] = []
        self._reactor = reactor
        self._sequence = 0
        self._waiting: dict[tuple[str, int], Exchange] = {}
        self._answered: dict[tuple[str, int, int], bytes] = {}
        self._handlers: dict[int, Callable[[Message], bytes | None]] = {
            message.ECHO: self._answer_echo
        }
        self._socket = namespaces.udp_socket(namespace, address, at.GTPC_PORT)
        reactor.watch(self._socket.fileno(), self._receive)
        reactor.each_tick(self._repeat)

    def close(self) -> None:
        """Gives the address back."""
        self._reactor.forget(self._socket.fileno())
        self._socket.close()

    def on(self, kind: int, handler: Callable[[Message], bytes | None]) -> None:
        """Has requests of a type answered with what `handler` returns (None: not at all)."""
        self._handlers[kind] = handler

    def send(self, peer: str, kind: int, teid: int | None, *ies: bytes) -> Exchange:
        """Sends a request; the answer comes later."""
        with self._reactor.changed:
            self._sequence = self._sequence % 0xFFFFFF + 1
            data = ie.message(kind, teid, self._sequence, *ies)
            what = f"{message.name_of(kind)} (sequence {self._sequence})"
            exchange = Exchange(what, data, peer, kind + 1, time.monotonic() + T3_S)
            self._waiting[peer, self._sequence] = exchange
            self._transmit(peer, data, what)
            return exchange

    def ask(self, peer: str, kind: int, teid: int | None, *ies: bytes) -> Message:
        """Sends a request and waits for its answer."""
        return self.wait(self.send(peer, kind, teid, *ies))

    def wait(self, exchange: Exchange) -> Message:
        """Waits for an answer; a LabError when there is none after N3 repetitions."""
        what = f"{self.name} got no answer to its {exchange.what}"
        return self._reactor.wait(lambda: exchange.answer, what, T3_S * (N3 + 1))

    def _transmit(self, peer: str, data: bytes, what: str) -> None:
        self._reactor.say(f"{self.name} → {peer}: {what}")
        # What cannot leave now is lost like any datagram: T3 sees to it.
        with contextlib.suppress(BlockingIOError, ConnectionRefusedError):
            self._socket.sendto(data, (peer, at.GTPC_PORT))

    def _repeat(self) -> None:
        now = time.monotonic()
        for key, exchange in list(self._waiting.items()):
            if exchange.deadline > now:
                continue
            if exchange.tries > N3:
                exchange.given_up = True
                del self._waiting[key]
                continue
            exchange.tries += 1
            exchange.deadline = now + T3_S
            self.repeated += 1
            self._transmit(exchange.peer, exchange.data, f"{exchange.what} again")

    def _receive(self) -> None:
        for _ in range(_BURST):
            try:
                data, sender = self._socket.recvfrom(65536)
            except BlockingIOError:
                return
            except ConnectionRefusedError:
                continue  # an ICMP error for an earlier send; T3 sees to it
            for found in message.decode(data):
                self._reactor.say(f"{self.name} ← {sender[0]}: {found}")
                self.received.append(found)
                self._take(found, sender[0], sender[1])

    def _take(self, found: Message, peer: str, port: int) -> None:
        if found.is_request:
            key = (peer, found.kind, found.sequence)
            if key not in self._answered:
                answer = self._handle(found)
                if answer is None:
                    return
                self._answered[key] = answer
            self._reactor.say(f"{self.name} → {peer}: answer to {found.sequence}")
            self._socket.sendto(self._answered[key], (peer, port))
            return
        exchange = self._waiting.get((peer, found.sequence))
        if exchange is None or exchange.expected != found.kind:
            return  # late or doubled
        del self._waiting[peer, found.sequence]
        exchange.answer = found
        for action in exchange.then:
            action(found)

    def _handle(self, request: Message) -> bytes | None:
        handler = self._handlers.get(request.kind)
        if handler is None:
            raise LabError(f"{self.name} cannot answer the {request}")
        return handler(request)

    def _answer_echo(self, request: Message) -> bytes:
        return ie.message(
            message.ECHO + 1, None, request.sequence, ie.u8(ie.RECOVERY, self.restarts)
        )
