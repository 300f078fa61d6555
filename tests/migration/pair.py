"""Two blades (or more) in one process, each with a listener for the others, and certificates."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

from portvnf import locate, pki
from portvnf.agent import blade as blade_module
from portvnf.agent import configuration
from portvnf.agent.blade import Blade
from portvnf.agent.configuration import Address, AgentSpec, BladeSpec
from portvnf.errors import PortvnfError
from portvnf.migration import channel
from portvnf.migration.channel import Credentials

WAIT_S = 20.0
HANDSHAKE_S = 2.0
SLOTS = "slots=16384"


def credentials(folder: Path, name: str) -> Credentials:
    """A blade's credentials; authority and certificates are made when they are missing."""
    if not (folder / "ca.key").exists():
        pki.initialise(folder)
    if not (folder / f"{name}.crt").exists():
        pki.issue(folder, name)
    return Credentials(folder / f"{name}.crt", folder / f"{name}.key", folder / "ca.crt")


class Listener:
    """Answers a blade's peers; `errors` are the sentences that the agent would print."""

    def __init__(self, blade: Blade, listening: socket.socket, keys: Credentials) -> None:
        self.blade, self._listening = blade, listening
        self.address: Address = listening.getsockname()
        self.errors: list[str] = []
        self._context = keys.context(server=True)
        self._serving: list[threading.Thread] = []
        self._stop = threading.Event()
        listening.settimeout(0.05)
        self._accepting = threading.Thread(target=self._accept)
        self._accepting.start()

    def _accept(self) -> None:
        while not self._stop.is_set():
            try:
                plain, _ = self._listening.accept()
            except TimeoutError:
                continue
            thread = threading.Thread(target=self._serve, args=(plain,))
            thread.start()
            self._serving.append(thread)

    def _serve(self, plain: socket.socket) -> None:
        assert self.blade.spec.agent is not None
        peers = set(self.blade.spec.agent.peers)
        try:
            with channel.accept(self._context, plain, peers, HANDSHAKE_S) as opened:
                opened.set_timeout(blade_module.MESSAGE_TIMEOUT_S)
                self.blade.answer_peer(opened)
        except PortvnfError as error:
            self.errors.append(error.message)

    def settle(self) -> None:
        """Waits until every connection so far has been served to its end."""
        while self._serving:
            thread = self._serving.pop()
            thread.join(WAIT_S)
            assert not thread.is_alive(), f"{self.blade.spec.name} still serves a connection"

    def refuse_connections(self) -> None:
        """Stops listening, for good."""
        self._stop.set()
        self._accepting.join(WAIT_S)
        self._listening.close()

    def close(self) -> None:
        self.refuse_connections()
        self.settle()


class Pair:
    """Blades, usually "a" and "b", each a peer of all others. `announcement(blade name, port)`
    gives each port its announcement."""

    def __init__(
        self,
        folder: Path,
        keys: Path,
        configs: dict[str, Path],
        engines: dict[str, str],
        announcement: Callable[[str, str], Any],
    ) -> None:
        self.folder = folder
        self.blades = {
            name: Blade(_spec(folder, keys, name, configs[name], engines[name], announcement))
            for name in configs
        }
        self.listeners: dict[str, Listener] = {}
        for name, blade in self.blades.items():
            assert blade.spec.agent is not None
            listening = socket.create_server(("127.0.0.1", 0))
            self.listeners[name] = Listener(blade, listening, blade.spec.agent.credentials)
        for name, other in permutations(configs, 2):
            self.introduce(name, other, self.listeners[other].address)
        self.events: list[dict[str, Any]] = []

    def introduce(self, name: str, peer: str, address: Address) -> None:
        """Tells a blade where a peer listens."""
        agent = self.blades[name].spec.agent
        assert agent is not None
        agent.peers[peer] = address

    def __getitem__(self, name: str) -> Blade:
        return self.blades[name]

    def move(self, source: str, to: str) -> dict[str, Any]:
        """Moves all sessions; waits until the destination has done its part as well."""
        self.events.clear()
        try:
            return self.blades[source].migrate(to, self.events.append)
        finally:
            self.listeners[to].settle()

    def owners(self) -> list[str]:
        """The blades that say that they have the sessions."""
        return [n for n, blade in self.blades.items() if blade.status()["state"] == "active"]

    def close(self) -> None:
        for listener in self.listeners.values():
            listener.close()
        for blade in self.blades.values():
            blade.close()


def _spec(
    folder: Path,
    keys: Path,
    name: str,
    config: Path,
    engine: str,
    announcement: Callable[[str, str], Any],
) -> BladeSpec:
    path = folder / f"{name}.toml"
    path.write_text(f"""
[blade]
name = "{name}"
artifact = "{locate.artifact()}"
vnf_config = "{config}"
engine = "{engine}"
control = "{name}.sock"
state_dir = "{name}"
[[port]]
name = "s11"
driver = "mem"
[[port]]
name = "s1u"
driver = "mem"
[[port]]
name = "sgi"
driver = "mem"
""")
    spec = configuration.load(path)
    ports = tuple(
        replace(port, arguments=SLOTS, announcement=announcement(name, port.name))
        for port in spec.ports
    )
    agent = AgentSpec(("127.0.0.1", 1), credentials(keys, name), {})
    return replace(spec, ports=ports, agent=agent)
