"""The file: whole batches, on the disk, whatever happens."""

from __future__ import annotations

import fcntl
import os
import resource
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from portvnf.charging.journal import Journal
from portvnf.errors import AgentError


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "cdr.jsonl")


def cdrs(*serials: int, node: str = "vepc-3") -> list[dict[str, object]]:
    return [{"nodeID": node, "localSequenceNumber": serial} for serial in serials]


def lines(journal: Journal) -> list[int]:
    assert journal.path.read_text().endswith("\n")
    return [cdr["localSequenceNumber"] for cdr in journal.records()]


@pytest.fixture
def small_files() -> Iterator[None]:
    """No file of this process may grow beyond 300 bytes: as if the disk were full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


def test_batches_follow_each_other(journal: Journal) -> None:
    journal.append(cdrs(1, 2))
    journal.append(cdrs(3))
    assert lines(journal) == [1, 2, 3]
    assert journal.path.stat().st_mode & 0o777 == 0o640


def test_a_file_that_was_renamed_away(journal: Journal) -> None:
    journal.append(cdrs(1))
    journal.path.rename(journal.path.with_suffix(".1"))
    journal.append(cdrs(2))
    assert lines(journal) == [2]


def test_a_batch_that_does_not_fit_leaves_nothing(journal: Journal, small_files: None) -> None:
    journal.append(cdrs(1, 2))
    with pytest.raises(AgentError, match=r"cannot write .*cdr\.jsonl: File too large"):
        journal.append(cdrs(*range(3, 40)))
    assert lines(journal) == [1, 2]
    journal.append(cdrs(3))
    assert lines(journal) == [1, 2, 3]


@pytest.mark.parametrize("torn", [b'{"nodeID":"vepc-3","loc', b"x" * 200_000])
def test_a_torn_line_goes(journal: Journal, torn: bytes) -> None:
    journal.append(cdrs(1))
    with journal.path.open("ab") as stream:
        stream.write(torn)
    journal.append(cdrs(2))
    assert lines(journal) == [1, 2]
    journal.path.write_bytes(torn)
    journal.append(cdrs(3))
    assert lines(journal) == [3]


def test_who_reads_while_a_batch_is_written_sees_whole_records(journal: Journal) -> None:
    assert journal.records() == []
    journal.append(cdrs(1, 2))
    whole = journal.path.read_bytes()
    for size in range(len(whole) + 1):
        journal.path.write_bytes(whole[:size])
        assert journal.records() == cdrs(1, 2)[: whole[:size].count(b"\n")]


def test_a_line_that_is_no_record(journal: Journal) -> None:
    for line in (b"{\n", b"[1]\n", b"\n", b"\xff\n"):
        journal.append(cdrs(1))
        with journal.path.open("ab") as stream:
            stream.write(line)
        with pytest.raises(AgentError, match=r"cdr\.jsonl, line 2: not a charging record"):
            journal.records()
        journal.path.unlink()


def test_two_writers_do_not_mix(journal: Journal) -> None:
    journal.append(cdrs(1))
    other = os.open(journal.path, os.O_RDWR)
    try:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(AgentError, match="another process is writing it"):
            journal.append(cdrs(2))
    finally:
        os.close(other)
    journal.append(cdrs(2))
    assert lines(journal) == [1, 2]


def test_what_is_written_already(journal: Journal) -> None:
    assert journal.written("vepc-3", {1}) == []
    journal.append([*cdrs(1, 2, 3), *cdrs(2, node="vepc-30"), *cdrs(9, node="vepc-4")])
    with journal.path.open("ab") as stream:
        stream.write(b'"nodeID":"vepc-3" is in this line, which is not ours\n["nodeID":"vepc-3"]\n')
    assert journal.written("vepc-3", {2, 3, 9}) == cdrs(2, 3)


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    with pytest.raises(AgentError, match="No such file or directory"):
        Journal(tmp_path / "none" / "cdr.jsonl").append(cdrs(1))
    with pytest.raises(AgentError, match=r"cannot write .*No such file or directory"):
        Journal(tmp_path / "none" / "cdr.jsonl").check()
    folder = Journal(tmp_path)
    with pytest.raises(AgentError, match="Is a directory"):
        folder.append(cdrs(1))
    with pytest.raises(AgentError, match="cannot read"):
        folder.written("vepc-3", {1})
    with pytest.raises(AgentError, match="cannot read"):
        folder.records()
