"""The server's end of the light traffic, on a TUN device in the namespace `server`."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from portvnf.engine import Tun
from portvnf.errors import LabError
from portvnf.lab import addresses as at
from portvnf.lab import role, traffic
from portvnf.lab.enb import light_flow
from portvnf.lab.role import Channel, Message

_READ_MS = 50


class Server:
    """Sends the downlink traffic and counts the uplink traffic."""

    def __init__(self, tun: Tun) -> None:
        self.sink = traffic.Sink(traffic.UPLINK)
        self.sources: list[traffic.Source] = []
        self.alien = 0
        self.failure: Exception | None = None
        self._tun = tun
        self._pacer: traffic.Pacer | None = None
        self._halt = threading.Event()
        self._thread = threading.Thread(target=self._receive, name="traffic", daemon=True)
        self.commands: dict[str, Callable[..., Message]] = {
            "flows": self.flows,
            "traffic": self.traffic,
            "quiet": self.quiet,
            "progress": self.progress,
            "result": self.result,
        }

    def start(self) -> None:
        """Starts receiving."""
        self._thread.start()

    def stop(self) -> None:
        """Ends receiving."""
        self._halt.set()
        self._thread.join()

    def _receive(self) -> None:
        try:
            while not self._halt.is_set():
                packets = self._tun.read(_READ_MS)
                now_ns = time.monotonic_ns()
                for data in packets:
                    if not self.sink.take(data, now_ns):
                        self.alien += 1
        except Exception as error:  # reported with the next command
            self.failure = error

    def _send(self, burst: list[tuple[traffic.Source, bytes]]) -> int:
        return self._tun.write([data for _source, data in burst])

    def flows(self, flows: list[dict[str, Any]]) -> Message:
        """Takes {flow, address4, address6} for each light UE."""
        for entry in flows:
            flow = light_flow(entry["flow"], entry["address4"], entry["address6"])
            self.sink.expect(flow)
            self.sources.append(traffic.Source(flow, traffic.DOWNLINK))
        return {}

    def traffic(self, rate: float, limit_s: float) -> Message:
        """Starts the downlink traffic."""
        self._pacer = traffic.Pacer(self.sources, rate, self._send, limit_s)
        self._pacer.start()
        return {}

    def quiet(self) -> Message:
        """Stops the downlink traffic; what is under way may still arrive."""
        if self._pacer:
            self._pacer.stop()
        return self.progress()

    def progress(self) -> Message:
        """Running totals; a LabError when a thread has failed."""
        for failure in (self.failure, self._pacer.failure if self._pacer else None):
            if failure:
                raise LabError(str(failure))
        return {
            "sent": sum(source.sent for source in self.sources),
            "received": self.sink.receiver.received,
            "refused": self._pacer.refused if self._pacer else 0,
        }

    def result(self, before_ns: int) -> Message:
        """Everything counted here."""
        return {
            **self.progress(),
            "sent_by_flow": {str(source.flow.number): source.sent for source in self.sources},
            "seen": self.sink.receiver.report(before_ns),
            "alien": self.alien,
        }


def main(channel: Channel) -> None:
    """Runs the role in the namespace that this process is in."""
    with Tun(at.TUN_TRAFFIC) as tun:
        server = Server(tun)
        server.start()
        channel.event("ready")
        while not channel.closed:
            channel.serve_waiting(server.commands)
        server.stop()


if __name__ == "__main__":
    role.run(main)
