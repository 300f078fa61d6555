"""Every message up to the commit fails in every way: exactly one blade owns the sessions."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest

from portvnf.agent import blade as blade_module
from portvnf.agent.blade import State
from portvnf.agent.ownership import Gone
from portvnf.errors import AgentError, HostError, MigrationError
from portvnf.migration import destination
from portvnf.migration.messages import ABORTED, COMMITTED, Kind
from portvnf.migration.source import InDoubtError

from .failing import move, serves
from .network import Network, SwitchPort
from .pair import Pair
from .saboteur import FAULTS, Saboteur
from .subscribers import Subscriber

# (kind, which one of that kind): those before COMMIT, by the source and by the destination.
BEFORE = [
    (Kind.HELLO, 1), (Kind.WELCOME, 1), (Kind.RECORDS, 1), (Kind.RECORDS, 4), (Kind.ROUND, 1),
    (Kind.ROUND_TAKEN, 1), (Kind.ROUND, 3), (Kind.ROUND_TAKEN, 3), (Kind.PREPARE, 1),
    (Kind.READY, 1),
]  # fmt: skip
pytestmark = pytest.mark.usefixtures("short_patience")


# What ROUND and READY carry is for people who read a trace.
@pytest.mark.parametrize(
    ("kind", "nth", "fault"),
    [
        pytest.param(kind, nth, fault, id=f"{kind.name}-{nth}-{fault}")
        for kind, nth in BEFORE
        for fault in FAULTS
        if fault != "empty" or kind not in (Kind.ROUND, Kind.READY)
    ],
)
def test_before_commit_the_source_serves_on(
    pair: Pair,
    network: Network,
    subscribers: list[Subscriber],
    monkeypatch: pytest.MonkeyPatch,
    kind: Kind,
    nth: int,
    fault: str,
) -> None:
    some = subscribers[:3]
    saboteur = Saboteur(kind, fault, nth)
    saboteur.install(monkeypatch)
    error = move(pair, network, some, saboteur)
    assert isinstance(error, MigrationError)
    assert error.message.endswith("; a serves on"), error.message
    assert "\n" not in error.message
    serves(pair, network, "a", some)
    network.expect_everything()
    if (kind, fault) != (Kind.READY, "lose"):  # that one arrives
        assert Kind.COMMIT not in saboteur.log


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault != "empty"])
def test_a_commit_that_fails_is_settled_by_a_question(
    pair: Pair,
    network: Network,
    subscribers: list[Subscriber],
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
) -> None:
    some = subscribers[:3]
    saboteur = Saboteur(Kind.COMMIT, fault)
    saboteur.install(monkeypatch)
    outcome = move(pair, network, some, saboteur)
    assert Kind.QUERY in saboteur.log
    if fault == "lose":  # it arrived: only the answer was lost
        assert isinstance(outcome, dict) and outcome["forwarded_packets"] > 0
        serves(pair, network, "b", some)
    else:
        assert isinstance(outcome, MigrationError)
        assert outcome.message.endswith("; a serves on")
        serves(pair, network, "a", some)
    network.expect_everything(in_order=fault != "lose")


@pytest.mark.parametrize("fault", [f for f in FAULTS if f not in ("empty", "lose")])
def test_an_activation_that_is_not_heard_of_is_settled_by_a_question(
    pair: Pair,
    network: Network,
    subscribers: list[Subscriber],
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
) -> None:
    some = subscribers[:3]
    saboteur = Saboteur(Kind.ACTIVE, fault)
    saboteur.install(monkeypatch)
    outcome = move(pair, network, some, saboteur)
    assert isinstance(outcome, dict), outcome
    serves(pair, network, "b", some)
    network.expect_everything(in_order=False)


@pytest.mark.parametrize("committed", [True, False], ids=["committed", "aborted"])
def test_a_destination_that_cannot_be_asked_leaves_a_doubt(
    pair: Pair,
    network: Network,
    subscribers: list[Subscriber],
    monkeypatch: pytest.MonkeyPatch,
    committed: bool,
) -> None:
    """The operator looks at the destination, and decides by what is found there."""
    keep = not committed
    some = subscribers[:3]
    saboteur = Saboteur(
        Kind.COMMIT,
        "lose" if committed else "close",
        also=pair.listeners["b"].refuse_connections,
    )
    saboteur.install(monkeypatch)
    error = move(pair, network, some, saboteur)
    assert isinstance(error, InDoubtError)
    assert error.message.endswith("who owns the sessions is in doubt")
    assert "cannot reach b at 127.0.0.1:" in error.message
    blade = pair["a"]
    assert blade.status()["state"] == "in doubt" and blade.status()["sessions"] == 40
    assert pair["b"].status()["state"] == ("active" if committed else "standby")
    held = blade.instance.engine.stats().held
    assert held > 0, "packets are kept until the doubt ends"
    for attempt in (lambda: blade.migrate("b", print), lambda: blade.restore(pair.folder)):
        with pytest.raises(AgentError, match="a is in doubt"):
            attempt()
    assert blade.instance.engine.stats().held == held
    blade.resolve(keep)
    serves(pair, network, "a" if keep else "b", some)
    if keep:
        network.expect_everything()
    with pytest.raises(AgentError, match="not in doubt"):
        blade.resolve(True)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_question_that_fails_leaves_a_doubt(
    pair: Pair,
    network: Network,
    subscribers: list[Subscriber],
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
) -> None:
    some = subscribers[:3]
    Saboteur(Kind.COMMIT, "close").install(monkeypatch)
    saboteur = Saboteur(Kind.OUTCOME, fault)
    saboteur.install(monkeypatch)
    error = move(pair, network, some, saboteur)
    assert isinstance(error, MigrationError)
    if fault == "lose":
        assert pair["a"].state == State.ACTIVE
    else:
        if fault == "wrong":
            # OUTCOME is the very kind that was due; it says nothing.
            assert "sent an outcome that is none" in error.message
        assert isinstance(error, InDoubtError)
        assert pair["a"].state == State.IN_DOUBT
        pair["a"].resolve(True)
    serves(pair, network, "a", some)
    network.expect_everything()


def test_a_commit_that_comes_after_the_answer_is_not_obeyed() -> None:
    outcomes = destination.Outcomes()
    assert outcomes.settle("a", "1", ABORTED) == ABORTED
    assert outcomes.settle("a", "1", COMMITTED) == ABORTED
    assert outcomes.settle("c", "1", COMMITTED) == COMMITTED
    assert outcomes.settle("c", "1", ABORTED) == COMMITTED


def test_a_late_commit_over_the_channel(
    pair: Pair,
    network: Network,
    subscribers: list[Subscriber],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The source asks before the destination has read COMMIT, and is told "aborted"."""
    some = subscribers[:3]
    await_commit = destination.Destination._await_commit

    def late(self: destination.Destination) -> None:
        kind_and_payload = self._channel.receive()
        assert kind_and_payload[0] == Kind.COMMIT
        self._outcomes.settle("a", self._migration, ABORTED)
        monkeypatch.setattr(self._channel, "receive", lambda: kind_and_payload)
        await_commit(self)

    monkeypatch.setattr(destination.Destination, "_await_commit", late)
    with pytest.raises(MigrationError, match="for a migration that it gave up; a serves on"):
        pair["a"].migrate("b", lambda _: network.pump(some, rounds=5))
    pair.listeners["b"].settle()
    serves(pair, network, "a", some)
    network.expect_everything()


@pytest.mark.parametrize("kind", [Kind.ROUND_TAKEN, Kind.READY], ids=["delta", "ready"])
def test_a_destination_that_stops_answering_does_not_keep_the_source_frozen(
    pair: Pair,
    network: Network,
    subscribers: list[Subscriber],
    monkeypatch: pytest.MonkeyPatch,
    kind: Kind,
) -> None:
    """However long messages may take otherwise: here 60 s, as agents have it."""
    monkeypatch.setattr(blade_module, "MESSAGE_TIMEOUT_S", 60.0)
    some = subscribers[:3]
    limit_freeze(pair, 0.4)
    nth = 3 if kind == Kind.ROUND_TAKEN else 1
    frozen_at: list[float] = []
    saboteur = Saboteur(kind, "silence", nth, also=lambda: frozen_at.append(time.monotonic()))
    saboteur.install(monkeypatch)
    with pytest.raises(MigrationError) as caught:
        pair["a"].migrate("b", lambda event: network.pump(some, rounds=5))
    assert time.monotonic() - frozen_at[0] < 5
    assert caught.value.message == (
        "b did not answer within the freeze limit of 400 ms; a serves on"
    )
    assert pair["a"].ownership.read() is None
    pair.listeners["b"].settle()
    serves(pair, network, "a", some)
    network.expect_everything()


def test_an_activation_that_takes_long_is_asked_about(
    pair: Pair, network: Network, subscribers: list[Subscriber], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blade_module, "MESSAGE_TIMEOUT_S", 60.0)
    limit_freeze(pair, 0.4)
    saboteur = Saboteur(Kind.ACTIVE, "silence")
    saboteur.install(monkeypatch)
    began = time.monotonic()
    outcome = move(pair, network, subscribers[:3], saboteur)
    assert isinstance(outcome, dict) and time.monotonic() - began < 10
    assert Kind.QUERY in saboteur.log
    serves(pair, network, "b", subscribers[:3])
    assert pair["a"].ownership.read() == Gone("b", certain=True)


def limit_freeze(pair: Pair, seconds: float) -> None:
    for blade in pair.blades.values():
        assert blade.spec.agent is not None
        blade.spec = replace(blade.spec, agent=replace(blade.spec.agent, freeze_limit_s=seconds))


def test_a_destination_that_cannot_announce_does_not_take_over(
    pair: Pair, network: Network, subscribers: list[Subscriber], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SwitchPort, "check", refuse_to_announce)
    with pytest.raises(MigrationError, match="b refuses: no interface here; a serves on"):
        pair["a"].migrate("b", lambda event: network.pump(subscribers[:3], rounds=5))
    pair.listeners["b"].settle()
    serves(pair, network, "a", subscribers[:3])
    network.expect_everything()


def refuse_to_announce(self: SwitchPort) -> None:
    raise HostError("no interface here")


def test_an_agent_that_is_cut_off_withdraws(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    withdrawn: list[SwitchPort] = []
    monkeypatch.setattr(SwitchPort, "withdraw", lambda port: withdrawn.append(port))
    monkeypatch.setattr(blade_module, "CLOSE_WAIT_S", 0.1)
    blade = pair["a"]
    with blade._alone("migrate"):
        blade.close()
    assert withdrawn == [port.announcement for port in blade.spec.ports]
    said = capsys.readouterr().err
    assert said == "portvnf: a ends in the middle of a migration, which is cut off\n"


def test_a_blade_on_standby_takes_back_what_it_announced_before(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    withdrawn: list[SwitchPort] = []
    monkeypatch.setattr(SwitchPort, "withdraw", lambda port: withdrawn.append(port))
    pair["b"].stand_by()
    assert withdrawn == [port.announcement for port in pair["b"].spec.ports]


def test_the_recovery_value_that_was_taken_over_is_kept(pair: Pair) -> None:
    pair["a"].restarts.write(9)
    pair["b"].restarts.write(77)
    taken = pair["a"]._recovery_of(pair["a"].instance)
    pair.move("a", "b")
    assert pair["b"].restarts.read() == taken != 77


def test_a_defect_of_ours_does_not_stop_service(
    pair: Pair, network: Network, subscribers: list[Subscriber]
) -> None:
    """Not even an exception that nobody foresaw leaves the instance frozen."""

    def report(event: dict[str, Any]) -> None:
        if event["event"] == "freeze":
            network.pump(subscribers[:3], rounds=5)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        pair["a"].migrate("b", report)
    pair.listeners["b"].settle()
    serves(pair, network, "a", subscribers[:3])
    network.expect_everything()
