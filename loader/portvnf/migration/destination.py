"""The destination's side of a migration; `source` mirrors it message for message.

Until COMMIT arrives the new instance is nobody's: any failure discards it. Packets that
the network already sends here are held until the source has sent on all that it got, so
that each flow stays in order.
"""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import Any

from portvnf.errors import MigrationError, PortvnfError
from portvnf.instance import Instance
from portvnf.migration.channel import Channel
from portvnf.migration.messages import (
    ABORTED,
    COMMITTED,
    PROTOCOL_VERSION,
    Kind,
    decode_control,
    decode_records,
)
from portvnf.migration.source import GAUGES
from portvnf.state.schema import Moves

# What must be alike on both sides, and how it is called.
ALIKE = {
    "protocol": "migration protocol",
    "vnf": "VNF",
    "schema_sha256": "state schema",
    "config_sha256": "VNF configuration",
    "artifact_sha256": "artifact",
}

# Between versions of a schema, sessions go over in a file, which is upgraded as it is read.
_OTHER_SCHEMA = (
    ": export an image (portvnf image export), then restore it here (portvnf image restore)"
)

OUTCOMES_KEPT = 64

# How long we hold what arrived here for a source that does not say that it has sent on all.
DRAIN_TIMEOUT_S = 15.0


class Outcomes:
    """What became of the migrations that reached this blade, for a source in doubt.

    The first word counts: a source that was told "aborted" serves on, so its COMMIT, should
    it be read only later, must not be obeyed.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str], str] = OrderedDict()
        self._lock = threading.Lock()
        self.usage_bytes: Counter[tuple[str, str]] = Counter()
        """How much of its usage records a migration has brought."""

    def settle(self, peer: str, migration: str, outcome: str) -> str:
        """Settles a peer's migration, unless it is settled; returns what it is settled to."""
        with self._lock:
            settled = self._known.setdefault((peer, migration), outcome)
            while len(self._known) > OUTCOMES_KEPT:
                del self.usage_bytes[self._known.popitem(last=False)[0]]
            return settled


class Destination:
    """One migration, seen from the blade that takes the sessions over."""

    def __init__(
        self,
        channel: Channel,
        counters: tuple[str, ...],
        outcomes: Outcomes,
        make_instance: Callable[[], Instance],
        activated: Callable[[Instance], None],
    ) -> None:
        self._channel = channel
        self._counters = counters
        self._outcomes = outcomes
        self._make_instance = make_instance
        self._activated = activated
        self._migration = ""

    def take(self, identity: dict[str, Any], hello: dict[str, Any]) -> None:
        """Carries the migration out. A PortvnfError before COMMIT leaves nothing behind."""
        instance: Instance | None = None
        try:
            self._negotiate(identity, hello)
            instance = self._make_instance()
            self._channel.send_control(Kind.WELCOME, **identity)
            self._receive_state(instance)
            self._await_commit()
        except BaseException as error:
            self._outcomes.settle(self._channel.peer, self._migration, ABORTED)
            if instance is not None:
                instance.close()
            if isinstance(error, PortvnfError):
                self._channel.refuse(error)
            raise
        self._activated(instance)
        try:
            instance.announce()
            self._channel.send(Kind.ACTIVE, b"{}")
            drain(self._channel, instance, self._outcomes, self._migration)
        finally:
            instance.serve()  # the sessions are ours: what we hold is served in any case

    def _await_commit(self) -> None:
        peer = self._channel.peer
        kind, _ = self._channel.receive()
        if kind != Kind.COMMIT:
            raise MigrationError(f"{peer} sent {kind.name} instead of COMMIT")
        if self._outcomes.settle(peer, self._migration, COMMITTED) != COMMITTED:
            raise MigrationError(f"{peer} sent COMMIT for a migration that it gave up")

    def _negotiate(self, identity: dict[str, Any], hello: dict[str, Any]) -> None:
        self._migration = str(hello.get("migration", ""))
        own = {"protocol": PROTOCOL_VERSION, **identity}
        for key, what in ALIKE.items():
            if hello.get(key) != own[key]:
                advice = _OTHER_SCHEMA if key == "schema_sha256" else ""
                raise MigrationError(
                    f"the {what} of {self._channel.peer} ({_short(hello.get(key))}) is not that of "
                    f"{identity['name']} ({_short(own[key])}){advice}"
                )

    def _receive_state(self, instance: Instance) -> None:
        records = 0
        while True:
            kind, payload = self._channel.receive()
            if kind == Kind.RECORDS:
                section, first, data = decode_records(payload)
                records += instance.import_(section, data, first)
            elif kind == Kind.ROUND:
                self._channel.send_control(Kind.ROUND_TAKEN, records=records)
                records = 0
            elif kind == Kind.PREPARE:
                instance.complete_import()
                self._check_gauges(instance, decode_control(payload))
                instance.check_announcements()  # after COMMIT it would be too late
                self._channel.send(Kind.READY, b"{}")
                return
            else:
                raise MigrationError(f"{self._channel.peer} sent {kind.name} among the records")

    def _check_gauges(self, instance: Instance, expected: dict[str, Any]) -> None:
        counters = instance.counters(self._counters)
        for name in GAUGES:
            if counters[name] != expected.get(name):
                raise MigrationError(
                    f"{counters[name]} {name} arrived, but {expected.get(name)} were sent"
                )


def drain(channel: Channel, instance: Instance, outcomes: Outcomes, migration: str) -> None:
    """Takes the packets that reached the source, then serves, then adds its usage. A source that
    lost the channel tells its usage again from the beginning: what has come is left out."""
    channel.set_timeout(DRAIN_TIMEOUT_S)
    forwarded = held = 0
    key = (channel.peer, migration)
    known = outcomes.usage_bytes[key]
    while True:
        kind, payload = channel.receive()
        if kind == Kind.FORWARD:
            forwarded += instance.engine.inject(payload)
        elif kind == Kind.DRAINED:
            held = instance.engine.stats().held
            instance.serve()
        elif kind == Kind.RECORDS:
            section, first, data = decode_records(payload)
            if instance.section(section).moves is not Moves.AFTERWARDS:
                raise MigrationError(f"{channel.peer} sent records of state while draining")
            again, known = min(known, len(data)), max(known - len(data), 0)
            if again < len(data):
                instance.import_(section, data[again:], first and not again)
                outcomes.usage_bytes[key] += len(data) - again
        elif kind == Kind.USAGE_END:
            break
        else:
            raise MigrationError(f"{channel.peer} sent {kind.name} while draining")
    instance.announce_again()
    channel.send_control(Kind.DONE, forwarded_packets=forwarded, held_packets=held)


def _short(value: Any) -> str:
    text = str(value)
    return text[:12] if len(text) == 64 else text
