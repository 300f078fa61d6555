"""A peer in a process of its own, in one of the lab's namespaces.

The controller and a role exchange JSON objects, one a line, over the role's standard input
and output. The controller sends {"command": …}; the role answers each with {"ok": true, …}
or {"ok": false, "message": …}, and may send {"event": …} lines at any time. A role ends when
its input ends.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from portvnf.errors import LabError, PortvnfError
from portvnf.lab import network

Message = dict[str, Any]
_PR_SET_PDEATHSIG = 1
_STOP_S = 5.0


def die_with_parent() -> None:
    """Asks the kernel to end this process when its parent thread ends, however it ends."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


class Role:
    """The controller's handle on one role."""

    def __init__(
        self,
        name: str,
        namespace: str,
        argv: list[str],
        log: Path,
        on_event: Callable[[Message], None] = lambda message: None,
        environment: dict[str, str] | None = None,
    ) -> None:
        self.name = name
        self._log = log
        self._on_event = on_event
        self._answers: queue.Queue[Message | None] = queue.Queue()
        with log.open("wb") as errors:
            self._process = subprocess.Popen(
                network.inside(namespace, argv),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env={**os.environ, **(environment or {})},
            )
        self._reader = threading.Thread(target=self._read, name=f"{name}-reader", daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            try:
                message = json.loads(line)
            except ValueError:
                continue  # a library's chatter; the log is its place
            if "event" in message:
                self._on_event(message)
            else:
                self._answers.put(message)
        self._answers.put(None)

    def send(self, command: str, **arguments: Any) -> None:
        """Sends a command; its answer is fetched with answer()."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps({"command": command, **arguments}) + "\n")
            self._process.stdin.flush()
        except OSError:
            raise self._gone() from None

    def answer(self, timeout_s: float) -> Message:
        """The answer to the oldest command; a LabError when it failed or took too long."""
        try:
            message = self._answers.get(timeout=timeout_s)
        except queue.Empty:
            raise LabError(f"the {self.name} did not answer within {timeout_s:.0f} s") from None
        if message is None:
            raise self._gone()
        if not message.get("ok"):
            raise LabError(f"the {self.name} failed: {message.get('message', 'no reason given')}")
        return message

    def request(self, command: str, timeout_s: float = 30.0, **arguments: Any) -> Message:
        """Sends a command and waits for its answer."""
        self.send(command, **arguments)
        return self.answer(timeout_s)

    def stop(self) -> None:
        """Ends the role: closes its input, and kills it when that does not suffice."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):  # it may be gone already
            self._process.stdin.close()
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _gone(self) -> LabError:
        self._process.wait()
        lines = self._log.read_text(errors="replace").strip().splitlines()
        last = lines[-1] if lines else f"exit status {self._process.returncode}"
        return LabError(f"the {self.name} ended unexpectedly: {last}")


def python_role(
    name: str,
    namespace: str,
    module: str,
    log: Path,
    on_event: Callable[[Message], None] = lambda message: None,
) -> Role:
    """Starts `python -m portvnf.lab.MODULE` of this Python as a role."""
    source = str(Path(__file__).resolve().parents[2])
    paths = [source, *filter(None, [os.environ.get("PYTHONPATH")])]
    return Role(
        name,
        namespace,
        [sys.executable, "-m", f"portvnf.lab.{module}"],
        log,
        on_event,
        {"PYTHONPATH": ":".join(paths)},
    )


class Channel:
    """The role's own end: commands in, answers and events out."""

    def __init__(self) -> None:
        self.closed = False
        self._input = sys.stdin.fileno()
        self._rest = b""
        self._lock = threading.Lock()
        die_with_parent()

    def fileno(self) -> int:
        """The descriptor that becomes readable when a command waits."""
        return self._input

    def event(self, kind: str, **fields: Any) -> None:
        """Tells the controller about something that happened."""
        self._write({"event": kind, **fields})

    def _write(self, message: Message) -> None:
        with self._lock:
            sys.stdout.write(json.dumps(message) + "\n")
            sys.stdout.flush()

    def serve_waiting(self, commands: dict[str, Callable[..., Message]]) -> None:
        """Reads what waits and runs the whole lines; sets `closed` at the end of the input.

        Blocks when nothing waits.
        """
        data = os.read(self._input, 1 << 20)
        if not data:
            self.closed = True
            return
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._serve_line(line, commands)

    def _serve_line(self, line: bytes, commands: dict[str, Callable[..., Message]]) -> None:
        try:
            message = json.loads(line)
            command = commands[message.pop("command")]
        except (ValueError, KeyError, AttributeError) as error:
            self._write({"ok": False, "message": f"no such command: {error!r}"})
            return
        try:
            self._write({"ok": True, **command(**message)})
        except PortvnfError as error:
            self._write({"ok": False, "message": error.message})


def run(main: Callable[[Channel], None]) -> NoReturn:
    """Runs a role's main function; what goes wrong is its last line on standard error."""
    try:
        main(Channel())
    except PortvnfError as error:
        print(error.message, file=sys.stderr)
        sys.exit(2)
    sys.exit(0)
