"""Rounds of a live migration: an epoch's changes applied to a copy, until it equals the source.

The order is the one of a migration: everything once, then only what changed since, while the
source goes on, at last the small sections and the usage.
"""

from __future__ import annotations

import random

import pytest

from portvnf.errors import StateError
from portvnf.state.vepc import SCHEMA

from ..vepc.gateway import Gateway, configuration, load
from ..vepc.moving import CHANGED_FIRST, ROUND, finish, send_round
from ..vepc.population import Population

# Sections of which there is one record for each UE or bearer that changed.
FEW = [*CHANGED_FIRST, *(SCHEMA.section(name).number for name in ("ue", "session", "bearer"))]
KINDS = [
    ("ipv4", "internet"),
    ("ipv6", "internet"),
    ("ipv4v6", "internet"),
    ("ipv6", "ims.operator"),
]


def make(name: str, engine: str = "native") -> tuple[Gateway, Population]:
    gateway = Gateway(load(engine), configuration(name))
    return gateway, Population(lambda port, packet: gateway.one(port, packet)[1])


def stir(population: Population, chance: random.Random, numbers: range, actions: int) -> None:
    """Random procedures of random UEs."""
    for _ in range(actions):
        number = chance.choice(numbers)
        ue = population.ues.get(number)
        action = chance.randrange(8)
        if ue is None or action == 0:
            pdn, apn = chance.choice(KINDS)
            population.attach(number, pdn, apn, chance.choice([None, number << 8]))
        elif action == 1 and len(ue.bearers) < 3:
            population.connect_pdn(number, 5 + len(ue.bearers), "ipv6", "internet")
        elif action == 2:
            population.release(number)
        elif action == 3:
            population.delete(number, chance.choice(list(ue.bearers)))
        elif action in (4, 5):
            population.up(number, chance.choice(list(ue.bearers)))
            population.down(number, chance.choice(list(ue.bearers)))
        else:
            population.modify(number, chance.randrange(1, 1 << 24) << 4)


@pytest.mark.parametrize("seed", range(12))
def test_rounds_give_the_whole_state(seed: int) -> None:
    """Few UEs, so that slots, addresses, IMSIs and repeats meet often; the ring of answers
    runs over; procedures go on between the steps of a round."""
    chance = random.Random(seed)
    source, population = make("vepc")
    copy = source.fresh()
    numbers = range(1, 14)

    def between() -> None:
        source.run(ms=1)
        stir(population, chance, numbers, chance.randrange(4))

    stir(population, chance, numbers, 30)
    since = 0
    for _ in range(6):
        until = source.vnf.epoch(source.arena)
        stir(population, chance, numbers, chance.choice([0, 2, 30]))
        send_round(source, copy, since, until, between)
        since = until
        source.run(ms=chance.choice([1, 500, 13_000]))
        stir(population, chance, numbers, chance.choice([0, 3, 40]))
    send_round(source, copy, since, 0)
    finish(source, copy)
    source.run()
    copy.run()
    assert copy.state() == source.state()
    carry_on_alike(source, copy, population, chance, numbers)


def carry_on_alike(
    source: Gateway, copy: Gateway, population: Population, chance: random.Random, numbers: range
) -> None:
    """The copy behaves as the source does, packet for packet."""

    def both(port: int, packet: bytes) -> list[tuple[int, bytes]]:
        results = [gateway.one(port, packet) for gateway in (source, copy)]
        assert results[0] == results[1]
        return results[0][1]

    population.send = both
    stir(population, chance, numbers, 60)
    assert copy.state() == source.state()


def test_a_slot_that_is_taken_again_after_the_epoch() -> None:
    """UE 1 attaches again in a new slot; before the round is exported, UE 2 gets the old one."""
    source, population = make("tiny")
    copy = source.fresh()
    population.attach(1, "ipv4")
    first = source.vnf.epoch(source.arena)
    send_round(source, copy, 0, first)
    population.attach(1, "ipv4")
    second = source.vnf.epoch(source.arena)
    population.attach(2, "ipv4")
    assert [ue.s11 for ue in population.ues.values()] == [2, 0x1000001]
    send_round(source, copy, first, second)
    send_round(source, copy, second, 0)
    finish(source, copy)
    assert copy.state() == source.state()


def test_five_thousand_sessions_and_a_reused_slot() -> None:
    chance = random.Random(5)
    source, population = make("thousands")
    copy = source.fresh()
    for number in range(1, 5001):
        pdn, apn = KINDS[number % len(KINDS)]
        assert population.attach(number, pdn, apn, number) in (16, 18)
    first = source.vnf.epoch(source.arena)
    send_round(source, copy, 0, first)
    # UE 1 goes; when the search for free slots comes round, UE 9001 gets its slot.
    old = population.ues[1].s11 & 0xFFFFFF
    population.delete(1, 5)
    for number in range(5001, 8194):
        population.attach(number, "ipv6", "internet", number)
        if number == 6000:
            second = source.vnf.epoch(source.arena)
            send_round(source, copy, first, second)
    reused = [n for n, ue in population.ues.items() if ue.s11 & 0xFFFFFF == old]
    assert reused == [8193] and population.ues[8193].s11 >> 24 == 1
    stir(population, chance, range(1, 8194), 500)
    send_round(source, copy, second, 0)
    finish(source, copy)
    source.run()
    copy.run()
    assert copy.state() == source.state()
    carry_on_alike(source, copy, population, chance, range(1, 8194))


def test_a_round_costs_what_changed() -> None:
    source, population = make("thousands")
    for number in range(1, 2001):
        population.attach(number, "ipv4", "internet", number)
    since = source.vnf.epoch(source.arena)
    assert all(source.section(number, since) == b"" for number in [*CHANGED_FIRST, *ROUND])
    population.modify(77, 0x1000)
    population.up(78, 5)
    lengths = {number: len(source.section(number, since)) for number in FEW}
    whole = {number: len(source.section(number)) for number in FEW}
    assert all(0 < lengths[number] <= whole[number] // 1000 for number in FEW)


def test_until_leaves_out_what_came_later() -> None:
    source, population = make("vepc")
    population.attach(1, "ipv4")
    until = source.vnf.epoch(source.arena)
    population.attach(2, "ipv4")
    for name in ("ue", "session", "bearer", "procedure"):
        number = SCHEMA.section(name).number
        both, early = source.section(number), source.section(number, 0, until)
        late = source.section(number, until)
        assert early and late and early + late == both


def test_an_image_larger_than_the_ring_of_answers_is_refused() -> None:
    source, population = make("vepc")
    copy = Gateway(source.loaded, configuration("tiny"), source.now_ns)
    for number in (1, 2):
        population.attach(number, "ipv4")
        population.modify(number, 16)
        population.release(number)
    answers = source.section(SCHEMA.section("procedure").number)
    with pytest.raises(StateError, match="configured too small"):
        copy.vnf.import_(copy.arena, SCHEMA.section("procedure").number, answers, copy.now_ns)


@pytest.mark.parametrize("name", ["gateway", "path"])
def test_small_sections_come_once(name: str) -> None:
    source, population = make("vepc")
    population.attach(1, "ipv4")
    number = SCHEMA.section(name).number
    copy = source.fresh()
    copy.vnf.import_(copy.arena, number, source.section(number), copy.now_ns)
    with pytest.raises(StateError, match="taken already"):
        copy.vnf.import_(copy.arena, number, source.section(number), copy.now_ns)
