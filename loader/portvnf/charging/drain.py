"""Takes charging records out of a running instance, every second.

A batch is exported between bursts, written, synchronised to the disk, and only then taken off
the VNF. A migration or an image must see a record either before that or after it, so nothing
is drained while `paused`. After a failure nothing is lost: the records wait in the VNF.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from portvnf import defect
from portvnf.charging.cdr import Cdr, Recorder, identity
from portvnf.charging.journal import Journal
from portvnf.errors import AgentError, PortvnfError
from portvnf.instance import Instance
from portvnf.state.skim import Skimmer

INTERVAL_S = 1.0
# Records of one batch: about 50 ms of this interpreter's time, and half a megabyte.
BATCH = 1024
# A disk that takes longer than this for one batch is given up on by those who wait for it.
PAUSE_LIMIT_S = 5.0


class Drain:
    """The records of one blade's instance, on their way to its journal."""

    def __init__(
        self,
        journal: Journal | None,
        complain: Callable[[str], None],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Without a journal nothing is drained: the records stay in the VNF."""
        self._journal = journal
        self._complain = complain
        self._now = now
        self._instance: Instance | None = None
        self._fresh = False
        """Whether this instance's records may be in the journal already."""
        self._taken = self._told = 0
        """Below `_taken` they are, and the instance knows it of those below `_told`."""
        self._turn = threading.Lock()  # one batch at a time
        self._touch = threading.Lock()  # while the instance itself is asked or told
        self._pauses = 0
        self._ended = threading.Event()
        self._said = ""
        self.written = 0
        """Records written since the start."""
        if journal is not None:
            threading.Thread(
                target=self._run, args=(journal,), name="charging", daemon=True
            ).start()

    @property
    def trouble(self) -> str:
        """Why records wait in the VNF, "" while they need not."""
        return self._said

    def begin(self, instance: Instance) -> None:
        """This instance owns the sessions from now on."""
        with self._turn:
            self._instance, self._fresh, self._taken, self._told = instance, True, 0, 0

    def end(self) -> None:
        """The instance is about to end, or is another blade's. It is not touched afterwards,
        even if a batch is still on its way to a slow disk."""
        with self._touch:
            self._instance = None

    def close(self) -> None:
        """A last batch, then no more."""
        self._ended.set()
        if self._turn.acquire(timeout=PAUSE_LIMIT_S):
            if self._journal is not None and not self._pauses:
                while self._attempt(self._journal):
                    pass
            self._turn.release()
        self.end()

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Nothing is drained meanwhile: no record is in the file and still in the VNF."""
        self.pause()
        try:
            yield
        finally:
            self.resume()

    def pause(self) -> None:
        """Ends the batch in hand and begins none until `resume`. An AgentError when that batch
        does not come to its end: then nothing is paused."""
        if not self._turn.acquire(timeout=PAUSE_LIMIT_S):
            where = self._journal.path if self._journal is not None else "the journal"
            raise AgentError(f"{where} takes too long to write")
        self._pauses += 1
        self._turn.release()

    def resume(self) -> None:
        """Undoes one `pause`."""
        with self._turn:
            self._pauses -= 1

    def _run(self, journal: Journal) -> None:
        while not self._ended.wait(INTERVAL_S):
            while self._one(journal):
                pass

    def _one(self, journal: Journal) -> bool:
        """One batch, unless it is to rest. Whether there may be more."""
        with self._turn:
            return not self._pauses and not self._ended.is_set() and self._attempt(journal)

    def _attempt(self, journal: Journal) -> bool:
        try:
            count = self._batch(journal)
        except PortvnfError as error:
            if error.message != self._said:
                self._complain(f"{error.message}: the charging records wait in the gateway")
            self._said = error.message
            return False
        except Exception as error:  # the next attempt may do better; the records are safe
            found = defect.found("the writing of charging records", error)
            if found.message != self._said:
                defect.tell(found, error)
            self._said = found.message
            return False
        self._said = ""
        return count >= BATCH

    def _batch(self, journal: Journal) -> int:
        with self._touch:
            instance = self._instance
            if instance is None:
                return 0
            records = list(islice(_waiting(instance, self._taken), BATCH))
            gateway = _gateway(instance) if records else None
            recorder = Recorder(gateway, self._now())
        if records:
            cdrs = [recorder.word(record) for record in records]
            new = _unwritten(journal, recorder, cdrs) if self._fresh else cdrs
            if new:
                journal.append(new)
            self.written += len(new)
            self._taken = records[-1].serial + 1
        with self._touch:
            if self._instance is instance and self._taken > self._told:
                _tell(instance, self._taken)
                self._told = self._taken
        if len(records) < BATCH:  # what it had from the beginning has gone by
            self._fresh = False
        return len(records)


def _unwritten(journal: Journal, recorder: Recorder, cdrs: list[Cdr]) -> list[Cdr]:
    """An image that was restored may have records that were written after it was made."""
    serials = {int(one["localSequenceNumber"]) for one in cdrs}
    there = {identity(one) for one in journal.written(recorder.node, serials)}
    return [one for one in cdrs if identity(one) not in there]


def _waiting(instance: Instance, since: int) -> Iterator[Any]:
    """The records from this serial number on, oldest first."""
    first = since.to_bytes(8, "big")
    record = instance.schema.section("record").record
    skimmer = Skimmer(record, "serial")
    for chunk in instance.export("record"):
        for begin, end, (serial,) in skimmer.skim(chunk.data):
            if serial >= first:
                yield record.parse(chunk.data[begin:end])


def _gateway(instance: Instance) -> Any:
    data = b"".join(chunk.data for chunk in instance.export("gateway"))
    return instance.schema.section("gateway").record.parse(data)


def _tell(instance: Instance, below: int) -> None:
    """The records below this serial number are safe."""
    section = instance.schema.section("records_taken")
    instance.import_(section.number, section.record.build({"below": below}), True)
