"""What replays a trace in a cell: portvnf-host, or a Python with the JIT."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from portvnf.errors import HostError

START_SECONDS = 300.0


class Replayer(Protocol):
    """Replays traces, one after the other."""

    compiler: str

    def replay(self, trace: Path, result: Path, timeout: float) -> str:
        """Writes the result file and returns "", or says how that ended instead."""

    def close(self) -> None:
        """Ends it."""


def _ending(status: int) -> str:
    if status < 0:
        return f"ended by {signal.Signals(-status).name}"
    if status > 128:  # what QEMU makes of a signal
        try:
            return f"ended by {signal.Signals(status - 128).name}"
        except ValueError:
            pass
    return f"ended with status {status}"


class HostProgram:
    """portvnf-host, started anew for each trace."""

    def __init__(self, prefix: Sequence[str], vnf: Path, fill: int, compiler: str) -> None:
        self._argv, self.compiler = [*prefix, "--vnf", str(vnf), "--fill", str(fill)], compiler

    def replay(self, trace: Path, result: Path, timeout: float) -> str:
        """See Replayer."""
        argv = [*self._argv, "--replay", str(trace), "--output", str(result)]
        try:
            done = subprocess.run(
                argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout, check=False
            )
        except subprocess.TimeoutExpired:
            return f"ran for more than {timeout:.0f} s"
        if done.returncode == 0:
            return ""
        said = done.stderr.decode(errors="replace").strip().splitlines()
        return said[0] if said and done.returncode == 2 else _ending(done.returncode)

    def close(self) -> None:
        """Nothing runs on."""


class JitProcess:
    """A Python that keeps the compiled artifact; started again when it has died."""

    def __init__(self, prefix: Sequence[str], artifact: Path, level: int, fill: int) -> None:
        module = ["-m", "portvnf.conform.jit_process", str(artifact), str(level), str(fill)]
        self._argv = [*prefix, *module]
        self._process: subprocess.Popen[bytes] | None = None
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115  closed in close()
        ready = self._start()
        self.compiler = f"LLVM {ready['llvm']}"

    def _start(self) -> dict[str, Any]:
        self._process = subprocess.Popen(
            self._argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            bufsize=0,  # a buffer could not be closed once the other side is gone
            # The package of this process, wherever that is; a root's command sets its own.
            env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
        )
        ready = self._answer(START_SECONDS)
        if "error" in ready:
            self.close()
            raise HostError(str(ready["error"]))
        return ready

    def _answer(self, timeout: float) -> dict[str, Any]:
        process, line = self._process, b""
        assert process is not None and process.stdout is not None
        end = time.monotonic() + timeout
        while not line.endswith(b"\n"):
            left = max(0.0, end - time.monotonic())
            if not select.select([process.stdout], [], [], left)[0]:
                self._kill()
                return {"error": f"ran for more than {timeout:.0f} s"}
            more = os.read(process.stdout.fileno(), 4096)
            if not more:
                status = process.wait()
                self._kill()
                return {"error": self._last_words() or _ending(status)}
            line += more
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _last_words(self) -> str:
        self._complaints.seek(0)
        said = self._complaints.read().decode(errors="replace").strip().splitlines()
        return next((line for line in reversed(said) if "Error" in line), "")

    def replay(self, trace: Path, result: Path, timeout: float) -> str:
        """See Replayer."""
        if self._process is None:
            self._start()
        process = self._process
        assert process is not None and process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it has died: the answer says how
            process.stdin.write(f"{trace}\t{result}\n".encode())
        return str(self._answer(timeout).get("error", ""))

    def _kill(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        for stream in (process.stdin, process.stdout):
            if stream:
                stream.close()
        if process.poll() is None:
            process.kill()
        process.wait()

    def close(self) -> None:
        """Ends the process."""
        self._kill()
        self._complaints.close()
