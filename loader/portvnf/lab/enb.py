"""The BTS: GTP-U over S1-U for all UEs, and the light UEs' end of the traffic.

Runs as a role in the namespace `enb`. S1-U is a TUN device, so that bursts cross without a
socket's queue. The packets of the video UE go to and from the device ue0, which the
controller moves to the namespace `ue`; every other UE is an end point in this process.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from portvnf.engine import Tun
from portvnf.errors import LabError
from portvnf.lab import addresses as at
from portvnf.lab import packet, role, traffic
from portvnf.lab.account import BIN_NS
from portvnf.lab.role import Channel, Message

_READ_MS = 50
_SOLICIT_S = 0.5
_PORTS = (at.GTPU_PORT, at.GTPU_PORT)


@dataclass(frozen=True)
class Bearer:
    """One UE's tunnel: `up` is the gateway's TEID, `down` ours."""

    up: int
    down: int
    flow: traffic.Flow | None  # None: the video UE
    address6: bytes = b""


class Enb:
    """The eNB's user plane; start() runs its threads until stop()."""

    def __init__(self, s1u: Tun, ue: Tun, local: str, gateway: str) -> None:
        self.sink = traffic.Sink(traffic.DOWNLINK)
        self.sources: list[traffic.Source] = []
        self.video_bins: dict[int, int] = {}
        self.counts = dict.fromkeys(
            ("echo", "error_indication", "end_marker", "unknown_teid", "alien", "to_ue", "from_ue"),
            0,
        )
        self.failure: Exception | None = None
        self._local, self._gateway = packet.packed(local), packet.packed(gateway)
        self._s1u, self._ue = s1u, ue
        self._by_teid: dict[int, Bearer] = {}
        self._by_flow: dict[int, Bearer] = {}
        self._video: Bearer | None = None
        self._advertised: set[int] = set()
        self._write_lock = threading.Lock()
        self._halt = threading.Event()
        self._threads = [
            threading.Thread(target=self._guard, args=(step,), name=name, daemon=True)
            for name, step in (("s1u", self._from_s1u), ("ue", self._from_ue))
        ]

    def add(self, bearer: Bearer) -> None:
        """Makes a bearer known, and its light traffic with it."""
        self._by_teid[bearer.down] = bearer
        if bearer.flow is None:
            self._video = bearer
            return
        self._by_flow[bearer.flow.number] = bearer
        self.sink.expect(bearer.flow)
        self.sources.append(traffic.Source(bearer.flow, traffic.UPLINK))

    def start(self) -> None:
        """Starts the threads that serve the two devices."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ends the threads."""
        self._halt.set()
        for thread in self._threads:
            thread.join()

    def _guard(self, step: Callable[[], None]) -> None:
        try:
            while not self._halt.is_set():
                step()
        except Exception as error:  # reported with the next command
            self.failure = error

    def _tunnelled(self, teid: int, inner: bytes) -> bytes:
        outer = packet.gtpu(packet.GTPU_GPDU, teid, inner)
        return packet.udp(self._local, self._gateway, _PORTS, outer)

    def _send_s1u(self, packets: list[bytes]) -> int:
        with self._write_lock:
            return self._s1u.write(packets)

    def send_light(self, burst: list[tuple[traffic.Source, bytes]]) -> int:
        """Sends uplink packets of the light UEs through their tunnels."""
        return self._send_s1u(
            [self._tunnelled(self._by_flow[source.flow.number].up, data) for source, data in burst]
        )

    def _from_ue(self) -> None:
        packets = self._ue.read(_READ_MS)
        video = self._video
        if video is None:
            return
        # Link-local and multicast chatter of the UE's kernel is not for the network.
        routable = [
            data
            for data in packets
            if data[0] >> 4 == 4 or (len(data) >= 40 and data[8] == 0x20 and data[24] != 0xFF)
        ]
        if routable:
            self.counts["from_ue"] += len(routable)
            self._send_s1u([self._tunnelled(video.up, data) for data in routable])

    def _from_s1u(self) -> None:
        packets = self._s1u.read(_READ_MS)
        now_ns = time.monotonic_ns()
        to_ue = []
        for data in packets:
            datagram = packet.parse_udp(data)
            if (
                datagram is None
                or datagram.ports[1] != at.GTPU_PORT
                or datagram.destination != self._local
                or not datagram.intact
            ):
                self.counts["alien"] += 1
                continue
            message = packet.parse_gtpu(datagram.payload)
            if message is None:
                self.counts["alien"] += 1
            elif message.message == packet.GTPU_GPDU:
                inner = self._deliver(message.teid, message.payload, now_ns)
                if inner:
                    to_ue.append(inner)
            else:
                self._control(message, datagram)
        if to_ue:
            self.counts["to_ue"] += self._ue.write(to_ue)
            slot = now_ns // BIN_NS
            octets = sum(map(len, to_ue))
            self.video_bins[slot] = self.video_bins.get(slot, 0) + octets

    def _deliver(self, teid: int, inner: bytes, now_ns: int) -> bytes:
        """Counts a light UE's packet; returns the video UE's, which goes to its device."""
        bearer = self._by_teid.get(teid)
        if bearer is None:
            self.counts["unknown_teid"] += 1
            return b""
        if bearer.flow is None:
            return inner
        if not self.sink.take(inner, now_ns, bearer.flow.number):
            prefix = packet.advertised_prefix(inner)
            if prefix is not None and prefix == bearer.address6[:8]:
                self._advertised.add(bearer.flow.number)
            else:
                self.counts["alien"] += 1
        return b""

    def _control(self, message: packet.GtpuMessage, datagram: packet.Datagram) -> None:
        if message.message == packet.GTPU_ECHO_REQUEST:
            self.counts["echo"] += 1
            answer = packet.gtpu_echo_response(message.sequence)
            ports = (at.GTPU_PORT, datagram.ports[0])
            self._send_s1u([packet.udp(self._local, datagram.source, ports, answer)])
        elif message.message == packet.GTPU_ERROR_INDICATION:
            self.counts["error_indication"] += 1
        elif message.message == packet.GTPU_END_MARKER:
            self.counts["end_marker"] += 1
        else:
            self.counts["alien"] += 1

    def solicit(self, limit_s: float) -> tuple[int, int]:
        """Has every IPv6 light UE ask for its prefix; (UEs, right advertisements)."""
        wanted = {n: bearer for n, bearer in self._by_flow.items() if bearer.address6}
        deadline = time.monotonic() + limit_s
        while (missing := wanted.keys() - self._advertised) and time.monotonic() < deadline:
            for number in sorted(missing):
                solicitation = packet.router_solicitation(wanted[number].address6[8:])
                self._send_s1u([self._tunnelled(wanted[number].up, solicitation)])
            time.sleep(_SOLICIT_S)
        return len(wanted), len(wanted.keys() & self._advertised)


class EnbRole:
    """The commands of the role."""

    def __init__(self, enb: Enb, channel: Channel) -> None:
        self._enb = enb
        self._channel = channel
        self._pacer: traffic.Pacer | None = None
        self.commands: dict[str, Callable[..., Message]] = {
            "bearers": self.bearers,
            "solicit": self.solicit,
            "traffic": self.traffic,
            "quiet": self.quiet,
            "progress": self.progress,
            "result": self.result,
        }

    def bearers(self, bearers: list[dict[str, Any]]) -> Message:
        """Takes {up, down, flow, address4, address6, video} for each UE."""
        for entry in bearers:
            address6 = packet.packed(entry["address6"]) if entry["address6"] else b""
            flow = None
            if not entry["video"]:
                flow = light_flow(entry["flow"], entry["address4"], entry["address6"])
            self._enb.add(Bearer(entry["up"], entry["down"], flow, address6))
        return {}

    def solicit(self, limit_s: float) -> Message:
        """Router discovery of the IPv6 UEs."""
        asked, answered = self._enb.solicit(limit_s)
        return {"asked": asked, "answered": answered}

    def traffic(self, rate: float, limit_s: float) -> Message:
        """Starts the uplink traffic."""
        self._pacer = traffic.Pacer(self._enb.sources, rate, self._enb.send_light, limit_s)
        self._pacer.start()
        return {}

    def quiet(self) -> Message:
        """Stops the uplink traffic; what is under way may still arrive."""
        if self._pacer:
            self._pacer.stop()
        return self.progress()

    def progress(self) -> Message:
        """Running totals; a LabError when a thread has failed."""
        for failure in (self._enb.failure, self._pacer.failure if self._pacer else None):
            if failure:
                raise LabError(str(failure))
        return {
            "sent": sum(source.sent for source in self._enb.sources),
            "received": self._enb.sink.receiver.received,
            "refused": self._pacer.refused if self._pacer else 0,
        }

    def result(self, before_ns: int) -> Message:
        """Everything counted here."""
        return {
            **self.progress(),
            "sent_by_flow": {str(s.flow.number): s.sent for s in self._enb.sources},
            "seen": self._enb.sink.receiver.report(before_ns),
            "video_bins": [[slot * BIN_NS, n] for slot, n in sorted(self._enb.video_bins.items())],
            "gtpu": self._enb.counts,
        }


def light_flow(number: int, address4: str, address6: str) -> traffic.Flow:
    """The light traffic of a UE: over IPv4 where it has that, else over IPv6."""
    server = at.TRAFFIC4 if address4 else at.TRAFFIC6
    return traffic.Flow(
        number, packet.packed(address4 or address6), packet.packed(server), at.LIGHT_PORT
    )


def main(channel: Channel) -> None:
    """Runs the role in the namespace that this process is in."""
    with Tun(at.TUN_S1U) as s1u, Tun(at.TUN_UE) as ue:
        enb = Enb(s1u, ue, at.S1U.v4(at.ENB), at.S1U.v4(at.GATEWAY))
        enb.start()
        commands = EnbRole(enb, channel).commands
        channel.event("ready")
        while not channel.closed:
            channel.serve_waiting(commands)
        enb.stop()


if __name__ == "__main__":
    role.run(main)
