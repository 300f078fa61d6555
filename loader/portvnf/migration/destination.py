"""The destination's side of a migration; `source` mirrors it message for message.

Until COMMIT arrives the new instance is nobody's: any failure discards it. Packets that
the network already sends here are held until the source has sent on all that it got, so
that each flow stays in order.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from portvnf.errors import MigrationError, PortvnfError
from portvnf.instance import Instance
from portvnf.migration.channel import Channel
from portvnf.migration.messages import PROTOCOL_VERSION, Kind, decode_control, decode_records
from portvnf.migration.source import GAUGES

# What must be alike on both sides, and how it is called.
ALIKE = {
    "protocol": "migration protocol",
    "vnf": "VNF",
    "schema_sha256": "state schema",
    "config_sha256": "VNF configuration",
    "artifact_sha256": "artifact",
}

OUTCOMES_KEPT = 64


class Outcomes:
    """What became of the migrations that reached this blade, for a source in doubt."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, str] = OrderedDict()

    def note(self, migration: str, outcome: str) -> None:
        """Remembers an outcome: "committed" or "aborted"."""
        self._known[migration] = outcome
        while len(self._known) > OUTCOMES_KEPT:
            self._known.popitem(last=False)

    def of(self, migration: str) -> str:
        """The outcome; a migration that never got as far as COMMIT is aborted."""
        return self._known.get(migration, "aborted")


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
            kind, _ = self._channel.receive()
            if kind != Kind.COMMIT:
                raise MigrationError(f"{self._channel.peer} sent {kind.name} instead of COMMIT")
        except PortvnfError as error:
            self._outcomes.note(self._migration, "aborted")
            if instance is not None:
                instance.close()
            self._refuse(error)
            raise
        self._outcomes.note(self._migration, "committed")
        self._activated(instance)
        try:
            instance.announce()
            self._channel.send(Kind.ACTIVE, b"{}")
            drain(self._channel, instance)
        finally:
            instance.serve()  # the sessions are ours: what we hold is served in any case

    def _refuse(self, error: PortvnfError) -> None:
        try:
            self._channel.send_control(Kind.REFUSE, message=error.message)
        except MigrationError:
            return  # the channel is what failed: the source knows by itself

    def _negotiate(self, identity: dict[str, Any], hello: dict[str, Any]) -> None:
        self._migration = str(hello.get("migration", ""))
        own = {"protocol": PROTOCOL_VERSION, **identity}
        for key, what in ALIKE.items():
            if hello.get(key) != own[key]:
                raise MigrationError(
                    f"the {what} of {self._channel.peer} ({_short(hello.get(key))}) is not that of "
                    f"{identity['name']} ({_short(own[key])})"
                )

    def _receive_state(self, instance: Instance) -> None:
        records = 0
        while True:
            kind, payload = self._channel.receive()
            if kind == Kind.RECORDS:
                records += instance.import_(*_reordered(payload))
            elif kind == Kind.ROUND:
                self._channel.send_control(Kind.ROUND_TAKEN, records=records)
                records = 0
            elif kind == Kind.PREPARE:
                instance.complete_import()
                self._check_gauges(instance, decode_control(payload))
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


def drain(channel: Channel, instance: Instance) -> None:
    """Takes the packets that reached the source, then serves, then adds its usage."""
    forwarded = held = 0
    while True:
        kind, payload = channel.receive()
        if kind == Kind.FORWARD:
            forwarded += instance.engine.inject(payload)
        elif kind == Kind.DRAINED:
            held = instance.engine.stats().held
            instance.serve()
        elif kind == Kind.RECORDS:
            instance.import_(*_reordered(payload))
        elif kind == Kind.USAGE_END:
            break
        else:
            raise MigrationError(f"{channel.peer} sent {kind.name} while draining")
    instance.announce_again()
    channel.send_control(Kind.DONE, forwarded_packets=forwarded, held_packets=held)


def _reordered(payload: bytes) -> tuple[int, bytes, bool]:
    section, first, data = decode_records(payload)
    return section, data, first


def _short(value: Any) -> str:
    text = str(value)
    return text[:12] if len(text) == 64 else text
