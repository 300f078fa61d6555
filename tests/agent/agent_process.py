"""An agent as a process of its own, of this ISA or another, and what one says to it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from portvnf import locate, pki, roots
from portvnf.agent import control
from tests.vepc.gateway import DATA

READY_S = 400.0
STOP_S = 20.0
PORTS = ("s11", "s1u", "sgi")


def free_port() -> int:
    """A TCP port of the loopback that nobody listens on just now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def write_blade(
    folder: Path,
    name: str,
    *,
    active: bool = True,
    engine: str = "auto",
    ports: str | None = None,
    peers: dict[str, int] | None = None,
    config: Path = DATA / "thousands.toml",
    more: str = "",
) -> Path:
    """Writes a blade's configuration; `peers` are all blades with the TCP ports that they
    listen on, this one's own among them."""
    if ports is None:
        ports = "".join(
            f'[[port]]\nname = "{port}"\ndriver = "mem"\nslots = 4096\n' for port in PORTS
        )
    agent = ""
    if peers:
        if not (folder / "ca.key").exists():
            pki.initialise(folder)
        pki.issue(folder, name)
        others = "".join(f'{n} = "127.0.0.1:{p}"\n' for n, p in peers.items() if n != name)
        agent = f"""[agent]
listen = "127.0.0.1:{peers[name]}"
certificate = "{name}.crt"
key = "{name}.key"
trust = "ca.crt"
[agent.peers]
{others}"""
    path = folder / f"{name}.toml"
    path.write_text(f"""[blade]
name = "{name}"
artifact = "{locate.artifact()}"
vnf_config = "{config}"
engine = "{engine}"
active = {str(active).lower()}
control = "{name}.sock"
state_dir = "{name}.state"
{agent}
{more}
{ports}""")
    return path


class AgentProcess:
    """A running agent. Use it as a context manager: it never outlives the block."""

    def __init__(
        self,
        configuration: Path,
        isa: str = "host",
        arguments: tuple[str, ...] = (),
        before: str = "",
        **environment: str,
    ) -> None:
        """`before` is Python that the process runs first."""
        self.control = configuration.with_suffix(".sock")
        python = [sys.executable] if isa == "host" else roots.command(isa, environment)
        code = f"{before}\nimport sys\nfrom portvnf.cli import main\nsys.exit(main())"
        argv = [*python, "-c", code, "agent", str(configuration), *arguments]
        self.process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **environment},
        )
        self._timer = threading.Timer(READY_S, self.process.kill)
        self.errors: list[str] = []
        self._reader = threading.Thread(target=self._read_errors)
        self._reader.start()

    def _read_errors(self) -> None:
        assert self.process.stderr is not None
        self.errors += iter(self.process.stderr.readline, "")

    def __enter__(self) -> AgentProcess:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.finish()

    def ready(self) -> dict[str, Any]:
        """Waits for the ready line and returns it."""
        assert self.process.stdout is not None
        self._timer.start()
        line = self.process.stdout.readline()
        self._timer.cancel()
        assert line, f"the agent ended: {self.finish()} {self.errors}"
        message: dict[str, Any] = json.loads(line)
        assert message["event"] == "ready"
        return message

    def ask(self, command: str, **words: Any) -> dict[str, Any]:
        """One command's last answer."""
        return list(control.exchange(self.control, {"command": command, **words}))[-1]

    def terminate(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.finish()

    def finish(self) -> int:
        """Waits for the end; the exit status."""
        status = self.process.wait(STOP_S)
        self._reader.join(STOP_S)
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()
        return status
