"""A blade: the loaded VNF, at most one instance of it, and who owns the sessions."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Any

from portvnf import bearer_order, config, select
from portvnf.agent.configuration import FREEZE_LIMIT_MS, BladeSpec
from portvnf.agent.ownership import Gone, Ownership
from portvnf.agent.recovery import RestartCounter
from portvnf.agent.view import View
from portvnf.charging.drain import Drain
from portvnf.charging.journal import Journal
from portvnf.errors import (
    AgentError,
    ConfigError,
    EngineError,
    MigrationError,
    PortvnfError,
    StateError,
)
from portvnf.instance import Instance
from portvnf.migration import channel, destination, source
from portvnf.migration.channel import Channel
from portvnf.migration.messages import ABORTED, COMMITTED, Kind, decode_control
from portvnf.state import image, upgrade
from portvnf.state.vepc_config import CONFIG
from portvnf.vnf import RefusalError

MESSAGE_TIMEOUT_S = 60.0
CLOSE_WAIT_S = 10.0
QUERY_WAIT_S = 10.0
# A source whose channel broke asks within its freeze limit, and has packets and usage left.
REST_WAIT_S = 5.0
# A blade to which sessions came tells the source so a moment before it is free again.
TURN_WAIT_S = 0.5


class State(Enum):
    """Whether this blade owns the sessions."""

    STANDBY = "standby"
    ACTIVE = "active"
    IN_DOUBT = "in doubt"  # gave them away, and the destination's answer was lost


class Blade:
    """What runs on this host. One thing is done to it at a time."""

    def __init__(self, spec: BladeSpec) -> None:
        self.spec = spec
        self.config = config.load(spec.vnf_config)
        self.selection = select.load(spec.artifact, spec.engine, spec.trust)
        self._check_ports()
        self.state = State.STANDBY
        self.ownership = Ownership(spec.state_dir)
        self.restarts = RestartCounter(spec.state_dir, int(self.config.record["restart_counter"]))
        self.outcomes = destination.Outcomes()
        self._instance: Instance | None = None
        self._busy = threading.Lock()
        self.view = View(spec.name, self.selection, lambda: self.instance)
        journal = Journal(spec.charging) if spec.charging else None
        if journal is not None:
            journal.check()
        self.charging = Drain(journal, complain)
        self._rest_due = 0.0
        """Until when (time.monotonic()) the rest of what a source has may come."""
        self.migrations: Counter[tuple[str, str]] = Counter()
        """By direction, "out" or "in", and outcome: "done", "failed" or "in doubt"."""

    def _check_ports(self) -> None:
        schema = self.selection.schema
        named = [port.name for port in self.spec.ports]
        for name in named:
            if name not in schema.ports:
                known = ", ".join(schema.ports)
                raise ConfigError(
                    f"{self.spec.path}: {schema.name} has no port {name!r}, only {known}"
                )
        for name in self.config.ports:
            if name not in named:
                raise ConfigError(
                    f"{self.spec.path}: the port {name!r} of {schema.name} is missing"
                )

    def close(self) -> None:
        """Ends the instance, if there is one. A migration that is under way comes first; one
        that does not end in time is left to the end of the process."""
        self.charging.close()
        if not self._busy.acquire(timeout=CLOSE_WAIT_S):
            complain(f"{self.spec.name} ends in the middle of a migration, which is cut off")
            self._withdraw_all()
            return
        try:
            if self.state != State.STANDBY:
                self._withdraw_all()
        finally:
            self._retire()
            self._busy.release()

    def _withdraw_all(self) -> None:
        """Whatever happened: the network must not send packets to a blade that is gone."""
        for port in self.spec.ports:
            if port.announcement:
                try:
                    port.announcement.withdraw()
                except PortvnfError as error:
                    complain(error.message)

    @contextlib.contextmanager
    def _alone(self, what: str, wait_s: float = TURN_WAIT_S) -> Iterator[None]:
        if not self._busy.acquire(timeout=wait_s):
            raise AgentError(f"{self.spec.name} cannot {what}: it is busy with a migration")
        try:
            yield
        finally:
            self._busy.release()

    @property
    def instance(self) -> Instance:
        """The instance that owns the sessions."""
        if self._instance is None or self.state == State.STANDBY:
            raise AgentError(f"{self.spec.name} is on standby: it has no sessions")
        return self._instance

    def identity(self) -> dict[str, Any]:
        """What this blade is, for its peers and in reports."""
        loaded = self.selection.loaded
        return {
            "name": self.spec.name,
            "vnf": self.selection.schema.name,
            "isa": loaded.isa,
            "engine": loaded.engine,
            "llvm": loaded.llvm,
            "cpu": loaded.cpu,
            "artifact_sha256": self.selection.artifact_sha256,
            "schema_sha256": self.selection.schema.sha256(),
            "config_sha256": self.config.sha256,
        }

    def status(self) -> dict[str, Any]:
        """Identity, state and how much there is."""
        with self.view.lock:
            counters = {} if self.state == State.STANDBY else self.counters()
            state = self.state.value
        status = {**self.identity(), "state": state, "note": self.selection.note}
        return {**status, **{name: counters.get(name, 0) for name in source.GAUGES}}

    def counters(self) -> dict[str, int]:
        """The VNF's counters."""
        return self.view.counters()

    def _fresh_instance(self) -> Instance:
        record = {**self.config.record, "restart_counter": self.restarts.read()}
        try:
            return Instance(
                self.selection.vnf,
                self.selection.schema,
                CONFIG.build(record),
                self.spec.ports,
                self.spec.hold_limit,
            )
        except EngineError as error:
            raise EngineError(f"{self.spec.path}: {error}") from None

    def stand_by(self) -> None:
        """Makes sure that this blade can take sessions over, and that the network sends it
        nothing: an agent that was killed may have left its announcements behind."""
        with self._alone("stand by"):
            for port in self.spec.ports:
                if port.announcement:
                    port.announcement.check()
                    port.announcement.withdraw()
            self._fresh_instance().close()

    def start(self) -> None:
        """Takes up service with an empty state."""
        with self._alone("start"):
            self.restarts.count()
            instance = self._fresh_instance()
            self._activate(instance)
            self.ownership.clear()
            instance.announce()
            instance.serve()
            self.charging.begin(instance)

    def _activate(self, instance: Instance) -> None:
        with self.view.lock:
            self._instance = instance
            self.state = State.ACTIVE

    def restore(self, path: Path) -> tuple[int, str]:
        """Takes up service with an image file's state; returns the number of sessions, and what
        there is to say of the image, if anything."""
        with self._alone("restore an image"):
            if self.state != State.STANDBY:
                raise AgentError(f"{self.spec.name} is {self.state.value}: it has sessions")
            loaded = upgrade.read(path, self.selection.schema)
            instance = self._fresh_instance()
            try:
                instance.import_image(loaded.image)
                self.restarts.write(self._recovery_of(instance))
                self.ownership.clear()
                instance.announce()
            except StateError as error:
                instance.close()
                raise StateError(f"{path}: {error}") from None
            except BaseException:
                self._withdraw_all()
                instance.close()
                raise
            self._activate(instance)
            instance.serve()
            self.charging.begin(instance)
            return self.counters()["sessions"], loaded.note(path) if loaded.upgraded else ""

    def _recovery_of(self, instance: Instance) -> int:
        """The Recovery value in an instance's state."""
        data = b"".join(chunk.data for chunk in instance.export("gateway"))
        return int(self.selection.schema.section("gateway").record.parse(data).restart_counter)

    def export(self, path: Path) -> int:
        """Writes the state to an image file; returns its size in bytes."""
        with self._alone("export its state"), self.charging.paused():
            state = self.instance.export_image(self.selection.artifact_sha256)
            return image.write(path, state)

    def record(self, port: str, path: Path | None) -> None:
        """Begins or ends the recording of a port."""
        with self.view.lock:
            instance = self.instance
            if port not in [known.name for known in instance.ports]:
                raise AgentError(f"{self.spec.name} has no port {port!r}")
            instance.engine.record(instance.number_of(port), path)

    def order_bearer(self, action: str, values: Mapping[str, Any]) -> None:
        """Makes the gateway ask for a dedicated bearer, or for its change or end."""
        record = bearer_order.order(action, values)
        with self._alone("order a bearer"):
            if self.state != State.ACTIVE:
                raise AgentError(f"{self.spec.name} is {self.state.value}: it orders no bearers")
            try:
                self.instance.command("bearer_order", bearer_order.encode(record))
            except RefusalError as error:
                raise bearer_order.refusal(record, error) from None

    def migrate(self, peer: str, report: source.Report) -> dict[str, Any]:
        """Moves the sessions to a peer; returns the migration's report."""
        with self._alone("migrate"):
            instance = self.instance
            if self.state != State.ACTIVE:
                raise AgentError(f"{self.spec.name} is {self.state.value}: resolve that first")
            if time.monotonic() < self._rest_due:
                raise AgentError(f"{self.spec.name} waits for the rest of what came: try again")
            with self._connect(peer) as opened, contextlib.ExitStack() as resting:
                move = source.Source(
                    instance,
                    self.selection.counters,
                    opened,
                    lambda: self._connect(peer),
                    lambda: resting.enter_context(self.charging.paused()),
                    lambda: self.ownership.write(Gone(peer, certain=False)),
                    self.spec.agent.freeze_limit_s if self.spec.agent else FREEZE_LIMIT_MS / 1e3,
                    report,
                )
                try:
                    return move.move(self.identity())
                finally:
                    self.migrations["out", move.outcome] += 1
                    if move.confirmed:
                        self._retire()
                        self._note_given(peer)
                    elif move.committed:
                        self.state = State.IN_DOUBT
                        self.charging.end()
                    else:
                        self._note_own()

    def _note_given(self, peer: str) -> None:
        try:
            self.ownership.write(Gone(peer, certain=True))
        except AgentError as error:  # the doubt that was written stands for it
            complain(error.message)

    def _note_own(self) -> None:
        try:
            self.ownership.clear()
        except AgentError as error:  # at worst the next start asks an operator
            complain(error.message)

    def _retire(self) -> None:
        """The sessions are another blade's now, or gone."""
        self.charging.end()
        with self.view.lock:
            if self._instance is not None:
                self._instance.close()
            self._instance = None
            self.state = State.STANDBY

    def resolve(self, keep: bool) -> None:
        """Ends a doubt by the operator's word: serve on, or leave the sessions to the peer."""
        with self._alone("resolve a doubt"):
            if self.state != State.IN_DOUBT or self._instance is None:
                raise AgentError(f"{self.spec.name} is {self.state.value}, not in doubt")
            if not keep:
                gone = self.ownership.read()
                self._retire()
                if gone is not None:
                    self._note_given(gone.peer)
                return
            self.ownership.clear()
            try:
                self._instance.announce()
            finally:
                self._instance.serve()
                self.state = State.ACTIVE
                self.charging.begin(self._instance)

    def _connect(self, peer: str) -> Channel:
        agent = self.spec.agent
        if agent is None or peer not in agent.peers:
            raise AgentError(f"{self.spec.name} has no peer {peer!r} in its configuration")
        return channel.connect(agent.credentials, peer, agent.peers[peer], MESSAGE_TIMEOUT_S)

    def answer_peer(self, opened: Channel) -> None:
        """Serves one connection of a peer: a migration to here, or a question about one."""
        kind, payload = opened.receive()
        if kind == Kind.QUERY:
            self._answer_query(opened, decode_control(payload))
        elif kind == Kind.HELLO:
            self._take(opened, decode_control(payload))
        else:
            raise MigrationError(f"{opened.peer} began with {kind.name}")

    def _answer_query(self, opened: Channel, query: dict[str, Any]) -> None:
        migration = str(query.get("migration", ""))
        outcome = self.outcomes.settle(opened.peer, migration, ABORTED)
        opened.send_control(Kind.OUTCOME, outcome=outcome)
        if outcome == COMMITTED:
            self._take_late(opened, migration)

    def _take_late(self, opened: Channel, migration: str) -> None:
        """Takes what a source has left that learnt late that the sessions are here, or lost the
        channel, if they are here still: not even that makes this blade serve what it gave away."""
        try:
            # The connection that the migration came on ends about now.
            with self._alone("take what was held", QUERY_WAIT_S), self.charging.paused():
                if self.state != State.ACTIVE:
                    raise AgentError(f"{self.spec.name} is {self.state.value}: it serves nothing")
                destination.drain(opened, self.instance, self.outcomes, migration)
                self._rest_due = 0.0
        except AgentError as error:
            opened.refuse(error)
            raise

    def _take(self, opened: Channel, hello: dict[str, Any]) -> None:
        try:
            with self._alone("take over sessions"):
                if self.state != State.STANDBY:
                    raise AgentError(f"{self.spec.name} is {self.state.value}: it has sessions")
                try:
                    destination.Destination(
                        opened,
                        self.selection.counters,
                        self.outcomes,
                        self._fresh_instance,
                        self._activate,
                    ).take(self.identity(), hello)
                finally:
                    taken = self._instance is not None
                    self.migrations["in", "done" if taken else "failed"] += 1
                    if self._instance is not None:
                        self._rest_due = time.monotonic() + REST_WAIT_S
                        self._note_taken()
                        self.charging.begin(self._instance)
                self._rest_due = 0.0  # it has come
        except AgentError as error:
            opened.refuse(error)
            raise

    def _note_taken(self) -> None:
        """What the next start must know of sessions that came from a peer."""
        self._note_own()
        try:
            self.restarts.write(self._recovery_of(self.instance))
        except PortvnfError as error:
            complain(error.message)


def complain(sentence: str) -> None:
    """Tells whoever reads the agent's stderr."""
    print(f"portvnf: {sentence}", file=sys.stderr, flush=True)
