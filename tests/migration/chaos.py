"""Random moves, and all else that may happen meanwhile.

A seed decides what happens; threads and the machine's load decide when exactly. Whatever comes of
it, the audit at the end finds nothing amiss.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from portvnf.charging import drain as drain_module
from portvnf.charging.drain import Drain
from portvnf.charging.journal import Journal
from portvnf.errors import AgentError, PortvnfError
from portvnf.migration.messages import Kind
from tests.vepc import packets
from tests.vepc.gateway import S11, SGI

from . import audit
from .pair import Pair
from .peers import PeersNetwork
from .saboteur import Saboteur
from .subscribers import Subscriber, create, granted, s11

# Faults that leave the sessions where they are, before COMMIT or at it.
BREAKS = ("close", "cut", "garbage", "wrong", "oversized")
BROKEN = [
    *((kind, nth) for kind in (Kind.ROUND, Kind.ROUND_TAKEN) for nth in (1, 2, 3)),
    *((Kind.RECORDS, nth) for nth in (1, 3, 5)),
    *((kind, 1) for kind in (Kind.HELLO, Kind.WELCOME, Kind.PREPARE, Kind.READY, Kind.COMMIT)),
]
# Faults after which the source has to ask whose the sessions are. What it held then comes late.
ASKED = [(kind, 1) for kind in (Kind.COMMIT, Kind.ACTIVE)]
# Messages whose loss costs nothing, for what they say can be said again.
SAID_AGAIN = [(kind, 1) for kind in (Kind.DRAINED, Kind.USAGE_END, Kind.DONE)]
# What an agent says of a time at which it cannot do something.
NOT_NOW = ("is busy with a migration", "is on standby", "have left", "has sessions", "no port")


@dataclass
class Ue:
    """A UE, as the MME knows it. Its flow goes by the TEID that its eNodeB gave it first."""

    who: Subscriber
    teid: int
    connected: bool = True
    asked: int = 0  # the MME's last request about it
    switches: list[int] = field(default_factory=list)  # TEIDs that an End Marker closes, in order

    def flows(self) -> tuple[tuple[str, int | bytes], ...]:
        return ("up", self.who.address), ("down", self.who.down)


@contextmanager
def every(pause_s: float, act: Callable[[], None]) -> Iterator[None]:
    """Does something again and again until the block ends; its failure is the block's."""
    stop, failures = threading.Event(), []

    def run() -> None:
        try:
            while not stop.wait(pause_s):
                act()
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(30)
        assert not thread.is_alive()
        if failures:
            raise failures[0]


class Chaos:
    """One run. `history` says what happened, for whoever looks into a failure."""

    def __init__(
        self,
        seed: int,
        pair: Pair,
        network: PeersNetwork,
        subscribers: list[Subscriber],
        monkeypatch: pytest.MonkeyPatch,
        *,
        in_order: bool = True,
    ) -> None:
        """Not `in_order`: sources have to ask whose the sessions are, and send on late."""
        self.in_order = in_order
        self.random = random.Random(seed)
        self._looks = random.Random(seed + 1)  # of another thread
        self.pair, self.network, self._patch = pair, network, monkeypatch
        self.ues = [Ue(who, who.down) for who in subscribers]
        self.coming: dict[int, int] = {}  # sequence of a Create Session Request: eNodeB's TEID
        self.gone: list[Ue] = []
        self.asked: list[int] = []
        self.owner = "a"
        self.history: list[str] = []
        self.outcomes: Counter[str] = Counter()
        self._number = 0
        self._begin_charging(monkeypatch)

    def _begin_charging(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(drain_module, "INTERVAL_S", 0.03)
        self.complaints: list[str] = []
        for name, blade in self.pair.blades.items():
            self.journal(name).parent.mkdir(parents=True, exist_ok=True)
            blade.charging = Drain(Journal(self.journal(name)), self.complaints.append)
        self.pair["a"].charging.begin(self.pair["a"].instance)

    def journal(self, name: str) -> Path:
        return self.pair.folder / name / "cdr.jsonl"

    def next_number(self) -> int:
        self._number += 1
        return self._number

    # What subscribers, MME and eNodeB do.

    def burst(self) -> None:
        some = self.random.sample(self.ues, min(len(self.ues), self.random.randint(1, 5)))
        self.network.pump([ue.who for ue in some], rounds=self.random.choice((1, 10, 60, 120)))

    def _ask(self, ue: Ue, build: Callable[..., bytes], *arguments: Any) -> None:
        ue.asked = 0x10000 + self.next_number()
        self.asked.append(ue.asked)
        self.network.send(S11, s11(build(ue.who.s11, *arguments, sequence=ue.asked)))

    def _free(self) -> list[Ue]:
        """UEs of which the MME waits for no answer."""
        return [ue for ue in self.ues if not ue.asked or self.network.replies.get(ue.asked)]

    def release(self) -> None:
        connected = [ue for ue in self._free() if ue.connected]
        if connected:
            ue = self.random.choice(connected)
            self._ask(ue, packets.release)
            ue.connected = False
            self.network.pump([ue.who], rounds=self.random.choice((0, 5, 50, 200)))

    def connect(self) -> None:
        """An idle UE comes back, or a connected one comes by another eNodeB."""
        free = self._free()
        idle = [ue for ue in free if not ue.connected]
        if free:
            self.connect_ue(self.random.choice(idle or free))

    def connect_ue(self, ue: Ue) -> None:
        teid = 0x40000 + self.next_number()
        self.network.first_teid[teid] = ue.who.down
        if ue.connected:
            ue.switches.append(ue.teid)
        self._ask(ue, packets.modify, teid)
        ue.teid, ue.connected = teid, True
        self.network.pump([ue.who], rounds=self.random.choice((0, 5, 50, 200)))

    def leave(self) -> None:
        """A UE goes whose packets have all come out."""
        network = self.network
        with network.lock:
            quiet = [
                ue
                for ue in self._free()
                if all(network.sent[flow] == len(network.received[flow]) for flow in ue.flows())
            ]
            if quiet and len(self.ues) > 5:
                self.delete(self.random.choice(quiet))

    def delete(self, ue: Ue) -> None:
        self.ues.remove(ue)
        self.gone.append(ue)
        self._ask(ue, packets.delete)

    def come(self) -> None:
        number = 1000 + self.next_number()
        self.asked.append(number)
        self.coming[number] = 0x20000 + number
        self.network.send(S11, s11(create(number, 0x20000 + number)))

    def arrived(self) -> None:
        """Makes UEs of the answers that have come."""
        for number, teid in list(self.coming.items()):
            if self.network.replies.get(number):
                who = granted(self.network.replies[number][0], teid)
                self.ues.append(Ue(who, teid))
                del self.coming[number]

    def stray(self, blade: str) -> None:
        """The last packets of some flows come by a neighbour that does not know yet that
        another blade has the sessions."""
        for ue in self.random.sample(self.ues, 2):
            flow = ("down", ue.who.down)
            with self.network.lock:
                for _ in range(self.random.choice((1, 30, 150))):
                    data = ue.who.downlink(self.network.sent[flow].to_bytes(4, "big"))
                    self.network.send_to(blade, SGI, data)
                    self.network.sent[flow] += 1

    def something(self) -> None:
        self.arrived()
        acts = (self.burst, self.release, self.connect, self.leave, self.come, lambda: None)
        act = self.random.choices(acts, (6, 2, 3, 1, 1, 3))[0]
        act()

    # What operators do.

    def look(self) -> None:
        """Questions and exports at any time, to any blade."""
        random, name = self._looks, self._looks.choice(list(self.pair.blades))
        blade = self.pair[name]
        try:
            match random.randrange(6):
                case 0:
                    blade.export(self.pair.folder / f"{name}.img")
                case 1:
                    blade.counters()
                case 2:
                    blade.status()
                case 3:
                    (blade.view.ports(), blade.view.engine())
                case 4:
                    for _ in blade.view.records(random.choice(("session", "bearer", "usage"))):
                        pass
                case 5:
                    path = self.pair.folder / f"{name}.pcap"
                    blade.record("sgi", random.choice((path, None)))
        except AgentError as error:
            assert any(words in error.message for words in NOT_NOW), error.message

    def move(self, saboteur: Saboteur | None = None) -> None:
        to = self.random.choice([name for name in self.pair.blades if name != self.owner])
        source = self.owner

        def report(event: dict[str, Any]) -> None:
            if event["event"] == "commit" and self.random.random() < 0.5:
                self.stray(source)
            self.something()
            if event["event"] in ("freeze", "commit"):
                # A freeze takes long on a slow link.
                time.sleep(self.random.choice((0, 0, 0.01, 0.1)))

        what = f"{source} to {to}"
        if saboteur:
            what += f", {saboteur.fault} at {saboteur.kind.name} {saboteur.nth}"
        with self._patch.context() as patch:
            if saboteur is not None:
                saboteur.install(patch)
            try:
                done = self.pair[source].migrate(to, report)
            except PortvnfError as error:
                self.history.append(f"{what}: {error.message}")
                if saboteur and Kind.ACTIVE in saboteur.log:
                    assert error.message.endswith(f"but packets that {source} held may be lost")
                    self.owner = to
                    self.outcomes["cut short"] += 1
                elif not (saboteur and saboteur.struck):
                    assert any(words in error.message for words in NOT_NOW), error.message
                    self.outcomes["turned away"] += 1
                else:
                    assert error.message.endswith(f"; {source} serves on"), error.message
                    self.outcomes["failed"] += 1
                return
        self.owner = to
        self.outcomes["done"] += 1
        self.outcomes["forwarded"] += done["forwarded_packets"]
        self.history.append(f"{what}: {done['held_packets']} held in {done['freeze_ms']} ms")

    def failing_move(self) -> None:
        kind, nth = self.random.choice(BROKEN)
        fault = self.random.choice(BREAKS)
        if not self.in_order and self.random.random() < 0.7:
            kind, nth = self.random.choice(ASKED + SAID_AGAIN)
            fault = "lose" if kind == Kind.COMMIT else fault
        self.move(Saboteur(kind, fault, nth))

    def run(self, steps: int) -> None:
        def pass_on() -> None:
            self.network.collect()
            self.network.pay()

        with every(0.002, pass_on), every(0.01, self.look):
            for _ in range(steps):
                acts = (self.move, self.failing_move, self.something, self.rest)
                self.random.choices(acts, (6, 4, 2, 1))[0]()
            audit.finish(self)
        audit.check_records(self)

    def rest(self) -> None:
        """Timers run out, and a released backlog leaves, or not yet."""
        time.sleep(self.random.choice((0.001, 0.01, 0.1, 0.5)))
