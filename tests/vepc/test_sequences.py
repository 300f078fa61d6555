"""Random sequences of valid procedures by several UEs, beside a simple model.

In mid-sequence the state is exported and imported by the other engine; from then on both
gateways get the same packets and must send the same ones.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from portvnf.state.vepc import BEARER, SESSION

from . import answers
from .gateway import Gateway, configuration, load
from .population import Population, Sent

NUMBERS = st.integers(1, 6)
PDNS = st.sampled_from(
    [("ipv4", "internet"), ("ipv6", "internet"), ("ipv4v6", "internet"), ("ipv4v6", "iot"),
     ("ipv6", "ims.operator"), ("ipv4", "ims.operator")]
)  # fmt: skip
ACTIONS = st.one_of(
    st.tuples(st.just("attach"), NUMBERS, PDNS, st.none() | st.integers(1, 1 << 20)),
    st.tuples(st.just("connect"), NUMBERS, st.integers(6, 15), PDNS),
    st.tuples(st.just("modify"), NUMBERS, st.integers(1, 1 << 20)),
    st.tuples(st.just("release"), NUMBERS),
    st.tuples(st.just("lose"), NUMBERS),
    st.tuples(st.just("delete"), NUMBERS, st.integers(0, 10)),
    st.tuples(st.just("up"), NUMBERS, st.integers(0, 10)),
    st.tuples(st.just("down"), NUMBERS, st.integers(0, 10)),
    st.tuples(st.just("repeat"), NUMBERS),
    st.tuples(st.just("wait"), st.sampled_from([1, 1000, 13000])),
)

RETENTION_MS = 12000


class Bench:
    """One gateway, later two that must agree, and the population in front of them."""

    def __init__(self, engine: str, other: str) -> None:
        self.gateways = [Gateway(load(engine), configuration("vepc"))]
        self.other = other
        self.population = Population(self.send)
        self.requests = self.waited_ms = 0

    def send(self, port: int, packet: bytes) -> Sent:
        results = [gateway.one(port, packet) for gateway in self.gateways]
        assert all(result == results[0] for result in results)
        for sent in results[0][1]:
            answers.describe(*sent)
        return results[0][1]

    def move(self) -> None:
        """A gateway of the other engine imports the state; exporting it gives the same."""
        source = self.gateways[0]
        copy = source.copy(load(self.other))
        assert copy.state() == source.state()
        self.gateways = [source, copy]

    def act(self, action: tuple[Any, ...]) -> None:
        kind, *words = action
        population = self.population
        if population.sequence != self.requests:
            self.requests, self.waited_ms = population.sequence, 0
        if kind == "wait":
            self.waited_ms += words[0]
            results = [gateway.run(ms=words[0]) for gateway in self.gateways]
            assert all(result == results[0] for result in results)
            return
        number = words[0]
        ue = population.ues.get(number)
        if kind == "attach":
            (pdn, apn), enb = words[1:]
            assert population.attach(number, pdn, apn, enb) in causes(pdn, apn)
        elif kind == "repeat":
            if population.last_answer and self.waited_ms < RETENTION_MS:
                sent = [packet[28:] for _, packet in population.repeat()]
                assert sent == [population.last_answer]
        elif ue is None:
            return
        elif kind == "connect":
            ebi, (pdn, apn) = words[1:]
            if ebi not in ue.bearers:
                assert population.connect_pdn(number, ebi, pdn, apn) in causes(pdn, apn)
        elif kind == "modify":
            assert population.modify(number, words[1] << 4) == 16
        elif kind == "release":
            assert population.release(number) == 16
        elif kind == "lose":
            connected = [ebi for ebi, bearer in ue.bearers.items() if bearer.enb is not None]
            shared = [b.enb for u in population.ues.values() for b in u.bearers.values()]
            if connected and shared.count(ue.bearers[connected[0]].enb) == 1:
                population.lose(number, connected[0])
        else:
            ebi = list(ue.bearers)[words[1] % len(ue.bearers)]
            getattr(population, kind)(number, ebi)

    def check(self) -> None:
        """The sessions and volumes exported are those that the model counted."""
        sessions, bearers = (
            parse_all(record, self.gateways[0].section(number))
            for number, record in ((5, SESSION), (6, BEARER))
        )
        mine = {
            bearer.s1u: bearer.enb is not None
            for ue in self.population.ues.values()
            for bearer in ue.bearers.values()
        }
        assert {bearer.s1u_teid: bearer.connected == "yes" for bearer in bearers} == mine
        assert len(sessions) == self.population.sessions == len(mine)


def causes(pdn: str, apn: str) -> set[int]:
    """What an attach may be answered: accepted, reduced, not supported, pool or table full."""
    full = {73, 84}
    if apn == "internet":
        return {16} | full
    if pdn == "ipv4v6":
        return {18} | full
    return ({16} | full) if pdn == "ipv6" else {83}


def parse_all(record: Any, data: bytes) -> list[Any]:
    parsed = []
    while data:
        parsed.append(record.parse(data))
        data = data[len(record.build(parsed[-1])) :]
    return parsed


@pytest.mark.parametrize(("engine", "other"), [("jit", "native"), ("native", "jit")])
@settings(
    max_examples=150, deadline=None, derandomize=True, phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(
    before=st.lists(ACTIONS, min_size=5, max_size=40),
    after=st.lists(ACTIONS, min_size=1, max_size=20),
)
def test_sequence(engine: str, other: str, before: Any, after: Any) -> None:
    bench = Bench(engine, other)
    for action in before:
        bench.act(action)
    bench.check()
    bench.move()
    for action in after:
        bench.act(action)
    bench.check()
    assert bench.gateways[0].state() == bench.gateways[1].state()
