"""One thread that serves all simulated peers, and waiting for what they see.

The scenario's own thread and the reactor's share one lock: a peer's state changes only under
it, and every change wakes whoever waits.
"""

from __future__ import annotations

import collections
import contextlib
import os
import selectors
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from portvnf.errors import LabError

T = TypeVar("T")
_TICK_S = 0.02
_JOURNAL = 60
_SHOWN = 25


class Reactor:
    """Calls back for descriptors that are readable, and every 20 ms; use as a context manager."""

    def __init__(self) -> None:
        self.changed = threading.Condition(threading.RLock())
        self._journal: collections.deque[str] = collections.deque(maxlen=_JOURNAL)
        self._began = time.monotonic()
        self._selector = selectors.DefaultSelector()
        self._ticks: list[Callable[[], None]] = []
        self._failure: Exception | None = None
        self._halt = False
        self._wake_in, self._wake_out = os.pipe()
        self._selector.register(self._wake_in, selectors.EVENT_READ, self._woken)
        self._thread = threading.Thread(target=self._run, name="reactor", daemon=True)

    def __enter__(self) -> Reactor:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._halt = True
        os.write(self._wake_out, b"\0")
        self._thread.join()
        self._selector.close()
        os.close(self._wake_in)
        os.close(self._wake_out)

    def _woken(self) -> None:
        os.read(self._wake_in, 4096)

    def say(self, text: str) -> None:
        """Adds a line to the journal, which failures show."""
        self._journal.append(f"{time.monotonic() - self._began:9.3f} s  {text}")

    def journal(self) -> list[str]:
        """The last lines."""
        return list(self._journal)[-_SHOWN:]

    def watch(self, descriptor: int, receive: Callable[[], None]) -> None:
        """Has `receive` called whenever the descriptor is readable."""
        with self.changed:
            self._selector.register(descriptor, selectors.EVENT_READ, receive)

    def forget(self, descriptor: int) -> None:
        """Ends watch()."""
        with self.changed, contextlib.suppress(KeyError):
            self._selector.unregister(descriptor)

    def each_tick(self, function: Callable[[], None]) -> None:
        """Has `function` called every 20 ms or so."""
        with self.changed:
            self._ticks.append(function)

    def _run(self) -> None:
        while not self._halt:
            events = self._selector.select(_TICK_S)
            with self.changed:
                for key, _ in events:
                    # An earlier one of these may have closed a later one.
                    if self._selector.get_map().get(key.fd) is key:
                        self._guard(key.data)
                for tick in self._ticks:
                    self._guard(tick)
                self.changed.notify_all()

    def _guard(self, function: Callable[[], None]) -> None:
        try:
            function()
        except Exception as error:  # raised again by the next wait()
            self._failure = self._failure or error

    def wait(self, condition: Callable[[], T | None], what: str, limit_s: float = 5.0) -> T:
        """Waits until the condition, asked under the lock, is true; its value.

        A LabError says what did not happen and shows the last messages. What a peer found
        wrong with a message ends the waiting, too.
        """
        deadline = time.monotonic() + limit_s
        with self.changed:
            while True:
                if self._failure is not None:
                    failure, self._failure = self._failure, None
                    if isinstance(failure, LabError):
                        raise LabError(self._with_journal(failure.message))
                    raise failure
                value = condition()
                if value:
                    return value
                if time.monotonic() >= deadline:
                    raise LabError(self._with_journal(f"within {limit_s:g} s, {what}"))
                self.changed.wait(0.1)

    def _with_journal(self, sentence: str) -> str:
        return "\n  ".join([sentence + "; the last messages:", *self.journal()])
