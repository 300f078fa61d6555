"""The network around two blades: one switch, numbered packets in, an account of what comes
out.

Each of the gateway's ports is reached through the blade that announced it last. A packet is
the next number of its flow; a flow is a subscriber and a direction.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable

import pytest

from portvnf.agent.blade import Blade
from portvnf.engine import Engine
from portvnf.instance import Instance
from portvnf.lab import packet
from tests.vepc.gateway import S1U, S11, SGI

from .pair import Pair
from .subscribers import Subscriber

PORTS = {"s11": S11, "s1u": S1U, "sgi": SGI}
NOTIFICATION = 176  # a Downlink Data Notification, of GTPv2-C
Flow = tuple[str, int | bytes]


class SwitchPort:
    """What a blade's port announces itself with (the interface of Announcement)."""

    def __init__(self, network: Network, blade: str, port: str) -> None:
        self._network, self._blade, self._port = network, blade, port

    def take(self) -> None:
        self._network.route[PORTS[self._port]] = self._blade

    def check(self) -> None:
        """The network is always there."""

    def tell(self) -> None:
        self.take()

    def withdraw(self) -> None:
        """A switch keeps sending to where it last saw an address."""


class Network:
    """Sends, receives, and keeps count. `lock` keeps an instance from being closed while
    its ports are read; what it had sent is read first."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pair: Pair | None = None
        self.route: dict[int, str] = {}
        self.sent: dict[Flow, int] = defaultdict(int)
        self.received: dict[Flow, list[int]] = defaultdict(list)
        self.answers: list[bytes] = []  # GTPv2-C
        self.notifications: list[bytes] = []  # Downlink Data Notifications, repeated or not
        self.end_markers: list[int] = []
        self.error_indications = 0
        self.open_instances: set[Instance] = set()
        self.losses: list[str] = []  # what engines that were closed had not handed on
        self.looked = time.monotonic()  # what is read now was sent after this moment
        self._pushed: dict[Engine, int] = defaultdict(int)
        self.lock = threading.RLock()
        self._watch_instances(monkeypatch)

    def _watch_instances(self, monkeypatch: pytest.MonkeyPatch) -> None:
        begin, end = Instance.__init__, Instance.close

        def init(instance: Instance, *arguments: object) -> None:
            begin(instance, *arguments)  # type: ignore[arg-type]
            self.open_instances.add(instance)

        def close(instance: Instance) -> None:
            with self.lock:
                self._take_all(_pop(instance.engine))
                self._audit(instance.engine)
                self.open_instances.discard(instance)
                end(instance)

        monkeypatch.setattr(Instance, "__init__", init)
        monkeypatch.setattr(Instance, "close", close)

    def _audit(self, engine: Engine) -> None:
        stats, ports = engine.stats(), [engine.port_stats(number) for number in PORTS.values()]
        figures = {
            "held": stats.held,
            "dropped in a hold": stats.held_dropped,
            "refused": stats.refused,
            "not sent": sum(port.tx_dropped for port in ports),
            "never read": self._pushed.pop(engine, 0) - sum(port.rx_packets for port in ports),
        }
        self.losses += [f"{count} {what}" for what, count in figures.items() if count]

    def port(self, blade: str, port: str) -> SwitchPort:
        return SwitchPort(self, blade, port)

    def send(self, port: int, data: bytes) -> None:
        """One packet to whichever blade answers for the port."""
        with self.lock:
            self.send_to(self.route[port], port, data)

    def send_to(self, blade: str, port: int, data: bytes) -> None:
        """One packet to a blade, whether it answers for the port or did so until just now."""
        assert self.pair is not None
        with self.lock:
            engine = self.pair[blade].instance.engine
            assert engine.mem_push(port, data), "the port's ring is full"
            self._pushed[engine] += 1

    def pump(self, subscribers: Iterable[Subscriber], rounds: int = 1) -> None:
        """The next packet of each flow, both ways."""
        for _ in range(rounds):
            for who in subscribers:
                up, down = ("up", who.address), ("down", who.down)
                for flow, port, build in ((up, S1U, who.uplink), (down, SGI, who.downlink)):
                    with self.lock:
                        self.send(port, build(self.sent[flow].to_bytes(4, "big")))
                        self.sent[flow] += 1

    def collect(self) -> None:
        """Reads what the blades have sent, in the order in which they sent it: a blade that
        just took over has sent nothing before the other one stopped."""
        assert self.pair is not None
        with self.lock:
            begun = time.monotonic()
            owner = self.pair[self.route[S11]]
            others = [blade for blade in self.pair.blades.values() if blade is not owner]
            for blade in (*others, owner):
                packets = self._popped(blade)
                if packets and blade is owner:
                    for other in others:
                        self._take_all(self._popped(other))
                self._take_all(packets)
            self.looked = begun

    def _popped(self, blade: Blade) -> list[tuple[int, bytes]]:
        """What a blade has sent. One that is about to forget its instance may have closed it."""
        instance = blade._instance
        return list(_pop(instance.engine)) if instance in self.open_instances else []

    def _take_all(self, sent: Iterable[tuple[int, bytes]]) -> None:
        for port, data in sent:
            self._take(port, data)

    def _take(self, port: int, data: bytes) -> None:
        datagram = packet.parse_udp(data)
        assert datagram is not None and datagram.intact, data.hex()
        if port == S11:
            asked = datagram.payload[1] == NOTIFICATION
            (self.notifications if asked else self.answers).append(datagram.payload)
        elif port == SGI:
            self.received["up", datagram.source].append(_number(datagram.payload))
        else:
            message = packet.parse_gtpu(datagram.payload)
            assert message is not None
            if message.message == packet.GTPU_END_MARKER:
                self.end_markers.append(message.teid)
                return
            if message.message == packet.GTPU_ERROR_INDICATION:
                self.error_indications += 1
                return
            inner = packet.parse_udp(message.payload)
            assert inner is not None and inner.intact
            self.received["down", message.teid].append(_number(inner.payload))

    def total(self) -> int:
        return sum(len(numbers) for numbers in self.received.values())

    def expect_everything(self, *, in_order: bool = True, seconds: float = 15) -> None:
        """Every packet sent came out: once, and in order within its flow. Only where a source
        sends on what it held after the destination serves may the order change: one whose channel
        broke does not wait for a source that may be gone."""
        self.until(lambda: self.total() >= sum(self.sent.values()), "all packets come out", seconds)
        for flow in {**self.sent, **self.received}:
            numbers = self.received.get(flow, [])
            wanted = list(range(self.sent.get(flow, 0)))
            assert (numbers if in_order else sorted(numbers)) == wanted, flow

    def until(self, condition: Callable[[], bool], what: str, seconds: float = 15) -> None:
        """Reads on until the condition holds; fails when that takes too long."""
        end = time.monotonic() + seconds
        self.collect()
        while not condition():
            assert time.monotonic() < end, f"waited {seconds} s in vain: {what}"
            time.sleep(0.001)
            self.collect()

    def ask(self, request: bytes) -> bytes:
        """Sends a GTPv2-C request and returns its answer."""
        before = len(self.answers)
        self.send(S11, request)
        self.until(lambda: len(self.answers) > before, "the gateway answers")
        return self.answers[before]


def _pop(engine: Engine) -> Iterable[tuple[int, bytes]]:
    for port in PORTS.values():
        while (data := engine.mem_pop(port)) is not None:
            yield port, data


def _number(payload: bytes) -> int:
    return int.from_bytes(payload[:4], "big")


class Traffic:
    """A thread that keeps packets flowing through the network until the block ends."""

    def __init__(self, network: Network, subscribers: list[Subscriber]) -> None:
        self._network, self._subscribers = network, subscribers
        self._stop = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Traffic:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(10)
        assert not self._thread.is_alive()
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        try:
            while not self._stop.wait(0.001):
                self._network.pump(self._subscribers)
                self._network.collect()
        except BaseException as error:
            self._failure = error

    def flow_until(self, sent: int) -> None:
        """Waits until every flow has sent that many packets."""
        end = time.monotonic() + 15
        while min(self._network.sent.values(), default=0) < sent:
            assert time.monotonic() < end and self._thread.is_alive(), "the traffic stopped"
            time.sleep(0.001)
