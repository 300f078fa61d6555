"""A host with a kernel of its own: what a UE's user or a server's operator can do there."""

from __future__ import annotations

import contextlib
import re
import socket
import subprocess
from pathlib import Path
from typing import Any

from portvnf.errors import LabError
from portvnf.lab.network import inside
from portvnf.lab.scenario import namespaces
from portvnf.lab.scenario.film import Film
from portvnf.lab.scenario.flow import Shape, Stream, Transfer
from portvnf.lab.scenario.reactor import Reactor

_RUN_S = 30.0
_DISCARD = 9
# By family: level, IP_MTU_DISCOVER and IP_MTU of ip(7), or those of ipv6(7).
_MTU_OPTIONS = {4: (socket.IPPROTO_IP, 10, 14), 6: (socket.IPPROTO_IPV6, 23, 24)}
_DO = 2  # IP_PMTUDISC_DO
_FLOOD_BYTES = 972  # of payload: 1,000 of IPv4


class Host:
    """Real programs and sockets in a namespace. `address4`, `address6`: "" without one."""

    name: str
    namespace: str

    def __init__(self, reactor: Reactor, files: Path) -> None:
        self._reactor = reactor
        self._files = files  # a folder for whatever programs leave

    @property
    def address4(self) -> str:
        """The IPv4 address."""
        raise NotImplementedError

    @property
    def address6(self) -> str:
        """The IPv6 address."""
        raise NotImplementedError

    def run(self, *argv: str, limit_s: float = _RUN_S) -> str:
        """Runs a program here; its standard output. A LabError when it fails."""
        try:
            done = subprocess.run(
                inside(self.namespace, list(argv)), capture_output=True, text=True, timeout=limit_s
            )
        except subprocess.TimeoutExpired:
            raise LabError(f"{argv[0]} on {self.name} did not end in {limit_s:g} s") from None
        if done.returncode != 0:
            said = " ".join((done.stderr or done.stdout).split())
            raise LabError(f"{argv[0]} on {self.name} failed: {said[-300:]}")
        return done.stdout

    def ping(self, other: Host | str, count: int = 3, size: int = 56, family: int = 0) -> float:
        """The program ping; the mean round trip in ms. A LabError unless all are answered.

        `family`: 4 or 6, by default 4 where both ends have it."""
        address = other if isinstance(other, str) else self.addresses(other, family)[1]
        said = self.run(
            *("ping", "-n", "-c", str(count), "-i", "0.05", "-W", "3", "-s", str(size), address)
        )
        answered = re.search(r"(\d+) received.*?= [\d.]+/([\d.]+)/", said, re.DOTALL)
        if answered is None or int(answered[1]) != count:
            raise LabError(f"ping from {self.name} to {address}: {' '.join(said.split())[-200:]}")
        return float(answered[2])

    def addresses(self, other: Host, family: int = 0) -> tuple[str, str]:
        """(ours, the other's) of the same family."""
        if family != 6 and self.address4 and other.address4:
            return self.address4, other.address4
        if family != 4 and self.address6 and other.address6:
            return self.address6, other.address6
        raise LabError(f"{self.name} and {other.name} have no addresses of one family")

    def stream(self, other: Host, family: int = 0, **shape: Any) -> Stream:
        """Numbered UDP packets to another host while the `with` lasts; at its end every one
        must have arrived once and in order. `shape`: the fields of flow.Shape."""
        ends = self.addresses(other, family)
        return Stream(self._reactor, self, other, ends, Shape(**shape))

    def flood(self, other: Host, kbits: int, family: int = 0) -> Stream:
        """The same in large packets at so many kbit/s, of which some may be lost."""
        return self.stream(other, family, rate=kbits / 8, size=_FLOOD_BYTES, lossy=True)

    def send(self, other: Host, packets: int = 10, family: int = 0, **shape: Any) -> Stream:
        """Sends numbered UDP packets at once; they must have arrived when the `with` ends."""
        stream = self.stream(other, family, **{**shape, "rate": 0.0})
        stream.burst(packets)
        return stream

    def path_mtu(self, other: Host, size: int, family: int = 0) -> int:
        """What the kernel learns of the path by sending packets of `size` octets that must not
        be fragmented. A LabError when nobody tells it that less fits."""
        ours, theirs = self.addresses(other, family)
        level, discover, mtu = _MTU_OPTIONS[6 if ":" in ours else 4]
        headers = 48 if ":" in ours else 28
        with namespaces.udp_socket(self.namespace, ours, 0) as probe:
            probe.setsockopt(level, discover, _DO)
            probe.connect((theirs, _DISCARD))

            def told() -> int:
                with contextlib.suppress(OSError):  # EMSGSIZE, once the kernel knows
                    probe.send(bytes(size - headers))
                found = probe.getsockopt(level, mtu)
                return found if found < size else 0

            return self._reactor.wait(told, f"{self.name} was not told that {size} are too many")

    def transfer(self, other: Host, octets: int, family: int = 0) -> Transfer:
        """Sends octets over TCP and has the other host check them all, while the `with` lasts
        or until wait()."""
        return Transfer(self._reactor, self, other, self.addresses(other, family), octets)

    def video(self, other: Host, seconds: int = 3) -> Film:
        """An H.264 video by ffmpeg, decoded by the other host's ffmpeg while the `with` lasts;
        at its end every frame must have arrived as it was sent. IPv4."""
        return Film(self.namespace, other.namespace, other.address4, self._files, seconds)
