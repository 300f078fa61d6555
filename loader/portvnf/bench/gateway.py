"""A real gateway for the benchmarks: an agent with TUN ports in a namespace of its own, joined
by a veth pair to another, where the load generator plays the MME. Must run in the sandbox."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

from portvnf import locate
from portvnf.agent import control
from portvnf.bench import messages
from portvnf.bench.pinning import run_on_cpu
from portvnf.errors import AgentError, LabError
from portvnf.lab import addresses as at
from portvnf.lab import network

_READY_S = 120.0
_STOP_S = 10.0
_ROUTER = 101  # last octet of the kernel behind which the gateway's port lies
_PORTS = (at.S11, at.S1U, at.SGI)


class BenchGateway:
    """One running agent with the given engine. Use as a context manager: leaving it ends it."""

    def __init__(self, engine: str, sessions: int, folder: Path, cpu: int) -> None:
        self.mme_namespace = f"{engine}-{sessions}-mme"
        self.name = f"{engine}-{sessions}-gateway"
        self._control = Path("/run/netns") / f"{self.name}.control"
        self._log = folder / f"{self.name}.log"
        self._ready_file = folder / f"{self.name}.ready"
        self._make_network()
        configuration = self._configure(engine, sessions, folder)
        argv = [sys.executable, "-m", "portvnf.cli", "agent", str(configuration)]
        with self._log.open("wb") as errors, self._ready_file.open("wb") as output:
            self._process = subprocess.Popen(
                network.inside(self.name, argv),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
                preexec_fn=partial(run_on_cpu, cpu),
            )
        self._wait_ready()

    def __enter__(self) -> BenchGateway:
        return self

    def __exit__(self, *exception: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for namespace in (self.name, self.mme_namespace):
            network.run_ip(None, [f"netns del {namespace}"])

    def _make_network(self) -> None:
        for namespace in (self.name, self.mme_namespace):
            network.run_ip(None, [f"netns add {namespace}"])
        wire, router = at.S11, at.S11.v4(_ROUTER)
        network.run_ip(
            self.mme_namespace,
            [
                f"link add name {wire.name} type veth peer name {wire.name} netns {self.name}",
                f"link set dev {wire.name} up",
                f"addr add {wire.v4(at.MME)}/24 dev {wire.name}",
            ],
        )
        lines = [f"link set dev {wire.name} up", f"addr add {router}/24 dev {wire.name}"]
        for port in _PORTS:
            device = at.tun_of(port)
            lines += [f"tuntap add dev {device} mode tun", f"link set dev {device} up"]
        lines.append(f"route add {wire.v4(at.GATEWAY)}/32 dev {at.tun_of(wire)}")
        network.run_ip(self.name, lines)
        network.run_ip(self.mme_namespace, [f"route add {wire.v4(at.GATEWAY)}/32 via {router}"])
        settings = [("ipv4/conf/all/rp_filter", 0), ("ipv4/ip_forward", 1)]
        network.set_sysctls(self.name, settings)

    def _configure(self, engine: str, sessions: int, folder: Path) -> Path:
        vepc = folder / f"{self.name}.vepc.toml"
        vepc.write_text(messages.CONFIG.format(sessions=sessions))
        blade = folder / f"{self.name}.toml"
        ports = "".join(
            f'\n[[port]]\nname = "{port.name}"\ndriver = "tun"\ndevice = "{at.tun_of(port)}"\n'
            for port in _PORTS
        )
        # A JSON string is a TOML string.
        blade.write_text(
            f"""[blade]
name = {json.dumps(self.name)}
artifact = {json.dumps(str(locate.artifact()))}
vnf_config = {json.dumps(str(vepc))}
engine = {json.dumps(engine)}
active = true
control = {json.dumps(str(self._control))}
state_dir = {json.dumps(str(folder / self.name))}
{ports}"""
        )
        return blade

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + _READY_S
        while b"ready" not in self._ready_file.read_bytes():
            if self._process.poll() is not None:
                lines = self._log.read_text(errors="replace").strip().splitlines()
                reason = lines[-1] if lines else f"exit status {self._process.returncode}"
                raise LabError(f"the benchmark's {self.name} ended: {reason}")
            if time.monotonic() > deadline:
                self._process.kill()
                raise LabError(f"the benchmark's {self.name} was not ready in {_READY_S:.0f} s")
            time.sleep(0.05)

    def sessions(self) -> int:
        """How many sessions stand, as the gateway itself counts."""
        try:
            status = next(control.exchange(self._control, {"command": "status"}, 10.0))
        except AgentError as error:
            raise LabError(f"the benchmark's {self.name} has gone: {error}") from None
        return int(status["sessions"])

    def cpu_s(self) -> float:
        """The processor time that the agent has used so far, in the kernel too."""
        clock = ctypes.c_int()
        ctypes.CDLL(None).clock_getcpuclockid(self._process.pid, ctypes.byref(clock))
        return time.clock_gettime(clock.value)
