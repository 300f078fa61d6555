"""The stage: the network, two blades and all peers, started and stopped together."""

from __future__ import annotations

import contextlib
import platform
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portvnf import locate
from portvnf.errors import LabError
from portvnf.lab import addresses as at
from portvnf.lab import blade, network
from portvnf.lab.blade import LabBlade, demo_plan
from portvnf.lab.role import Message, Role, python_role
from portvnf.lab.run_folder import PKI
from portvnf.lab.timeline import Timeline

VIDEO_UE = 0
_TEID_BASE = 0x10000
_ATTACH_S = 180.0
_RESULT_S = 60.0


@dataclass(frozen=True)
class Ue:
    """An attached UE."""

    number: int
    address4: str
    address6: str
    up: int  # the gateway's S1-U TEID

    @property
    def down(self) -> int:
        """The eNB's S1-U TEID."""
        return _TEID_BASE + self.number

    def as_bearer(self) -> dict[str, Any]:
        """What the eNB and the server are told of it."""
        return {
            "flow": self.number,
            "address4": self.address4,
            "address6": self.address6,
            "up": self.up,
            "down": self.down,
            "video": self.number == VIDEO_UE,
        }


def pdn_type(number: int) -> str:
    """The video UE has both kinds of address; every fourth light UE has IPv6 only."""
    if number == VIDEO_UE:
        return "ipv4v6"
    return "ipv6" if number % 4 == 0 else "ipv4"


class Stage:
    """Everything that runs. Use as a context manager: leaving it ends all processes."""

    def __init__(self, folder: Path, isa: str, sessions: int, timeline: Timeline) -> None:
        self._folder = folder
        self._timeline = timeline
        self._stack = contextlib.ExitStack()
        network.build()
        configuration = folder / "vepc.toml"
        blade.write_gateway_configuration(configuration, sessions)
        blade.make_credentials(folder / PKI)
        self.blades: dict[str, LabBlade] = {}
        self.roles: dict[str, Role] = {}
        try:
            for name, chosen in zip(at.BLADES, (platform.machine(), isa), strict=True):
                plan = demo_plan(name, chosen, active=name == at.BLADES[0])
                started = LabBlade(plan, folder, locate.artifact(), configuration)
                self.blades[name] = started
                self._stack.callback(started.stop)
            for name in ("mme", "enb", "server"):
                role = python_role(name, name, name, folder / f"{name}.log", self._on_event)
                self.roles[name] = role
                self._stack.callback(role.stop)
        except BaseException:
            self._stack.close()
            raise

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def _on_event(self, message: Message) -> None:
        if message["event"] == "attached":
            self._timeline.mark("attach", f"attached {message['count']:,} of {message['of']:,} UEs")

    def attach(self, count: int) -> list[Ue]:
        """Attaches the video UE and `count` light ones; all peers then know them."""
        answer = self.roles["mme"].request(
            "attach",
            timeout_s=_ATTACH_S,
            subscribers=[[number, pdn_type(number)] for number in range(count + 1)],
            apn=at.APN,
            enb=at.S1U.v4(at.ENB),
            teid_base=_TEID_BASE,
            limit_s=_ATTACH_S - 1,
        )
        ues = [
            Ue(int(number), session["address4"], session["address6"], session["sgw_user"]["teid"])
            for number, session in answer["sessions"].items()
        ]
        _check_addresses(ues)
        bearers = [ue.as_bearer() for ue in ues]
        self.roles["enb"].request("bearers", bearers=bearers)
        light = [
            {key: bearer[key] for key in ("flow", "address4", "address6")}
            for bearer in bearers
            if not bearer["video"]
        ]
        self.roles["server"].request("flows", flows=light)
        video = next(ue for ue in ues if ue.number == VIDEO_UE)
        network.give_ue_its_device(video.address4, video.address6)
        return ues

    def solicit(self) -> tuple[int, int]:
        """Router discovery of all IPv6 light UEs: (asked, rightly answered)."""
        answer = self.roles["enb"].request("solicit", timeout_s=30, limit_s=10)
        return answer["asked"], answer["answered"]

    def start_traffic(self, rate: float, limit_s: float) -> None:
        """Starts the light traffic, `rate` packets a second each way, and the signalling."""
        self.roles["mme"].request("signal", echo_s=0.25, modify_s=0.2)
        for name in ("server", "enb"):
            self.roles[name].request("traffic", rate=rate, limit_s=limit_s)

    def stop_traffic(self, patience_s: float = 5.0) -> None:
        """Stops sending and waits until everything has arrived, or nothing more does."""
        ends = self.roles["enb"], self.roles["server"]
        sent = [end.request("quiet")["sent"] for end in ends]
        self.roles["mme"].request("signal")
        received = [-1, -1]
        still_until = time.monotonic() + patience_s
        while time.monotonic() < still_until:
            now = [end.request("progress")["received"] for end in ends]
            if now != received:
                received, still_until = now, time.monotonic() + patience_s
            # Who has everything may still get something twice: a moment's silence more.
            if now == sent[::-1]:
                still_until = min(still_until, time.monotonic() + 1.0)
            time.sleep(0.1)

    def results(self, before_ns: int) -> tuple[Message, Message]:
        """The counts of the eNB and of the server."""
        enb = self.roles["enb"].request("result", timeout_s=_RESULT_S, before_ns=before_ns)
        server = self.roles["server"].request("result", timeout_s=_RESULT_S, before_ns=before_ns)
        return enb, server


def _check_addresses(ues: list[Ue]) -> None:
    addresses = [a for ue in ues for a in (ue.address4, ue.address6) if a]
    tunnels = [ue.up for ue in ues]
    for name, values in (("address", addresses), ("S1-U TEID", tunnels)):
        if len(set(values)) != len(values):
            raise LabError(f"the gateway gave the same {name} to two UEs")
