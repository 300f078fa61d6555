"""The MME: attaches, modifies and detaches UEs over S11, with retransmission.

Runs as a role in the namespace `mme`. Besides what it is told to do it sends, while asked to,
Echo Requests and Modify Bearer Requests at a steady pace, so that the signalling of the S-GW
is watched through every move.
"""

from __future__ import annotations

import contextlib
import select
import socket
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from portvnf.errors import LabError
from portvnf.lab import addresses as at
from portvnf.lab import gtpv2c, role
from portvnf.lab.gtpv2c import Fteid, Reply, Session, Subscriber
from portvnf.lab.role import Channel, Message

T3_RESPONSE_S = 1.0  # TS 29.274, 7.6
N3_REQUESTS = 5
WINDOW = 32  # requests under way at once
_TEID_BASE = 0x1000
_RESTARTS = 1
_RECEIVE_BYTES = 4 << 20


@dataclass
class Exchange:
    """A request that waits for its answer."""

    data: bytes
    expected: int
    done: Callable[[Reply], None]
    deadline: float
    tries: int = 1


@dataclass
class Counts:
    """What became of the requests sent."""

    requests: int = 0
    answered: int = 0
    refused: int = 0
    retransmitted: int = 0
    unanswered: int = 0
    stray: int = 0  # answers that nobody waits for: late or doubled
    echo_requests: int = 0
    echo_answered: int = 0
    notifications: int = 0  # Downlink Data Notifications received
    causes: dict[str, int] = field(default_factory=dict)


class Mme:
    """One S11 end point. Single-threaded: poll() does all the work."""

    def __init__(self, local: str, sgw: str, port: int = at.GTPC_PORT) -> None:
        self.counts = Counts()
        self.sessions: dict[int, Session] = {}
        self.local = local
        self._sgw = sgw
        self._sequence = 0
        self._waiting: dict[int, Exchange] = {}
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BYTES)
        self._socket.bind((local, port))
        self._socket.connect((sgw, at.GTPC_PORT))
        self._socket.setblocking(False)

    def fileno(self) -> int:
        """The descriptor to wait on."""
        return self._socket.fileno()

    def close(self) -> None:
        """Gives the address back."""
        self._socket.close()

    @property
    def outstanding(self) -> int:
        """Requests that wait for an answer."""
        return len(self._waiting)

    def request(
        self, build: Callable[[int], bytes], expected: int, done: Callable[[Reply], None]
    ) -> None:
        """Sends build(sequence) and has `done` called with the answer of type `expected`."""
        self._sequence = self._sequence % 0xFFFFFF + 1
        data = build(self._sequence)
        deadline = time.monotonic() + T3_RESPONSE_S
        self._waiting[self._sequence] = Exchange(data, expected, done, deadline)
        self.counts.requests += 1
        self._send(data)

    def _send(self, data: bytes) -> None:
        # What cannot leave now is lost like any datagram: T3 sees to it.
        with contextlib.suppress(BlockingIOError, ConnectionRefusedError):
            self._socket.send(data)

    def poll(self) -> None:
        """Takes in what has arrived and repeats what was not answered in time."""
        while True:
            try:
                data = self._socket.recv(65536)
            except BlockingIOError:
                break
            except ConnectionRefusedError:
                continue  # an ICMP error for an earlier send; T3 sees to it
            self._take(gtpv2c.decode(data))
        now = time.monotonic()
        for sequence, exchange in list(self._waiting.items()):
            if exchange.deadline > now:
                continue
            if exchange.tries > N3_REQUESTS:
                del self._waiting[sequence]
                self.counts.unanswered += 1
                continue
            exchange.tries += 1
            exchange.deadline = now + T3_RESPONSE_S
            self.counts.retransmitted += 1
            self._send(exchange.data)

    def _take(self, reply: Reply) -> None:
        if reply.message == gtpv2c.ECHO_REQUEST:
            self._send(gtpv2c.echo_response(reply.sequence, _RESTARTS))
            return
        if reply.message == gtpv2c.DOWNLINK_DATA_NOTIFICATION:
            self.counts.notifications += 1
            session = self.sessions.get(reply.teid - _TEID_BASE)
            teid = session.sgw_control.teid if session else 0
            self._send(gtpv2c.downlink_data_notification_acknowledge(reply.sequence, teid))
            return
        exchange = self._waiting.get(reply.sequence)
        if exchange is None or exchange.expected != reply.message:
            self.counts.stray += 1
            return
        del self._waiting[reply.sequence]
        self.counts.answered += 1
        if reply.message != gtpv2c.ECHO_RESPONSE:
            cause = str(reply.cause)
            self.counts.causes[cause] = self.counts.causes.get(cause, 0) + 1
            if reply.cause != gtpv2c.CAUSE_ACCEPTED:
                self.counts.refused += 1
        exchange.done(reply)

    # --- procedures ----------------------------------------------------------------

    def create_session(self, who: Subscriber, done: Callable[[Reply], None]) -> None:
        """Create Session; on acceptance the session is in `sessions` when `done` runs."""
        mme = Fteid(_TEID_BASE + who.number, self.local)

        def keep(reply: Reply) -> None:
            if reply.cause == gtpv2c.CAUSE_ACCEPTED:
                if reply.teid != mme.teid:
                    raise LabError(
                        f"the Create Session Response for {who.imsi} bears TEID {reply.teid:#x} "
                        f"instead of {mme.teid:#x}"
                    )
                self.sessions[who.number] = gtpv2c.session(reply)
            done(reply)

        self.request(
            lambda sequence: gtpv2c.create_session_request(sequence, who, mme, self._sgw),
            gtpv2c.CREATE_SESSION_RESPONSE,
            keep,
        )

    def modify_bearer(self, number: int, enb: Fteid, done: Callable[[Reply], None]) -> None:
        """Modify Bearer with the eNB's end of the S1-U tunnel."""
        teid = self.sessions[number].sgw_control.teid
        self.request(
            lambda sequence: gtpv2c.modify_bearer_request(sequence, teid, enb),
            gtpv2c.MODIFY_BEARER_RESPONSE,
            done,
        )

    def release_access_bearers(self, number: int, done: Callable[[Reply], None]) -> None:
        """Release Access Bearers: the UE goes idle."""
        teid = self.sessions[number].sgw_control.teid
        self.request(
            lambda sequence: gtpv2c.release_access_bearers_request(sequence, teid),
            gtpv2c.RELEASE_ACCESS_BEARERS_RESPONSE,
            done,
        )

    def delete_session(self, number: int, done: Callable[[Reply], None]) -> None:
        """Delete Session: the UE detaches."""
        teid = self.sessions[number].sgw_control.teid

        def forget(reply: Reply) -> None:
            if reply.cause == gtpv2c.CAUSE_ACCEPTED:
                self.sessions.pop(number, None)
            done(reply)

        self.request(
            lambda sequence: gtpv2c.delete_session_request(sequence, teid),
            gtpv2c.DELETE_SESSION_RESPONSE,
            forget,
        )

    def echo(self, done: Callable[[Reply], None]) -> None:
        """Echo Request."""
        self.request(
            lambda sequence: gtpv2c.echo_request(sequence, _RESTARTS), gtpv2c.ECHO_RESPONSE, done
        )


class MmeRole:
    """The commands of the role."""

    def __init__(self, mme: Mme, channel: Channel) -> None:
        self.mme = mme
        self.channel = channel
        self._enb: dict[int, Fteid] = {}
        self._periods: dict[str, float] = {}
        self._next: dict[str, float] = {}
        self._turn = 0
        self.commands: dict[str, Callable[..., Message]] = {
            "attach": self.attach,
            "idle": self.idle,
            "detach": self.detach,
            "signal": self.signal,
            "counts": self.counts,
        }

    def serve(self) -> None:
        """Runs until the controller closes the input."""
        while not self.channel.closed:
            watched = [self.mme.fileno(), self.channel.fileno()]
            readable, _, _ = select.select(watched, [], [], 0.02)
            self.mme.poll()
            self._signal_if_due()
            if self.channel.fileno() in readable:
                self.channel.serve_waiting(self.commands)

    def _window(self, items: list[Any], start: Callable[[Any], None], limit_s: float) -> None:
        # `start` sends one item's first request; WINDOW of them are under way at a time.
        deadline = time.monotonic() + limit_s
        todo = iter(items)
        exhausted = False
        while not exhausted or self.mme.outstanding:
            while not exhausted and self.mme.outstanding < WINDOW:
                item = next(todo, None)
                if item is None:
                    exhausted = True
                else:
                    start(item)
                    self.mme.poll()
            select.select([self.mme], [], [], 0.05)
            self.mme.poll()
            if time.monotonic() > deadline:
                raise LabError(
                    f"the S-GW left {self.mme.outstanding} requests open after {limit_s:.0f} s"
                )

    def attach(
        self, subscribers: list[list[Any]], apn: str, enb: str, teid_base: int, limit_s: float
    ) -> Message:
        """Create Session and Modify Bearer for [number, PDN type] each."""
        attached = 0
        refused: list[str] = []
        begun = told = time.monotonic()

        def modified(reply: Reply) -> None:
            nonlocal attached, told
            if reply.cause != gtpv2c.CAUSE_ACCEPTED:
                refused.append(f"Modify Bearer with Cause {reply.cause}")
            attached += 1
            if time.monotonic() - told >= 1.0:
                told = time.monotonic()
                self.channel.event("attached", count=attached, of=len(subscribers))

        def start(item: list[Any]) -> None:
            who = Subscriber(int(item[0]), str(item[1]), apn)
            end = Fteid(teid_base + who.number, enb)
            self._enb[who.number] = end

            def created(reply: Reply) -> None:
                if reply.cause == gtpv2c.CAUSE_ACCEPTED:
                    self.mme.modify_bearer(who.number, end, modified)
                else:
                    refused.append(f"Create Session with Cause {reply.cause}")

            self.mme.create_session(who, created)

        self._window(subscribers, start, limit_s)
        if refused or attached != len(subscribers):
            first = f", the first a {refused[0]}" if refused else ""
            raise LabError(
                f"only {attached} of {len(subscribers)} UEs could attach; "
                f"{len(refused)} requests were refused{first}"
            )
        return {
            "seconds": round(time.monotonic() - begun, 3),
            "sessions": {str(n): asdict(s) for n, s in self.mme.sessions.items()},
        }

    def idle(self, numbers: list[int], limit_s: float = 10.0) -> Message:
        """Release Access Bearers, then Modify Bearer back, for each UE."""
        accepted = 0

        def resumed(reply: Reply) -> None:
            nonlocal accepted
            accepted += reply.cause == gtpv2c.CAUSE_ACCEPTED

        def start(number: int) -> None:
            def released(reply: Reply) -> None:
                if reply.cause == gtpv2c.CAUSE_ACCEPTED:
                    self.mme.modify_bearer(number, self._enb[number], resumed)

            self.mme.release_access_bearers(number, released)

        self._window(numbers, start, limit_s)
        return {"requested": len(numbers), "accepted": accepted}

    def detach(self, numbers: list[int], limit_s: float = 30.0) -> Message:
        """Delete Session for each UE."""
        accepted = 0

        def deleted(reply: Reply) -> None:
            nonlocal accepted
            accepted += reply.cause == gtpv2c.CAUSE_ACCEPTED

        self._window(numbers, lambda number: self.mme.delete_session(number, deleted), limit_s)
        return {"requested": len(numbers), "accepted": accepted}

    def signal(self, echo_s: float = 0.0, modify_s: float = 0.0) -> Message:
        """Starts the steady signalling with these periods; 0 stops it."""
        self._periods = {"echo": echo_s, "modify": modify_s}
        self._next = dict.fromkeys(self._periods, 0.0)
        deadline = time.monotonic() + T3_RESPONSE_S * (N3_REQUESTS + 1)
        while not (echo_s or modify_s) and self.mme.outstanding and time.monotonic() < deadline:
            select.select([self.mme], [], [], 0.05)
            self.mme.poll()
        return {}

    def _signal_if_due(self) -> None:
        now = time.monotonic()
        for kind, period in self._periods.items():
            if not period or now < self._next[kind]:
                continue
            self._next[kind] = now + period
            if kind == "echo":
                self.mme.counts.echo_requests += 1
                self.mme.echo(self._echo_answered)
            elif self._enb:
                numbers = sorted(self._enb)
                self._turn = (self._turn + 1) % len(numbers)
                number = numbers[self._turn]
                self.mme.modify_bearer(number, self._enb[number], lambda reply: None)

    def _echo_answered(self, reply: Reply) -> None:
        self.mme.counts.echo_answered += 1

    def counts(self) -> Message:
        """All counts since the start."""
        return asdict(self.mme.counts)


def main(channel: Channel) -> None:
    """Runs the role in the namespace that this process is in."""
    mme = Mme(at.S11.v4(at.MME), at.S11.v4(at.GATEWAY))
    MmeRole(mme, channel).serve()


if __name__ == "__main__":
    role.run(main)
