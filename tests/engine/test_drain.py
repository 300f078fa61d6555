"""A backlog ends although more arrives, all the time, than the engine can handle."""

from __future__ import annotations

import subprocess
from pathlib import Path

from .conftest import HERE
from .test_isas import build

HELD = 5000
BURSTS = 3 * 64  # what one pass may put behind the backlog before it releases as much


def test_a_backlog_ends_in_its_time_under_a_load_that_never_lets_up(tmp_path: Path) -> None:
    program = build(tmp_path, ["gcc"], [HERE / "drain.c"])
    result = subprocess.run([program, str(HELD)], capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    elapsed_ms, most_held = map(int, result.stdout.split())
    assert HELD <= most_held <= HELD + 60 + BURSTS  # it is filled 60 at a time
    # In a second; hardly faster, and slower only as far as the machine is busy.
    assert 700 <= elapsed_ms < 10_000
