"""The tun driver and the TUN handle, on real devices in namespaces of their own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

SCENARIOS = ["echo", "hold", "stall", "overlong", "down", "busy", "handle", "release"]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_tun(
    in_namespace: Callable[..., subprocess.CompletedProcess[str]],
    double_library: Path,
    scenario: str,
) -> None:
    script = Path(__file__).with_name("tun_scenario.py")
    result = in_namespace(sys.executable, str(script), str(double_library), scenario)
    assert result.returncode == 0, result.stderr
