"""Traces from a seed: valid, hostile and broken traffic, with state that leaves and enters."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from portvnf.burst import Packet
from portvnf.conform.chance import Chance, Weighted
from portvnf.conform.mutation import mutate
from portvnf.conform.population import Population
from portvnf.conform.reference import Reference
from portvnf.conform.scene import (
    CLEARED,
    FROZEN,
    MS,
    ROUND,
    S11,
    SECTIONS,
    START_NS,
    Scene,
)
from portvnf.conform.signalling import Signalling
from portvnf.conform.traffic import Traffic
from portvnf.trace import (
    Burst,
    Counters,
    Epoch,
    Export,
    Import,
    Move,
    Operation,
    Stage,
    Switch,
    Tick,
    Trace,
)
from portvnf.vnf import Vnf

_BROKEN_PERCENT = 15
_CHECK_EVERY = 40  # bursts between two comparisons of the whole state


class Generator:
    """One seed's traffic against one scene. The same seed gives the same bytes everywhere."""

    def __init__(self, seed: int, scene: Scene, vnf: Vnf) -> None:
        self._chance = Chance(seed)
        self._scene, self._config = scene, scene.config()
        self._reference = Reference(vnf, self._config)
        self._people = Population()
        self._signalling = Signalling(self._chance, self._people, scene)
        traffic = Traffic(self._chance, self._people)
        asks = self._signalling
        self._user: Weighted[Callable[[], Packet]] = Weighted(
            [
                (34, traffic.up),
                (32, traffic.down),
                (3, traffic.spoofed),
                (2, traffic.stray_up),
                (3, traffic.stray_down),
                (3, traffic.solicitation),
                (2, traffic.echo),
                (2, traffic.ping),
            ]
        )
        self._control: Weighted[Callable[[], Packet]] = Weighted(
            [
                (28, asks.attach),
                (8, asks.connect),
                (26, asks.modify),
                (12, asks.release),
                (10, asks.delete),
                (8, asks.repeat),
                (3, asks.echo),
                (3, asks.stranger),
                (2, asks.other_message),
                (6, asks.lose),
            ]
        )
        self._now = START_NS

    def trace(self, packets: int) -> Trace:
        """A trace with at least so many packets."""
        operations: list[Operation] = []
        made = bursts = 0
        while made < packets:
            burst = self._burst()
            operations.append(burst)
            made, bursts = made + len(burst.packets), bursts + 1
            if bursts % _CHECK_EVERY == 0:
                operations += self._check()
            elif self._chance.hit(3):
                operations += self._turn()
        operations += [Tick(self._pass(50)), Export(SECTIONS), Counters()]
        return Trace(self._config, START_NS, SECTIONS, tuple(operations))

    def _pass(self, ms: int) -> int:
        # Whole milliseconds: remaining times survive a move exactly.
        self._now += ms * MS
        return self._now

    def _burst(self) -> Burst:
        chance = self._chance
        size = chance.pick((1, chance.between(2, 16), 32, 64, 64))
        # At first UEs come in crowds; then most of the traffic is theirs.
        share = 60 if len(self._people.ues) * 4 < self._scene.sessions else 14
        packets: list[Packet] = []
        control: list[Packet] = []
        for _ in range(size):
            is_control = chance.hit(share)
            packet = (self._control if is_control else self._user).draw(chance)()
            if chance.hit(_BROKEN_PERCENT):
                packet = self._broken(packet)
            packets.append(packet)
            if is_control:
                control.append(packet)
        self._pass(chance.pick((0, 0, 1, 1, 2, 7)))
        if control:
            for answer in self._reference.answers(control, self._now):
                if answer.port == S11:
                    self._people.learn(answer.data[28:])
        return Burst(self._now, tuple(packets))

    def _broken(self, packet: Packet) -> Packet:
        if self._chance.hit(2):  # a port that is not the packet's, or no port
            return Packet(self._chance.below(5), packet.data)
        return Packet(packet.port, mutate(packet.data, self._chance))

    def _check(self) -> Iterator[Operation]:
        yield Export(SECTIONS)
        yield Counters()

    def _turn(self) -> Iterator[Operation]:
        """Something other than packets."""
        match self._chance.below(8):
            case 0 | 1:
                yield Tick(self._pass(self._chance.pick((1, 10, 500, 1100))))
            case 2 | 3:
                yield Move(self._now)
            case 4 | 5:
                yield from self._migration()
            case 6:
                yield Tick(self._pass(self._scene.retention_ms + 1))
            case _:
                noise = self._chance.octets(self._chance.between(1, 60))
                yield Import(self._now, ((self._chance.pick(SECTIONS), noise),))

    def _migration(self) -> Iterator[Operation]:
        """Rounds, traffic in between, the rest frozen: epochs begin at 1 in every arena, but
        this one may have closed some, so a round goes by what the epoch will be at most."""
        yield Move(self._now)
        yield Epoch()
        yield Stage(self._now, ROUND, 0, 1)
        last = 1
        for _ in range(self._chance.between(1, 3)):
            for _ in range(self._chance.between(1, 2)):
                yield self._burst()
            yield Epoch()
            yield Stage(self._now, (CLEARED, *ROUND), last, last + 1)
            last += 1
        yield self._burst()
        yield Stage(self._now, (CLEARED, *ROUND), last)
        yield Stage(self._now, FROZEN)
        yield Switch(self._now)
        yield Export(SECTIONS)
