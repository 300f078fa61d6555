"""What fails after the commit: the destination has the sessions; what the source still has for it
comes late, or not at all, and never to a blade that gave them on."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from portvnf.agent import blade as blade_module
from portvnf.agent.blade import State
from portvnf.engine import Mode
from portvnf.errors import AgentError, MigrationError
from portvnf.migration.channel import Channel
from portvnf.migration.messages import Kind
from portvnf.migration.source import InDoubtError
from tests.vepc.gateway import DATA

from .accounts import export, usage
from .failing import ids, move, serves
from .network import Network
from .pair import Pair
from .saboteur import FAULTS, Saboteur
from .subscribers import Subscriber

AFTER = [(Kind.FORWARD, 1), (Kind.DRAINED, 1), (Kind.USAGE_END, 1), (Kind.DONE, 1)]
pytestmark = pytest.mark.usefixtures("short_patience")


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(("kind", "nth"), AFTER, ids=ids(AFTER))
def test_after_activation_the_destination_owns(
    pair: Pair,
    network: Network,
    subscribers: list[Subscriber],
    monkeypatch: pytest.MonkeyPatch,
    kind: Kind,
    nth: int,
    fault: str,
    tmp_path: Path,
) -> None:
    some = subscribers[:3]
    saboteur = Saboteur(kind, fault, nth)
    saboteur.install(monkeypatch)
    outcome = move(pair, network, some, saboteur)
    if isinstance(outcome, MigrationError):
        assert not isinstance(outcome, InDoubtError)
        assert "b has the sessions, but packets that a held may be lost" in outcome.message
    serves(pair, network, "b", some)
    # What the source still held when the channel broke is gone; nothing comes twice or late.
    last = {flow: count - 1 for flow, count in network.sent.items()}
    network.until(
        lambda: all(numbers[-1:] == [last[flow]] for flow, numbers in network.received.items()),
        "the newest packets come out",
    )
    for flow, numbers in network.received.items():
        assert numbers == sorted(set(numbers)), flow
        if kind != Kind.FORWARD:
            assert numbers == list(range(network.sent[flow]))
    # However far the source came: what it counted is told once.
    assert "usage" not in str(outcome)
    received = Counter[str]()
    for (way, _), numbers in network.received.items():
        received[way] += len(numbers)
    assert usage(export(pair, "b", tmp_path)) == received


def test_the_rest_of_one_move_comes_before_the_next(
    pair: Pair, network: Network, subscribers: list[Subscriber], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a has left it could tell nobody, had b given the sessions on meanwhile."""
    connect, refused = blade_module.Blade._connect, []

    def connect_late(blade: blade_module.Blade, peer: str) -> Channel:
        if Kind.COMMIT in lost.log and not refused:
            pair.listeners["b"].settle()
            with pytest.raises(AgentError, match="b waits for the rest of what came") as caught:
                pair["b"].migrate("a", lambda _: None)
            refused.append(caught.value)
        return connect(blade, peer)

    lost = Saboteur(Kind.COMMIT, "lose")
    lost.install(monkeypatch)
    monkeypatch.setattr(blade_module.Blade, "_connect", connect_late)
    pair["a"].migrate("b", lambda event: network.pump(subscribers[:3], rounds=5))
    pair.listeners["b"].settle()
    assert refused
    pair.move("b", "a")
    network.expect_everything(in_order=False)


def test_a_source_that_is_gone_keeps_nobody_for_long(
    pair: Pair, network: Network, subscribers: list[Subscriber], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blade_module, "REST_WAIT_S", 2.0)
    with monkeypatch.context() as patch:
        # b is not to be asked either.
        deaf = pair.listeners["b"].refuse_connections
        Saboteur(Kind.DRAINED, "close", also=deaf).install(patch)
        with pytest.raises(MigrationError, match="held, and usage that it counted, may be lost"):
            pair["a"].migrate("b", lambda _: None)
    pair.listeners["b"].settle()
    with pytest.raises(AgentError, match="b waits for the rest of what came"):
        pair["b"].migrate("a", lambda _: None)

    def moves_on() -> bool:
        try:
            pair.move("b", "a")
        except AgentError:
            return False
        return True

    network.until(moves_on, "b waits no more")
    serves(pair, network, "a", subscribers[:3])
    network.expect_everything()


def test_what_comes_after_a_doubt_began_does_not_end_it(
    tmp_path: Path,
    network: Network,
    population: tuple[Path, list[Subscriber]],
    pki_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """a learns late that b took the sessions; b gave them on meanwhile and does not know to whom
    they belong. What a held must not make b serve."""
    configs = dict.fromkeys("abc", DATA / "thousands.toml")
    engines = dict.fromkeys("abc", "native")
    trio = network.pair = Pair(tmp_path, pki_folder, configs, engines, network.port)
    some = population[1][:3]
    connect = blade_module.Blade._connect

    def connect_late(blade: blade_module.Blade, peer: str) -> Channel:
        if Kind.COMMIT in lost.log and blade.spec.name == "a":
            trio.listeners["b"].settle()
            with monkeypatch.context() as patch:
                deaf = trio.listeners["c"].refuse_connections
                Saboteur(Kind.COMMIT, "lose", also=deaf).install(patch)
                with pytest.raises(InDoubtError):
                    trio["b"].migrate("c", lambda _: None)
            trio.listeners["c"].settle()
        return connect(blade, peer)

    lost = Saboteur(Kind.COMMIT, "lose")
    try:
        trio["a"].restore(population[0])
        lost.install(monkeypatch)
        monkeypatch.setattr(blade_module.Blade, "_connect", connect_late)
        monkeypatch.setattr(blade_module, "REST_WAIT_S", 0.0)
        lost_words = r"b refuses: b is in doubt.* a held, and usage that it counted, may be lost$"
        with pytest.raises(MigrationError, match=lost_words):
            trio["a"].migrate("b", lambda event: network.pump(some, rounds=5))
        trio.listeners["b"].settle()
        assert trio.owners() == ["c"] and trio["b"].state == State.IN_DOUBT
        assert trio["b"].instance.engine.stats().mode == Mode.HOLD
    finally:
        trio.close()
