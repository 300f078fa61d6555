"""`portvnf-load` as a child process: a command at a time."""

from __future__ import annotations

import json
import subprocess
from functools import partial
from pathlib import Path
from typing import Any

from portvnf import locate
from portvnf.bench.pinning import run_on_cpu
from portvnf.errors import LabError
from portvnf.lab import addresses as at
from portvnf.lab import network

WINDOW = 64
_SLOWEST = 1000  # procedures a second below which a gateway is given up
_STOP_S = 5.0

Results = dict[str, Any]


class LoadGenerator:
    """The load generator in a namespace. Use as a context manager: leaving it ends it.

    A UE is known by its number, from 0 to ues - 1. Every command takes `count` UEs: `first`,
    `first` + `step` and so on, modulo `ues`.
    """

    def __init__(self, namespace: str, ues: int, folder: Path, cpu: int) -> None:
        self._namespace = namespace
        self._log = folder / f"{namespace}.log"
        argv = [str(locate.load_program()), "--local", at.S11.v4(at.MME)]
        argv += ["--gateway", at.S11.v4(at.GATEWAY), "--enb", at.S1U.v4(at.ENB)]
        argv += ["--apn", at.APN, "--ues", str(ues), "--window", str(WINDOW)]
        argv += ["--limit-s", str(60 + ues // _SLOWEST)]
        with self._log.open("wb") as errors:
            self._process = subprocess.Popen(
                network.inside(namespace, argv),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                preexec_fn=partial(run_on_cpu, cpu),
            )

    def __enter__(self) -> LoadGenerator:
        return self

    def __exit__(self, *exception: object) -> None:
        self._process.kill()
        self._process.communicate(timeout=_STOP_S)

    def attach(self, first: int, count: int, step: int) -> Results:
        """Create Session and Modify Bearer for each."""
        return self._command("attach", first, count, step)

    def detach(self, first: int, count: int, step: int) -> Results:
        """Delete Session for each."""
        return self._command("detach", first, count, step)

    def _command(self, verb: str, first: int, count: int, step: int) -> Results:
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            self._process.stdin.write(f"{verb} {first} {count} {step}\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except OSError:
            line = ""
        results: Results = json.loads(line) if line else {}
        if results.get("accepted") != count:
            raise self._failure(results)
        return results

    def _failure(self, results: Results) -> LabError:
        self._process.wait(_STOP_S)
        lines = self._log.read_text(errors="replace").strip().splitlines()
        reason = lines[-1] if lines else f"exit status {self._process.returncode}"
        causes = results.get("causes")
        more = f" (by Cause: {json.dumps(causes)})" if causes else ""
        return LabError(f"the load generator in {self._namespace} ended: {reason}{more}")
