"""A blade: the agent of one host, in its namespace, and what one says to it.

blade-a runs this Python; a blade of another ISA runs that ISA's Debian Python under QEMU.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portvnf import pki, roots
from portvnf.agent import control
from portvnf.errors import AgentError, LabError
from portvnf.lab import addresses as at
from portvnf.lab import report
from portvnf.lab.addresses import Wire
from portvnf.lab.network import inside
from portvnf.lab.run_folder import PKI

Message = dict[str, Any]
_READY_S = 420.0  # compiling the VNF anew under QEMU takes its time
_STOP_S = 10.0

_CLI = ("-m", "portvnf.cli")


def write_gateway_configuration(path: Path, sessions: int) -> None:
    """Writes vepc.toml, the same for both blades."""
    path.write_text(
        f"""[gateway]
name = "vepc.lab"
s11 = "{at.S11.v4(at.GATEWAY)}"
s1u = "{at.S1U.v4(at.GATEWAY)}"
sgi = "{at.SGI.v4(at.GATEWAY)}"
sgi6 = "{at.SGI.v6(at.GATEWAY)}"
sessions = {sessions}

[[apn]]
name = "{at.APN}"
pdn_types = ["ipv4", "ipv6", "ipv4v6"]
pool4 = "{at.UE_POOL4}"
pool6 = "{at.UE_POOL6}"
dns = ["{at.SGI.v4(at.SERVER)}", "{at.SGI.v6(at.SERVER)}"]
mtu = {at.APN_MTU}
"""
    )


def make_credentials(folder: Path, names: Iterable[str] = at.BLADES) -> None:
    """Makes a certification authority and a certificate for each blade."""
    folder.mkdir(parents=True, exist_ok=True)
    pki.initialise(folder)
    for name in names:
        pki.issue(folder, name)


def _environment() -> dict[str, str]:
    source = str(Path(__file__).resolve().parents[2])
    return {**os.environ, "PYTHONPATH": source, "PYTHONUNBUFFERED": "1"}


@dataclass(frozen=True)
class PortPlan:
    """A port of the gateway: on which wire, and for which addresses it answers there."""

    wire: Wire
    addresses: tuple[str, ...]


@dataclass(frozen=True)
class BladePlan:
    """What a blade is to be."""

    name: str
    isa: str  # this machine's, or one of portvnf.roots
    active: bool
    host: int  # last octet on every wire
    peers: dict[str, int]  # the blades that it migrates with, likewise
    ports: tuple[PortPlan, ...]
    engine: str = "jit"
    charging: bool = False  # writes its charging records, to LabBlade.records


def demo_plan(name: str, isa: str, active: bool) -> BladePlan:
    """A blade of the demonstration."""
    return BladePlan(
        name,
        isa,
        active,
        host=at.BLADE_HOSTS[name],
        peers={other: host for other, host in at.BLADE_HOSTS.items() if other != name},
        ports=(
            PortPlan(at.S11, (at.S11.v4(at.GATEWAY),)),
            PortPlan(at.S1U, (at.S1U.v4(at.GATEWAY),)),
            PortPlan(at.SGI, (at.SGI.v4(at.GATEWAY), at.SGI.v6(at.GATEWAY))),
        ),
        engine=report.ENGINE,
    )


class LabBlade:
    """One running agent."""

    def __init__(self, plan: BladePlan, folder: Path, artifact: Path, vnf_config: Path) -> None:
        self.plan = plan
        self._folder = folder / plan.name
        self._folder.mkdir()
        # Socket paths are short by law (108 bytes); a lab's folder may be long.
        self._control = Path("/run/netns") / f"{plan.name}.control"
        self._log = self._folder / "agent.log"
        self.records = self._folder / "records.jsonl"
        configuration = self._folder / "blade.toml"
        configuration.write_text(self._toml(folder, artifact, vnf_config))
        argv = [*self._python(), *_CLI, "agent", str(configuration)]
        with self._log.open("wb") as errors:
            self._process = subprocess.Popen(
                inside(plan.name, argv),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env=_environment(),
            )
        self._ready = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    def _python(self) -> list[str]:
        if self.plan.isa == platform.machine():
            return [sys.executable]
        return roots.command(self.plan.isa, {"PYTHONUNBUFFERED": "1"})

    def _toml(self, folder: Path, artifact: Path, vnf_config: Path) -> str:
        name = self.plan.name
        peers = "".join(
            f'{json.dumps(other)} = "{at.MIG.v4(host)}:{at.AGENT_PORT}"\n'
            for other, host in self.plan.peers.items()
        )
        ports = "".join(
            f"""
[[port]]
name = "{port.wire.name}"
driver = "tun"
device = "{at.tun_of(port.wire)}"

[port.announce]
interface = "{port.wire.name}"
addresses = {json.dumps(port.addresses)}
"""
            for port in self.plan.ports
        )
        charging = f"[charging]\nfile = {json.dumps(str(self.records))}\n"
        if not self.plan.charging:
            charging = ""
        # A JSON string is a TOML string.
        return f"""[blade]
name = {json.dumps(name)}
artifact = {json.dumps(str(artifact))}
vnf_config = {json.dumps(str(vnf_config))}
engine = {json.dumps(self.plan.engine)}
active = {json.dumps(self.plan.active)}
control = {json.dumps(str(self._control))}
state_dir = {json.dumps(str(self._folder))}

[agent]
listen = "{at.MIG.v4(self.plan.host)}:{at.AGENT_PORT}"
certificate = {json.dumps(str(folder / PKI / f"{name}.crt"))}
key = {json.dumps(str(folder / PKI / f"{name}.key"))}
trust = {json.dumps(str(folder / PKI / "ca.crt"))}

[agent.peers]
{peers}{charging}{ports}"""

    def _watch(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if "ready" in line:
                self._ready.set()

    @property
    def is_ready(self) -> bool:
        """Whether the agent has said that it listens."""
        return self._ready.is_set()

    def wait_ready(self) -> Message:
        """Waits until the agent serves its control socket; its status."""
        deadline = time.monotonic() + _READY_S
        while not self._ready.wait(0.1):
            if self._process.poll() is not None:
                raise LabError(f"the agent of {self.plan.name} ended: {self._reason()}")
            if time.monotonic() > deadline:
                raise LabError(f"the agent of {self.plan.name} was not ready in {_READY_S:.0f} s")
        return self.request("status")

    def _reason(self) -> str:
        lines = self._log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else f"exit status {self._process.returncode}"

    def exchange(
        self, command: str, timeout_s: float = 30.0, **arguments: Any
    ) -> Iterator[Message]:
        """Sends one command and yields each line that answers it, up to the last."""
        try:
            yield from control.exchange(self._control, {"command": command, **arguments}, timeout_s)
        except AgentError as error:
            raise LabError(
                f"the agent of {self.plan.name} does not answer {command!r}: {error}"
            ) from None

    def request(self, command: str, **arguments: Any) -> Message:
        """Sends one command and returns its one answer; a LabError when it was refused."""
        answer = next(self.exchange(command, **arguments))
        if answer.get("ok") is False:
            raise LabError(
                f"the agent of {self.plan.name} refused {command!r}: {answer['message']}"
            )
        return answer

    def migrate(self, to: str) -> Iterator[Message]:
        """Moves the VNF to another blade; yields each event, the last one being "done"."""
        for answer in self.exchange("migrate", timeout_s=120.0, to=to):
            if answer.get("event") == "error" or answer.get("ok") is False:
                raise LabError(
                    f"the move from {self.plan.name} to {to} failed: {answer['message']}"
                )
            yield answer

    def stop(self) -> None:
        """Ends the agent."""
        if self._process.poll() is None:
            try:
                self.request("stop")
                self._process.wait(_STOP_S)
            except (LabError, subprocess.TimeoutExpired):
                self._process.kill()
        self._process.wait()
        self._watcher.join()  # it has read to the end
        assert self._process.stdout is not None
        self._process.stdout.close()
