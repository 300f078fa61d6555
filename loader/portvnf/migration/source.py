"""The source's side of a migration; `destination` mirrors it message for message.

Whatever fails before COMMIT is sent leaves the instance serving, with nothing lost: what
arrived while it was frozen is processed in order. After COMMIT the destination owns the
sessions; should its answer be lost, the source asks it what became of them, and holds on
to the packets until it knows.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from portvnf import serial_packets
from portvnf.engine import now_ns
from portvnf.errors import MigrationError, PortvnfError
from portvnf.instance import Instance
from portvnf.migration.channel import Channel
from portvnf.migration.messages import (
    ABORTED,
    COMMITTED,
    PROTOCOL_VERSION,
    Kind,
    encode_records,
)
from portvnf.state.schema import Moves

# A round that moved no more than this is worth a freeze; a round that did not shrink to
# half of the one before shows that further rounds would not help.
SMALL_ROUND = 64
MOST_ROUNDS = 8

# The source has seen the last packet when none came for this long after the destination
# answers for the addresses.
QUIET_NS = 5_000_000
DRAIN_LIMIT_S = 5.0

GAUGES = ("ues", "sessions", "bearers")

Report = Callable[[dict[str, Any]], None]
Reconnect = Callable[[], Channel]


class InDoubtError(MigrationError):
    """COMMIT was sent and the destination cannot be asked what it did: the source holds."""


@dataclass
class Tally:
    """What a migration moved, for its report."""

    rounds: int = 0
    records: int = 0
    image_bytes: int = 0
    forwarded: int = 0
    round_records: list[int] = field(default_factory=list)


class Source:
    """One migration, seen from the instance that gives its sessions away."""

    def __init__(
        self,
        instance: Instance,
        counters: tuple[str, ...],
        channel: Channel,
        reconnect: Reconnect,
        freezing: Callable[[], object],
        giving: Callable[[], None],
        freeze_limit_s: float,
        report: Report,
    ) -> None:
        self._instance = instance
        self._counters = counters
        self._channel = channel
        self._first_channel = channel
        self._reconnect = reconnect
        self._freezing = freezing
        self._giving = giving
        self._freeze_limit_s = freeze_limit_s
        self._report = report
        self._tally = Tally()
        self._id = uuid.uuid4().hex
        self.committed = False
        self.confirmed = False
        """Whether the destination said that the sessions are its own."""
        self._started = 0.0
        self._frozen_at = 0.0

    @property
    def outcome(self) -> str:
        """What became of it: "done", "failed" or "in doubt"."""
        return "done" if self.confirmed else "in doubt" if self.committed else "failed"

    def move(self, identity: dict[str, Any]) -> dict[str, Any]:
        """Carries the migration out and returns its report. After a MigrationError the
        instance serves as before, unless it is an InDoubtError or `confirmed` is set."""
        try:
            return self._move(identity)
        except BaseException as error:
            # Whatever it was: an instance that still owns its sessions must serve them.
            if not self.committed:
                self._resume()
                if isinstance(error, PortvnfError):
                    raise MigrationError(f"{error}; {identity['name']} serves on") from None
            elif self.confirmed and isinstance(error, PortvnfError):
                also = "" if self._tell_usage_again() else ", and usage that it counted,"
                raise MigrationError(
                    f"{error}; {self._channel.peer} has the sessions, but packets that "
                    f"{identity['name']} held{also} may be lost"
                ) from None
            raise
        finally:
            if self._channel is not self._first_channel:
                self._channel.close()

    def _move(self, identity: dict[str, Any]) -> dict[str, Any]:
        peer = self._negotiate(identity)
        epoch = self._pre_copy()
        self._freeze()
        sessions = self._delta(epoch)
        self._commit()
        self._channel.set_deadline(None)
        freeze_ms = (time.monotonic() - self._frozen_at) * 1000
        self._report({"event": "commit", "freeze_ms": round(freeze_ms, 2)})
        held_packets = self._drain()
        return {
            "event": "done",
            "from": identity,
            "to": peer,
            "sessions": sessions,
            "rounds": self._tally.rounds,
            "records": self._tally.records,
            "image_bytes": self._tally.image_bytes,
            "freeze_ms": round(freeze_ms, 2),
            "forwarded_packets": self._tally.forwarded,
            "held_packets": self._tally.forwarded + held_packets,
            "total_ms": round((time.monotonic() - self._started) * 1000, 1),
        }

    def _negotiate(self, identity: dict[str, Any]) -> dict[str, Any]:
        self._started = time.monotonic()
        hello = {"protocol": PROTOCOL_VERSION, "migration": self._id, **identity}
        self._channel.send_control(Kind.HELLO, **hello)
        return self._channel.expect(Kind.WELCOME)

    def _pre_copy(self) -> int:
        """Rounds while serving; returns the epoch up to which the destination knows all."""
        since = 0
        while True:
            until = self._instance.epoch()
            began = time.monotonic()
            size = self._tally.image_bytes
            records = self._send_round(since, until)
            since = until
            self._report(
                {
                    "event": "round",
                    "round": self._tally.rounds,
                    "records": records,
                    "bytes": self._tally.image_bytes - size,
                    "ms": round((time.monotonic() - began) * 1000, 1),
                }
            )
            history = self._tally.round_records
            no_better = len(history) > 2 and records * 2 > history[-2]
            if records <= SMALL_ROUND or no_better or len(history) >= MOST_ROUNDS:
                return since

    def _send_round(self, since: int, until: int) -> int:
        records = 0
        schema = self._instance.schema
        changed_first = schema.that_move(Moves.IN_DELTAS) if since else ()
        for section in (*changed_first, *schema.that_move(Moves.IN_ROUNDS)):
            records += self._send_section(section, since, until)
        self._tally.rounds += 1
        self._tally.round_records.append(records)
        self._channel.send_control(Kind.ROUND, number=self._tally.rounds, records=records)
        taken = self._channel.expect(Kind.ROUND_TAKEN)
        if taken.get("records") != records:
            raise MigrationError(f"{self._channel.peer} took {taken.get('records')} of {records}")
        return records

    def _send_section(self, section: str, since: int, until: int) -> int:
        records = 0
        first = True
        number = self._instance.schema.section(section).number
        for chunk in self._instance.export(section, since, until):
            if not chunk.data:
                continue
            self._channel.send(Kind.RECORDS, encode_records(number, first, chunk.data))
            first = False
            records += chunk.records
            self._tally.image_bytes += len(chunk.data)
        self._tally.records += records
        return records

    def _freeze(self) -> None:
        self._freezing()  # what else works on the state comes to a rest first
        self._frozen_at = time.monotonic()
        self._limit()
        self._instance.hold()
        self._report({"event": "freeze"})

    def _limit(self) -> None:
        """Packets wait: from here on the destination has no more than the freeze limit."""
        moment = time.monotonic() + self._freeze_limit_s
        limit_ms = round(self._freeze_limit_s * 1000)
        self._channel.set_deadline(moment, f"the freeze limit of {limit_ms} ms")

    def _delta(self, since: int) -> int:
        """What changed since the last round, and what is moved only once."""
        self._send_round(since, 0)
        for section in self._instance.schema.that_move(Moves.ONCE):
            self._send_section(section, 0, 0)
        counters = self._instance.counters(self._counters)
        self._channel.send_control(Kind.PREPARE, **{name: counters[name] for name in GAUGES})
        self._channel.expect(Kind.READY)
        return counters["sessions"]

    def _commit(self) -> None:
        """Gives ownership away. From here on, only the destination's word undoes it."""
        self._instance.withdraw()
        self._giving()  # a restart must know of it before the destination does
        self.committed = True
        self._limit()
        try:
            self._channel.send(Kind.COMMIT)
            self._channel.expect(Kind.ACTIVE)
        except MigrationError as error:
            self._settle(error)
        self.confirmed = True

    def _settle(self, cause: MigrationError) -> None:
        """The answer to COMMIT was lost: asks the destination, on a new connection. A
        destination that answers "aborted" will not take up a COMMIT that is still on its way."""
        try:
            outcome = self._ask()
            if outcome not in (COMMITTED, ABORTED):
                raise MigrationError(f"{self._channel.peer} sent an outcome that is none")
        except PortvnfError as error:
            raise InDoubtError(
                f"{cause}; then {error}: who owns the sessions is in doubt"
            ) from None
        if outcome == ABORTED:
            self.committed = False
            raise cause

    def _ask(self) -> Any:
        """What the destination says on a new connection that became of the migration."""
        self._channel.close()
        self._channel = self._reconnect()
        self._channel.send_control(Kind.QUERY, migration=self._id)
        return self._channel.expect(Kind.OUTCOME).get("outcome")

    def _resume(self) -> None:
        if not self._frozen_at:
            return
        try:
            self._instance.announce()
        finally:
            self._instance.serve()

    def _send_on(self) -> None:
        """Sends on what is held and what still arrives, until it is quiet. Packets that do not
        cease are waited for no longer than the limit; what is held by then goes in any case."""
        engine = self._instance.engine
        began_ns = now_ns()
        deadline = time.monotonic() + DRAIN_LIMIT_S
        while time.monotonic() < deadline:
            looked_ns = now_ns()
            # Between two looks the worker goes over its ports, however long it was kept from
            # running: what lay unread in one at the first look is held at the second.
            if self._forward() or self._forward():
                continue
            if looked_ns - max(engine.stats().last_rx_ns, began_ns) > QUIET_NS:
                return
            time.sleep(QUIET_NS / 4e9)
        left = engine.stats().held
        while left > 0 and (packets := self._forward()):
            left -= serial_packets.count(packets)

    def _forward(self) -> bytes:
        """Sends on the oldest packets that are held; returns them."""
        packets = self._instance.engine.take_held()
        if packets:
            self._channel.send(Kind.FORWARD, packets)
        return packets

    def _drain(self) -> int:
        """Sends on what was held and what still arrives, in order, until it is quiet; then
        the usage counters. Returns how many packets the destination held besides."""
        before = self._instance.engine.stats().held
        self._send_on()
        self._channel.send(Kind.DRAINED)
        done = self._tell_usage()
        forwarded, held = done.get("forwarded_packets"), done.get("held_packets")
        if not isinstance(forwarded, int) or not isinstance(held, int):
            raise MigrationError(f"{self._channel.peer} sent DONE without its figures")
        self._tally.forwarded = forwarded
        self._report({"event": "drain", "frozen": before, "forwarded": forwarded})
        return held

    def _tell_usage(self) -> dict[str, Any]:
        """Sends the usage counters, which change no more; returns the destination's figures."""
        for section in self._instance.schema.that_move(Moves.AFTERWARDS):
            self._send_section(section, 0, 0)
        self._channel.send(Kind.USAGE_END)
        return self._channel.expect(Kind.DONE)

    def _tell_usage_again(self) -> bool:
        """After the channel broke: the destination leaves out what it has. Packets are not sent
        again, for nobody knows which of them arrived. Whether the destination has it all now."""
        try:
            if self._ask() != COMMITTED:
                return False
            self._tell_usage()
        except PortvnfError:  # the caller tells what broke first
            return False
        return True
