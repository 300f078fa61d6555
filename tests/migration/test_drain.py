"""What the source sends on after it gave the sessions away, on hosts and links that are slow."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any, cast

import pytest

from portvnf import serial_packets
from portvnf.engine import now_ns
from portvnf.errors import MigrationError
from portvnf.instance import Instance
from portvnf.migration import source as source_module
from portvnf.migration.channel import Channel
from portvnf.migration.destination import Outcomes, drain
from portvnf.migration.messages import Kind, encode_records
from portvnf.migration.source import QUIET_NS, Source
from portvnf.state.vepc import SCHEMA

from .network import Network
from .pair import Pair
from .subscribers import Subscriber


class StarvedEngine:
    """Stands for an engine whose worker hardly runs: it answers what it is asked, is kept from
    running for long, and only then looks at its port, where packets have waited all the time."""

    def __init__(self, waiting: int) -> None:
        self.held: list[tuple[int, bytes]] = []
        self.port = [(1, bytes([number])) for number in range(waiting)]
        self.last_rx_ns = 0
        self._asked = False

    def take_held(self) -> bytes:
        if self._asked and self.port:
            self.held, self.port = self.port, []
            self.last_rx_ns = now_ns()
        self._asked = True
        # Whoever went by the clock alone would now take the port for quiet.
        time.sleep(4 * QUIET_NS / 1e9)
        taken, self.held = self.held, []
        return serial_packets.encode(taken)

    def stats(self) -> Any:
        return SimpleNamespace(held=len(self.held), last_rx_ns=self.last_rx_ns)


class DrainChannel:
    """Keeps what the source sends on, and answers that it is done."""

    peer = "b"

    def __init__(self) -> None:
        self.kinds: list[Kind] = []
        self.forwarded: list[tuple[int, bytes]] = []

    def send(self, kind: Kind, payload: bytes = b"") -> None:
        self.kinds.append(kind)
        if kind == Kind.FORWARD:
            self.forwarded += serial_packets.decode(payload)

    def expect(self, kind: Kind) -> dict[str, Any]:
        assert kind == Kind.DONE
        return {"forwarded_packets": len(self.forwarded), "held_packets": 0}


def test_packets_that_a_starved_worker_has_not_read_are_sent_on() -> None:
    """It is not quiet because nobody listened."""
    engine, channel = StarvedEngine(20), DrainChannel()
    schema = SimpleNamespace(that_move=lambda moves: ())
    instance = cast(Instance, SimpleNamespace(engine=engine, schema=schema))
    source = Source(
        instance,
        (),
        cast(Channel, channel),
        lambda: cast(Channel, channel),
        freezing=lambda: None,
        giving=lambda: None,
        freeze_limit_s=1,
        report=lambda event: None,
    )
    source._drain()
    assert channel.forwarded == [(1, bytes([number])) for number in range(20)]
    assert channel.kinds == [Kind.FORWARD, Kind.DRAINED, Kind.USAGE_END]


def test_what_is_held_at_the_end_of_the_wait_is_sent_on(
    pair: Pair, network: Network, subscribers: list[Subscriber], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Held packets may need longer on their way than the source waits for further ones."""
    monkeypatch.setattr(source_module, "DRAIN_LIMIT_S", 0.0)

    def report(event: dict[str, Any]) -> None:
        if event["event"] == "freeze":
            network.pump(subscribers[:5], rounds=100)
            engine = pair["a"].instance.engine
            network.until(lambda: engine.stats().held == 1000, "the packets are held")

    done = pair["a"].migrate("b", report)
    assert done["forwarded_packets"] == 1000
    network.expect_everything()


class TakingInstance:
    """Keeps what a drain imports."""

    def __init__(self) -> None:
        self.taken: list[tuple[bytes, bool]] = []

    def section(self, number: int) -> Any:
        return SCHEMA.section(number)

    def import_(self, section: int, data: bytes, first: bool) -> None:
        self.taken.append((data, first))

    def announce_again(self) -> None:
        """There is no network."""


class ScriptedChannel:
    """A peer that says what it is given, and then is gone."""

    peer = "a"

    def __init__(self, *messages: tuple[Kind, bytes]) -> None:
        self._messages = list(messages)
        self.sent: list[Kind] = []

    def set_timeout(self, timeout_s: float) -> None:
        """It answers at once."""

    def receive(self) -> tuple[Kind, bytes]:
        if not self._messages:
            raise MigrationError("a closed the channel")
        return self._messages.pop(0)

    def send_control(self, kind: Kind, **content: Any) -> None:
        self.sent.append(kind)


def test_usage_that_is_told_again_counts_once() -> None:
    """The channel broke between two pieces, and once more before the end was heard of."""
    number = SCHEMA.section("usage").number
    pieces = [(Kind.RECORDS, encode_records(number, at == 0, bytes([at]) * 80)) for at in range(3)]
    instance, outcomes = TakingInstance(), Outcomes()
    for said in (pieces[:1], pieces, pieces[:2], [*pieces, (Kind.USAGE_END, b"")]):
        channel = ScriptedChannel(*said)
        try:
            drain(cast(Channel, channel), cast(Instance, instance), outcomes, "1")
        except MigrationError:
            assert channel.sent == []
    assert channel.sent == [Kind.DONE]
    assert instance.taken == [(bytes([at]) * 80, at == 0) for at in range(3)]
