"""What the MME and the eNodeB ask for while, and after, the sessions move."""

from __future__ import annotations

from typing import Any

import pytest

from portvnf.lab import packet
from tests.vepc import gtpc, packets
from tests.vepc.gateway import S1U, S11, SGI

from .network import Network
from .pair import Pair
from .subscribers import Subscriber, create, granted, s11

ACCEPTED, NOT_FOUND = 16, 64


def cause(answer: bytes) -> int:
    header = 12 if answer[0] & 8 else 8
    return next(value[0] for kind, _, value in packets.split_ies(answer[header:]) if kind == 2)


def during_rounds(pair: Pair, actions: list[Any]) -> None:
    """Moves from a to b; the first action runs after the first round, and so on."""
    waiting = list(actions)

    def report(event: dict[str, Any]) -> None:
        if event["event"] == "round" and waiting:
            waiting.pop(0)()

    pair["a"].migrate("b", report)
    pair.listeners["b"].settle()
    assert not waiting, "there were fewer rounds than actions"


def test_changes_between_rounds_arrive(
    pair: Pair, network: Network, subscribers: list[Subscriber]
) -> None:
    old, moved, idle, kept = subscribers[:4]
    new: list[Subscriber] = []

    def attach(number: int) -> None:
        answer = network.ask(s11(create(number, 0x20000 + number)))
        new.append(granted(answer, 0x20000 + number))

    def changes() -> None:
        assert cause(network.ask(s11(packets.delete(old.s11, sequence=7001)))) == ACCEPTED
        assert cause(network.ask(s11(packets.modify(moved.s11, 0x999, sequence=7002)))) == ACCEPTED
        assert cause(network.ask(s11(packets.release(idle.s11, sequence=7003)))) == ACCEPTED
        for number in range(100, 100 + 70):  # enough for another round
            attach(number)

    def more_changes() -> None:
        # What came with one round leaves before the next, and others take the slots.
        for number, gone in enumerate(new[10:20]):
            request = packets.delete(gone.s11, sequence=7100 + number)
            assert cause(network.ask(s11(request))) == ACCEPTED
        del new[10:20]
        for number in range(300, 315):
            attach(number)

    during_rounds(pair, [changes, more_changes])
    assert network.end_markers == [moved.down]
    expected = len(subscribers) - 1 + len(new)
    status = pair["b"].status()
    assert (status["ues"], status["sessions"], status["bearers"]) == (expected,) * 3

    moved = Subscriber(moved.s11, moved.up, 0x999, moved.address)
    network.pump([moved, kept, *new])
    network.expect_everything()
    before = pair["b"].counters()
    network.send(2, old.downlink(b"gone"))
    network.send(2, idle.downlink(b"idle"))
    network.send(1, old.uplink(b"gone"))
    network.until(lambda: network.error_indications == 1, "the old tunnel is unknown")
    after = pair["b"].counters()
    for reason in ("no_session", "unknown_teid"):
        assert after[f"drop_{reason}"] - before[f"drop_{reason}"] == 1, reason
    assert after["packets_waiting"] == 1


def test_repeated_requests_get_the_same_answer_after_the_move(
    pair: Pair, network: Network, subscribers: list[Subscriber]
) -> None:
    requests = [
        s11(create(500, 0x30500)),
        s11(packets.modify(subscribers[1].s11, 0x888, sequence=7201)),
        s11(packets.release(subscribers[2].s11, sequence=7202)),
        s11(packets.delete(subscribers[3].s11, sequence=7203)),
        s11(packets.delete(0x123456, sequence=7204)),
    ]
    answers = [network.ask(request) for request in requests]
    assert [cause(answer) for answer in answers] == [ACCEPTED] * 4 + [NOT_FOUND]
    sessions = pair["a"].status()["sessions"]
    for source, to in (("a", "b"), ("b", "a")):
        pair.move(source, to)
        assert [network.ask(request) for request in requests] == answers
        counters = pair[to].counters()
        # Nothing is kept of a request for nobody: it is refused anew.
        assert counters["gtpc_repeated"] == len(requests) - 1
        assert counters["sessions"] == sessions
        assert counters["sessions_created"] == 0


def test_a_request_that_is_held_is_answered_once(
    pair: Pair, network: Network, subscribers: list[Subscriber]
) -> None:
    request = s11(create(600, 0x30600))

    def report(event: dict[str, Any]) -> None:
        if event["event"] == "freeze":
            network.send(S11, request)
            network.send(S11, request)  # the MME is impatient

    pair["a"].migrate("b", report)
    network.until(lambda: len(network.answers) == 2, "both are answered")
    assert network.answers[0] == network.answers[1]
    assert pair["b"].counters()["sessions"] == len(subscribers) + 1
    network.pump([granted(network.answers[0], 0x30600)])
    network.expect_everything()


@pytest.mark.parametrize("source", ["a", "b"])
def test_procedures_go_on(
    pair: Pair, network: Network, subscribers: list[Subscriber], source: str
) -> None:
    if source == "b":
        pair.move("a", "b")
    to = "b" if source == "a" else "a"
    one, two, three = subscribers[:3]
    pair.move(source, to)
    # A handover sends an End Marker to the eNodeB of before the move.
    assert cause(network.ask(s11(packets.modify(one.s11, 0x777, sequence=7301)))) == ACCEPTED
    network.until(lambda: network.end_markers == [one.down], "an End Marker comes")
    # The eNodeB loses a bearer that was set up before the move.
    lost = packet.udp(
        packet.packed(packets.ENB),
        packet.packed(packets.GATEWAY_S1U),
        (2152, 2152),
        packets.error_indication(two.down),
    )
    network.send(S1U, lost)
    network.until(lambda: len(network.notifications) == 1, "the MME is told")
    # Sessions go, and what they held is given to others.
    assert cause(network.ask(s11(packets.delete(three.s11, sequence=7302)))) == ACCEPTED
    fresh = granted(network.ask(s11(create(700, 0x30700))), 0x30700)
    assert fresh.s11 not in {who.s11 for who in subscribers}
    network.pump([Subscriber(one.s11, one.up, 0x777, one.address), *subscribers[3:], fresh])
    network.expect_everything()


def test_packets_for_an_idle_ue_wait_through_a_move(
    pair: Pair, network: Network, subscribers: list[Subscriber]
) -> None:
    """The UE is paged on one blade; what waits for it is delivered by the other, in order,
    and what came before, during and after the move comes once."""
    idle, others = subscribers[0], subscribers[1:]
    assert cause(network.ask(s11(packets.release(idle.s11, sequence=7401)))) == ACCEPTED
    moved = Subscriber(idle.s11, idle.up, 0x777, idle.address)

    def arrive() -> None:
        for _ in range(3):
            flow = ("down", moved.down)
            network.send(SGI, idle.downlink(network.sent[flow].to_bytes(4, "big")))
            network.sent[flow] += 1
        network.pump(others)

    def report(event: dict[str, Any]) -> None:
        if event["event"] in ("round", "freeze"):
            arrive()

    arrive()
    network.until(lambda: len(network.notifications) == 1, "the MME is told")
    pair["a"].migrate("b", report)
    pair.listeners["b"].settle()
    arrive()
    sequence = int.from_bytes(network.notifications[0][8:11], "big")
    words = {"sequence": sequence, "teid": idle.s11, "cause": ACCEPTED}
    acknowledge = gtpc.encode("downlink_data_notification_acknowledge", words)
    network.send(S11, s11(acknowledge))
    network.until(
        lambda: pair["b"].counters()["notifications_accepted"] == 1, "the answer is understood"
    )
    assert cause(network.ask(s11(packets.modify(idle.s11, 0x777, sequence=7402)))) == ACCEPTED
    arrive()
    network.expect_everything()
    assert pair["b"].counters()["packets_waiting"] == 0
    assert len(network.notifications) == 1
