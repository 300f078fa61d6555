"""The command line, as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys


def portvnf(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs `portvnf arguments...` with the environment given besides this process's."""
    argv = [sys.executable, "-m", "portvnf.cli", *map(str, arguments)]
    surroundings = {**os.environ, **environment}
    return subprocess.run(argv, capture_output=True, text=True, timeout=120, env=surroundings)
