"""Each record goes into the file once: over failures, pauses, migrations and restored images."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from portvnf.charging import drain
from portvnf.charging.drain import Drain
from portvnf.charging.journal import Journal
from portvnf.errors import AgentError

from .holder import Holder, record

START_S = 10.0


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drain, "INTERVAL_S", 0.01)


class Blade:
    """A drain with what it said."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.said: list[str] = []
        self.drain = Drain(Journal(path), self.said.append)

    def begin(self, holder: Any) -> None:
        self.drain.begin(holder)

    def written(self) -> list[int]:
        return [cdr["localSequenceNumber"] for cdr in Journal(self.path).records()]


@pytest.fixture
def blade(tmp_path: Path) -> Iterator[Blade]:
    made = Blade(tmp_path / "cdr.jsonl")
    yield made
    made.drain.close()


def until(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_S
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def settle() -> None:
    """Several turns of the drain."""
    time.sleep(0.1)


def test_records_go_to_the_file_and_off_the_instance(blade: Blade) -> None:
    holder = Holder(1, 2, 3)
    blade.begin(holder)
    until(lambda: not holder.records)
    assert blade.written() == [1, 2, 3] and blade.drain.written == 3
    holder.records = [record(4)]
    until(lambda: not holder.records)
    assert blade.written() == [1, 2, 3, 4] and blade.said == []


def test_many_go_in_batches(blade: Blade, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drain, "BATCH", 7)
    holder = Holder(*range(1, 51))
    blade.begin(holder)
    until(lambda: not holder.records)
    assert blade.written() == list(range(1, 51))


def test_what_cannot_be_written_stays_in_the_instance(tmp_path: Path) -> None:
    folder = tmp_path / "later"
    blade = Blade(folder / "cdr.jsonl")
    holder = Holder(1, 2)
    blade.begin(holder)
    until(lambda: bool(blade.said))
    settle()
    assert holder.serials == [1, 2] and blade.drain.trouble
    assert blade.said == [
        f"cannot write {blade.path}: No such file or directory: "
        "the charging records wait in the gateway"
    ]
    folder.mkdir()
    until(lambda: not holder.records)
    assert blade.written() == [1, 2] and not blade.drain.trouble
    blade.drain.close()


def test_an_instance_that_does_not_let_go_gets_none_twice(blade: Blade) -> None:
    holder = Holder(1, 2)
    holder.refuses = True
    blade.begin(holder)
    until(lambda: bool(blade.said))
    settle()
    assert blade.written() == [1, 2]
    holder.records.append(record(3))
    until(lambda: blade.written() == [1, 2, 3])
    holder.refuses = False
    until(lambda: not holder.records)
    assert blade.written() == [1, 2, 3]


def test_a_defect_is_told_once_and_loses_no_record(
    blade: Blade, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def broken(journal: Journal, records: object) -> None:
        raise ZeroDivisionError("nobody foresaw this")

    holder = Holder(1, 2)
    with monkeypatch.context() as patch:
        patch.setattr(Journal, "append", broken)
        blade.begin(holder)
        until(lambda: bool(blade.drain.trouble))
        settle()
        assert holder.serials == [1, 2]
    until(lambda: not holder.records)
    assert blade.written() == [1, 2] and not blade.drain.trouble
    log = capfd.readouterr().err
    assert log.startswith(
        "portvnf: the writing of charging records failed by a defect of portvnf "
        "(ZeroDivisionError: nobody foresaw this): "
    )
    assert log.count("Traceback (most recent call last):") == 1


def test_nothing_moves_while_it_is_paused(blade: Blade) -> None:
    holder = Holder(1)
    blade.begin(holder)
    until(lambda: not holder.records)
    with blade.drain.paused():
        holder.records = [record(2)]
        settle()
        assert holder.serials == [2] and blade.written() == [1]
    until(lambda: not holder.records)
    assert blade.written() == [1, 2]


def test_a_pause_waits_for_the_batch_in_hand(blade: Blade, monkeypatch: pytest.MonkeyPatch) -> None:
    """No record is in the file and still in the instance when a pause has begun."""
    writing, go_on = threading.Event(), threading.Event()
    append = Journal.append

    def slow(journal: Journal, cdrs: Any) -> None:
        writing.set()
        assert go_on.wait(START_S)
        append(journal, cdrs)

    monkeypatch.setattr(Journal, "append", slow)
    holder = Holder(1)
    blade.begin(holder)
    assert writing.wait(START_S)
    threading.Timer(0.05, go_on.set).start()
    with blade.drain.paused():
        assert holder.records == [] and blade.written() == [1]


def test_a_disk_that_hangs_is_not_waited_for(blade: Blade, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drain, "PAUSE_LIMIT_S", 0.05)
    writing, go_on = threading.Event(), threading.Event()

    def hang(journal: Journal, cdrs: Any) -> None:
        writing.set()
        assert go_on.wait(START_S)

    monkeypatch.setattr(Journal, "append", hang)
    holder = Holder(1)
    blade.begin(holder)
    assert writing.wait(START_S)
    with pytest.raises(AgentError, match="takes too long to write"):
        blade.drain.pause()
    blade.drain.end()  # the instance goes away: it must not be touched any more
    go_on.set()
    settle()
    assert holder.serials == [1]


def test_a_record_that_moved_is_written_by_its_new_owner(tmp_path: Path) -> None:
    source, destination = Blade(tmp_path / "a.jsonl"), Blade(tmp_path / "b.jsonl")
    before = Holder(1, 2)
    source.begin(before)
    until(lambda: not before.records)
    with source.drain.paused():
        before.records = [record(3)]
        moved = Holder(*before.serials)
        source.drain.end()
    destination.begin(moved)
    until(lambda: not moved.records)
    settle()
    assert source.written() == [1, 2] and destination.written() == [3]
    for blade in (source, destination):
        blade.drain.close()


def test_a_restored_image_brings_no_record_twice(blade: Blade, tmp_path: Path) -> None:
    """The image was made before 2 and 3 were written. What is new since has old numbers."""
    first = Holder(1, 2, 3)
    blade.begin(first)
    until(lambda: not first.records)
    blade.drain.end()
    again = Holder(2, 3)
    blade.begin(again)
    until(lambda: not again.records)
    assert blade.written() == [1, 2, 3]
    other = Holder()
    other.records = [record(3, uplink_bytes=77)]  # another history: not that record
    blade.begin(other)
    until(lambda: not other.records)
    assert blade.written() == [1, 2, 3, 3]
    fresh = Holder(1, restarts=4)  # the gateway started anew and counts from the beginning
    blade.begin(fresh)
    until(lambda: not fresh.records)
    assert blade.written() == [1, 2, 3, 3, 1]


def test_an_end_takes_what_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drain, "INTERVAL_S", 1000.0)
    blade = Blade(tmp_path / "cdr.jsonl")
    holder = Holder(1, 2)
    blade.begin(holder)
    blade.drain.close()
    assert blade.written() == [1, 2] and holder.records == []


def test_without_a_file_they_stay(tmp_path: Path) -> None:
    holder = Holder(1)
    none = Drain(None, pytest.fail)
    none.begin(holder)
    with none.paused():
        pass
    none.close()
    assert holder.serials == [1]
