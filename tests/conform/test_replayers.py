"""Replayers that end in other ways than well: what is said, and that the next trace goes on."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from portvnf import locate
from portvnf.conform.cells import Cell
from portvnf.conform.engines import Subject, prepare
from portvnf.conform.replayers import HostProgram, JitProcess
from portvnf.errors import HostError

from .record import FOLDER

TRACE = FOLDER / "vectors-s11-tiny.trace"
SECONDS = 60.0


@pytest.mark.parametrize("engine", ["gcc", "jit"])
def test_a_damaged_trace_is_named(engine: str, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.trace"
    damaged.write_bytes(TRACE.read_bytes()[:-1])
    replayer = prepare(Cell("x86_64", engine, 3), Subject(locate.artifact()), tmp_path)
    result = tmp_path / "result"
    try:
        assert "byte" in replayer.replay(damaged, result, SECONDS)
        assert not result.exists()
        assert replayer.replay(TRACE, result, SECONDS) == ""
        assert result.stat().st_size > 1000
    finally:
        replayer.close()


def test_a_jit_that_dies_is_started_again(tmp_path: Path) -> None:
    replayer = JitProcess([sys.executable], locate.artifact().resolve(), 0, 0)
    try:
        assert replayer._process is not None
        replayer._process.send_signal(signal.SIGSEGV)
        replayer._process.wait()
        assert replayer.replay(TRACE, tmp_path / "result", SECONDS) == "ended by SIGSEGV"
        assert replayer.replay(TRACE, tmp_path / "result", SECONDS) == ""
    finally:
        replayer.close()


def test_a_jit_that_cannot_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(HostError, match=r"missing\.bc"):
        JitProcess([sys.executable], tmp_path / "missing.bc", 0, 0)


def test_a_program_that_hangs_or_crashes(tmp_path: Path) -> None:
    result = tmp_path / "result"
    crash = HostProgram(["/bin/sh", "-c", "kill -BUS $$"], Path("x"), 0, "none")
    assert crash.replay(TRACE, result, SECONDS) == "ended by SIGBUS"
    hang = HostProgram(["/bin/sh", "-c", "exec sleep 20"], Path("x"), 0, "none")
    assert hang.replay(TRACE, result, 0.2) == "ran for more than 0 s"
