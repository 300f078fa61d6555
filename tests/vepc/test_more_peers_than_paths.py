"""A migration of a gateway with more eNodeBs than it may have paths: which of them have one is
for the source to say, and the destination does for each of them what the source does."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

import pytest

from portvnf.state.vepc import SCHEMA

from . import addresses, vectors
from .answers import describe
from .gateway import S11, Gateway, configuration, load
from .moving import finish, other_engine, send_round
from .packets import build
from .playing import Player

MME, *ENBS = addresses.MME, *(f"10.12.0.{number}" for number in range(21, 27))
PATH = SCHEMA.section("path")


def gateway(base: str, **keys: int) -> Gateway:
    """One of a configuration of tests/data with other numbers."""
    return Gateway(load("native"), configuration(base, **keys))


def paths(one: Gateway) -> Iterator[Any]:
    data = one.section(PATH.number)
    while data:
        record = PATH.record.parse(data)
        data = data[len(PATH.record.build(record)) :]
        yield record


def peers(one: Gateway) -> list[str]:
    return [str(ip_address(str(path.peer))) for path in paths(one)]


class Network:
    """The MME and the eNodeBs of some gateways, which must all answer alike."""

    def __init__(self, *gateways: Gateway) -> None:
        self.gateways = gateways
        self.sequence = 0

    def send(self, **words: Any) -> tuple[str, list[tuple[int, bytes]]]:
        results = [one.one(*build(words)[:2]) for one in self.gateways]
        assert all(result == results[0] for result in results)
        return results[0]

    def ask(self, **words: Any) -> None:
        self.sequence += 1
        _, sent = self.send(**words, sequence=self.sequence)
        assert [describe(*one)["cause"] for one in sent if one[0] == S11] == [16]

    def attach(self, ue: int, enb: str) -> None:
        self.ask(send="create", ue=ue, pdn="ipv4")
        self.ask(send="modify", teid=ue, enb=0x900 + ue, address=enb)

    def lose(self, ue: int, enb: str) -> str:
        """The eNodeB has lost the UE's bearer; why the gateway does not believe it."""
        return self.send(send="error_indication", teid=0x900 + ue, source=enb, address=enb)[0]

    def wait(self, ms: int) -> list[dict[str, Any]]:
        """What all of them send in this time, at the same moments."""
        sent = []
        for _ in range(ms // 500):
            bursts = [one.run(ms=500).out for one in self.gateways]
            results = [[(packet.port, packet.data) for packet in burst] for burst in bursts]
            assert all(result == results[0] for result in results)
            sent += [describe(*one) for one in results[0]]
        return sent


@pytest.mark.parametrize("late", [False, True])
def test_the_destination_has_the_paths_that_the_source_has(late: bool) -> None:
    """Of five eNodeBs the two last in order have a path; between the rounds one gives way to a
    sixth. The records of UEs and bearers come in another order, and before those of paths."""
    source = gateway("vepc", peers=3)
    network = Network(source)
    for ue, enb in enumerate((5, 4, 1, 2, 3), 1):
        network.attach(ue, ENBS[enb - 1])
    assert peers(source) == [MME, ENBS[3], ENBS[4]]
    copy, until = other_engine(source), source.vnf.epoch(source.arena)
    if not late:
        send_round(source, copy, 0, until)
    network.ask(send="delete", teid=2)
    network.ask(send="modify", teid=3, enb=0x903, address=ENBS[5])
    if late:
        send_round(source, copy, 0, until)
    send_round(source, copy, until, 0)
    finish(source, copy)
    assert peers(source) == [MME, ENBS[4], ENBS[5]]
    assert copy.state() == source.state()

    both = Network(source, copy)
    both.sequence = network.sequence
    sent = both.wait(120_000)
    assert {words["to"] for words in sent} == {MME, ENBS[4], ENBS[5]}
    for ue, enb in ((1, 5), (3, 6), (4, 2), (5, 3)):
        assert both.lose(ue, ENBS[enb - 1]) == ""
    # Each has one user as at the source: with it the path goes.
    for ue in (1, 3):
        both.ask(send="delete", teid=ue)
    both.wait(61_000)
    assert peers(source) == [MME] and copy.state() == source.state()


def test_waiting_echo_requests_end_where_none_are_wanted() -> None:
    source = gateway("vepc")
    Network(source).attach(1, ENBS[0])
    sent = 0
    while not sent:
        sent = len(source.run(ms=500).out)
    assert [path.echo_tries for path in paths(source)].count(1) == 1
    copy = gateway("vepc", echo_ms=0)
    copy.now_ns = source.now_ns
    copy.take(source.state())
    assert [(path.echo_sequence, path.echo_tries) for path in paths(copy)] == [(0, 0)] * 2
    assert Network(copy).wait(61_000) == []
    assert peers(copy) == peers(source)
    copy.copy()


def test_paths_made_at_import_are_of_the_interface_that_their_users_are_on() -> None:
    attach = vectors.find("s5_sgw: attach, traffic both ways, detach")
    source = gateway("sgw")
    player = Player(source, attach.name)
    for number, action in enumerate(attach.actions[:3]):
        player.act(number, action)
    copy = source.fresh()
    copy.take(source.state() | {PATH.number: b""})
    made = [(path.peer, path.plane, path.interface) for path in paths(copy)]
    assert made == [(path.peer, path.plane, path.interface) for path in paths(source)]
    assert [interface for _, _, interface in made].count("s5") == 2
