"""Thousands of sessions: what the freeze moves depends on what changed, not on what is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from portvnf.migration.channel import Channel
from portvnf.migration.messages import Kind, decode_records
from portvnf.state.vepc import SCHEMA
from tests.vepc import packets
from tests.vepc.gateway import DATA

from .network import Network, Traffic
from .pair import Pair
from .subscribers import Subscriber, make_image, s11

SESSIONS = 5000
SENDING = 250  # one of so many UEs has traffic
BUCKET_BYTES = SCHEMA.section("bucket").record.sizeof()
CHANGES = 20
ROUND_BYTES = 300 * SESSIONS
"""What all of the state takes at least: UE, session and bearer, and some answers."""


@pytest.fixture
def large(
    tmp_path: Path, network: Network, pki_folder: Path
) -> Iterator[tuple[Pair, list[Subscriber]]]:
    subscribers = make_image(tmp_path / "large.img", "thousands", SESSIONS)
    configs = dict.fromkeys("ab", DATA / "thousands.toml")
    pair = Pair(tmp_path, pki_folder, configs, {"a": "jit", "b": "native"}, network.port)
    network.pair = pair
    try:
        pair["a"].restore(tmp_path / "large.img")
        yield pair, subscribers
    finally:
        pair.close()


class Meter:
    """Bytes of records by section, before the freeze and from then on until COMMIT."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.frozen = False
        self.rounds: dict[str, int] = {}
        self.delta: dict[str, int] = {}
        original = Channel.send

        def send(channel: Channel, kind: Kind, payload: bytes = b"") -> None:
            if kind == Kind.RECORDS:
                section, _, data = decode_records(payload)
                counts = self.delta if self.frozen else self.rounds
                name = SCHEMA.section(section).name
                counts[name] = counts.get(name, 0) + len(data)
            original(channel, kind, payload)

        monkeypatch.setattr(Channel, "send", send)


def test_the_freeze_costs_what_changed(
    large: tuple[Pair, list[Subscriber]], network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair, subscribers = large
    meter = Meter(monkeypatch)
    rounds: list[dict[str, Any]] = []

    def report(event: dict[str, Any]) -> None:
        if event["event"] == "round":
            rounds.append(event)
            if len(rounds) == 2:  # the last one before the freeze
                for number in range(CHANGES):
                    request = packets.modify(
                        subscribers[number * 200].s11, 0x40000 + number, sequence=8000 + number
                    )
                    network.ask(s11(request))
        meter.frozen = meter.frozen or event["event"] == "freeze"

    with Traffic(network, subscribers[1::SENDING]) as traffic:
        traffic.flow_until(20)
        done = pair["a"].migrate("b", report)
        pair.listeners["b"].settle()
        traffic.flow_until(60)
    network.expect_everything()
    assert done["sessions"] == SESSIONS == pair["b"].status()["sessions"]
    assert rounds[0]["records"] > 3 * SESSIONS and rounds[1]["records"] == 0
    assert sum(meter.rounds.values()) > ROUND_BYTES
    # Traffic alone changes no record; usage follows when the destination serves already.
    usage = meter.delta.pop("usage")
    assert usage >= SESSIONS * 36
    # Those that send right now have token buckets that are not full.
    assert meter.delta.pop("bucket", 0) <= SESSIONS // SENDING * BUCKET_BYTES
    changed = {"cleared", "ue", "session", "bearer", "procedure"}
    assert meter.delta.keys() - changed == {"gateway", "pool", "path"}
    per_change = sum(meter.delta[name] for name in changed & meter.delta.keys()) / CHANGES
    assert 0 < per_change < 2 * ROUND_BYTES / SESSIONS
    assert done["records"] < 4 * SESSIONS + 10 * CHANGES + SESSIONS + 50


def test_a_delta_of_nothing_is_nothing(
    large: tuple[Pair, list[Subscriber]], network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair, _ = large
    for source, to in (("a", "b"), ("b", "a")):
        meter = Meter(monkeypatch)

        def report(event: dict[str, Any], meter: Meter = meter) -> None:
            meter.frozen = meter.frozen or event["event"] == "freeze"

        pair[source].migrate(to, report)
        pair.listeners[to].settle()
        assert set(meter.delta) <= {"gateway", "pool", "path", "usage"}
        assert sum(meter.delta.values()) - meter.delta["usage"] < 500
    assert pair["a"].status()["sessions"] == SESSIONS
