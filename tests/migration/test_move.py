"""All sessions move, with the packets that are in flight meanwhile."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from portvnf.errors import AgentError
from portvnf.state import image
from portvnf.state.vepc import SCHEMA

from .accounts import export, usage
from .network import Network, Traffic
from .pair import Pair
from .subscribers import Subscriber

PASSING = ("remaining_ms", "remaining_ns", "uptime_ms")


def comparable(state: image.Image) -> dict[str, Any]:
    """The records by section, but for what passes with time."""
    sections = {}
    for section in SCHEMA.image_sections:
        if section.name == "bucket":
            continue  # they fill as time passes
        records = list(image.records(state, section.name))
        for record in records:
            for name in [name for name in record if name.endswith(PASSING)]:
                del record[name]
        sections[section.name] = records
    return sections


def test_everything_moves_there_and_back(
    pair: Pair, network: Network, subscribers: list[Subscriber], tmp_path: Path
) -> None:
    network.pump(subscribers, rounds=3)
    network.expect_everything()
    before = export(pair, "a", tmp_path)
    for source, to in (("a", "b"), ("b", "a")):
        done = pair.move(source, to)
        assert done["event"] == "done" and done["sessions"] == len(subscribers)
        assert pair[source].migrations["out", "done"] == pair[to].migrations["in", "done"] == 1
        assert (done["from"]["name"], done["to"]["name"]) == (source, to)
        assert done["from"]["artifact_sha256"] == done["to"]["artifact_sha256"]
        assert [e["event"] for e in pair.events if e["event"] != "round"] == [
            "freeze", "commit", "drain"
        ]  # fmt: skip
        assert pair.owners() == [to]
        assert pair[source].status()["sessions"] == 0
        after = export(pair, to, tmp_path)
        assert comparable(after) == comparable(before)
        with pytest.raises(AgentError, match=f"{source} is on standby: it has no sessions"):
            pair[source].export(tmp_path / "none.img")
        network.pump(subscribers)
        network.expect_everything()
        before = export(pair, to, tmp_path)
    assert not pair.listeners["a"].errors and not pair.listeners["b"].errors


def test_packets_in_flight_arrive_once_and_in_order(
    pair: Pair, network: Network, subscribers: list[Subscriber], tmp_path: Path
) -> None:
    some = subscribers[::8]
    held = 0
    with Traffic(network, some) as traffic:
        for number, (source, to) in enumerate([("a", "b"), ("b", "a")] * 2):
            traffic.flow_until(100 * (number + 1))
            held += pair.move(source, to)["held_packets"]
            assert pair.owners() == [to]
        traffic.flow_until(500)
    network.expect_everything()
    counted = usage(export(pair, "a", tmp_path))
    for way in ("up", "down"):
        sent = sum(count for (to, _), count in network.sent.items() if to == way)
        assert counted[way] == sent >= 500 * len(some)


def test_packets_of_the_freeze_are_held_and_forwarded(
    pair: Pair, network: Network, subscribers: list[Subscriber], tmp_path: Path
) -> None:
    some = subscribers[:5]

    def report(event: dict[str, Any]) -> None:
        if event["event"] in ("round", "freeze", "commit"):
            network.pump(some, rounds=20)

    network.pump(some, rounds=20)
    done = pair["a"].migrate("b", report)
    # Those of "freeze" reached a; by "commit", the network sends to b, which holds them.
    assert done["forwarded_packets"] >= 200
    assert done["held_packets"] >= 200
    network.pump(some, rounds=20)
    network.expect_everything()
    assert usage(export(pair, "b", tmp_path)) == Counter(
        up=sum(network.sent.values()) // 2, down=sum(network.sent.values()) // 2
    )


def test_a_move_before_the_backlog_of_the_last_one_has_left(
    pair: Pair, network: Network, subscribers: list[Subscriber], tmp_path: Path
) -> None:
    """4,000 packets of a freeze are released in a second; the next move is sooner."""
    some = subscribers[:5]

    def report(event: dict[str, Any]) -> None:
        if event["event"] == "freeze":
            network.pump(some, rounds=400)

    network.pump(some, rounds=20)
    assert pair["a"].migrate("b", report)["forwarded_packets"] >= 4000
    assert pair.move("b", "a")["forwarded_packets"] > 0
    network.pump(some, rounds=20)
    network.expect_everything()
    half = sum(network.sent.values()) // 2
    assert usage(export(pair, "a", tmp_path)) == Counter(up=half, down=half)


def test_a_blade_does_one_thing_at_a_time(pair: Pair, tmp_path: Path) -> None:
    refused = []

    def report(event: dict[str, Any]) -> None:
        if event["event"] == "freeze":
            for attempt in (
                lambda: pair["a"].migrate("b", lambda _: None),
                lambda: pair["a"].export(tmp_path / "x.img"),
                lambda: pair["a"].resolve(True),
            ):
                with pytest.raises(AgentError, match="it is busy with a migration") as caught:
                    attempt()
                refused.append(caught.value)
            assert pair["a"].status()["state"] == "active"
            assert pair["b"].status()["state"] == "standby"

    pair["a"].migrate("b", report)
    assert len(refused) == 3 and pair.owners() == ["b"]


def test_blades_that_cannot_move_say_so(pair: Pair) -> None:
    with pytest.raises(AgentError, match="b is on standby: it has no sessions"):
        pair["b"].migrate("a", lambda _: None)
    with pytest.raises(AgentError, match="a has no peer 'c' in its configuration"):
        pair["a"].migrate("c", lambda _: None)
    with pytest.raises(AgentError, match="a is active, not in doubt"):
        pair["a"].resolve(True)
