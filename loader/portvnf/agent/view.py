"""A look at a blade's instance from outside its worker: counters, ports, records."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

from portvnf.errors import AgentError
from portvnf.instance import Instance
from portvnf.select import Selection
from portvnf.vnf import Chunk


class View:
    """Looks at whatever instance a blade has. `lock` is held meanwhile: who ends the instance
    takes it too."""

    def __init__(self, name: str, selection: Selection, instance: Callable[[], Instance]) -> None:
        """`instance` gives the one that owns the sessions, or an AgentError."""
        self.lock = threading.RLock()
        self._name = name
        self._selection = selection
        self._instance = instance

    def counters(self) -> dict[str, int]:
        """The VNF's counters."""
        with self.lock:
            return dict(self._instance().counters(self._selection.counters))

    def ports(self) -> dict[str, dict[str, int]]:
        """The packet engine's counters of each port."""
        with self.lock:
            instance = self._instance()
            return {
                port.name: vars(instance.engine.port_stats(instance.number_of(port.name)))
                for port in instance.ports
            }

    def engine(self) -> dict[str, int]:
        """The packet engine's own counters."""
        with self.lock:
            return vars(self._instance().engine.stats())

    def records(self, section: str) -> Iterator[Chunk]:
        """A section's records while the instance serves: one step between bursts each. Nothing
        is locked between the steps, so that a slow reader delays nobody; an AgentError when the
        sessions leave meanwhile."""
        names = [known.name for known in self._selection.schema.image_sections]
        if section not in names:
            raise AgentError(f"there is no section {section!r}, only {', '.join(names)}")
        with self.lock:
            instance = self._instance()
            steps = instance.export(section)
        return self._steps(instance, steps)

    def _steps(self, instance: Instance, steps: Iterator[Chunk]) -> Iterator[Chunk]:
        while True:
            with self.lock:
                if self._instance() is not instance:
                    raise AgentError(f"the sessions have left {self._name} meanwhile")
                chunk = next(steps, None)
            if chunk is None:
                return
            if chunk.data:
                yield chunk
