"""A capture of every wire, and tshark's opinion of it."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from portvnf.errors import LabError
from portvnf.lab.addresses import Wire

_START_S, _STOP_S = 10.0, 10.0
_ERROR = 0x800000  # _ws.expert.severity
# What is on our wires. UDP ports of users' own make tshark guess at all kinds of protocols in
# their data, and find it wrong: such a frame is judged by nobody.
_OURS = re.compile(
    r"((eth|ethertype|arp|ip|ipv6(\.\w+)?|icmp|icmpv6|udp|tcp|gtp|gtpv2|ipcp|pap|gsm_a(\.\w+)?"
    r"|e164|e212|data|_ws(\.\w+)+)(:|$))+"
)
_COLUMNS = (
    *("frame.number", "frame.protocols", "_ws.expert.severity", "_ws.malformed"),
    *("_ws.col.Protocol", "_ws.col.Info", "_ws.expert.message"),
)


class Capture:
    """Writes NAME.pcap for each wire, in a folder, from construction to stop()."""

    def __init__(self, wires: Sequence[Wire], folder: Path) -> None:
        self.files = {wire.name: folder / f"{wire.name}.pcap" for wire in wires}
        self._processes: list[subprocess.Popen[str]] = []
        try:
            for name, path in self.files.items():
                self._processes.append(
                    subprocess.Popen(
                        ["dumpcap", "-q", "-P", "-s", "65535", "-i", name, "-w", str(path)],
                        stdin=subprocess.DEVNULL,
                        stdout=subprocess.DEVNULL,
                        stderr=subprocess.PIPE,
                        text=True,
                    )
                )
            for process in self._processes:
                self._await_start(process)
        except BaseException:
            self.stop()
            raise

    @staticmethod
    def _await_start(process: subprocess.Popen[str]) -> None:
        assert process.stderr is not None
        said = []
        for line in process.stderr:  # ends when the program does
            said.append(line.strip())
            if line.startswith("File:"):
                return
        raise LabError(f"dumpcap cannot record a wire: {' '.join(said)}")

    def stop(self) -> None:
        """Completes the files."""
        for process in self._processes:
            process.send_signal(signal.SIGINT)
        for process in self._processes:
            try:
                process.communicate(timeout=_STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._processes.clear()

    def keep(self, folder: Path) -> None:
        """Copies the files to a folder of the user's."""
        for path in self.files.values():
            shutil.copy(path, folder)

    def check(self) -> dict[str, int]:
        """Stops, and has tshark dissect every frame; frames by wire. A LabError shows the first
        one that it finds malformed or in error."""
        self.stop()
        with ThreadPoolExecutor(2) as pool:
            return dict(zip(self.files, pool.map(check_file, self.files.values()), strict=True))


def check_file(path: Path) -> int:
    """Has tshark dissect a capture file; its frames. A LabError as of Capture.check."""
    fields = [word for column in _COLUMNS for word in ("-e", column)]
    argv = ["tshark", "-n", "-r", str(path), "-T", "fields", *fields]
    done = subprocess.run(argv, capture_output=True)
    if done.returncode != 0:
        said = " ".join(done.stderr.decode(errors="replace").split())
        raise LabError(f"tshark cannot read a capture: {said[-300:]}")
    # What users send is in its columns as it is, with all that Python takes for an end of line.
    frames = done.stdout.decode(errors="replace").split("\n")[:-1]
    for frame in frames:
        number, protocols, severities, malformed, *about = frame.split("\t")
        wrong = malformed or str(_ERROR) in severities.split(",")
        if wrong and _OURS.fullmatch(protocols):
            raise LabError(f"tshark finds frame {number} of {path.name} bad: {' '.join(about)}")
    return len(frames)
