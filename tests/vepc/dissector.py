"""tshark's opinion of packets: a dissector that none of us wrote."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

WARNING, ERROR = 0x600000, 0x800000  # severities of expert information

# Checksums are checked; fragments stand alone, since vectors do not belong together.
_OPTIONS = [
    "ip.check_checksum:TRUE", "udp.check_checksum:TRUE", "ip.defragment:FALSE",
    "ipv6.defragment:FALSE", "gtp.dissect_tpdu_as:TPDU heuristic", "tcp.check_checksum:FALSE",
]  # fmt: skip
_FIELDS = (
    "frame.number", "gtpv2.message_type", "gtp.message", "_ws.malformed",
    "_ws.expert.severity", "_ws.expert.message",
)  # fmt: skip


@dataclass(frozen=True)
class Dissection:
    """What tshark says of one packet; expert information by severity and message."""

    gtpc_types: tuple[int, ...]
    gtpu_types: tuple[int, ...]
    malformed: bool
    expert: tuple[tuple[int, str], ...]

    def trouble(self, severity: int) -> list[str]:
        """What is malformed, or of that severity or worse."""
        found = [message for level, message in self.expert if level >= severity]
        return [*found, "malformed"] if self.malformed and not found else found


def write(packets: Iterable[tuple[int, bytes]], path: Path) -> None:
    """Writes packets of (time in ns, bytes) as raw IP with nanosecond stamps."""
    header = bytes.fromhex("a1b23c4d 0002 0004 00000000 00000000 00040000 00000065")
    with path.open("wb") as file:
        file.write(header)
        for at_ns, packet in packets:
            seconds, rest = divmod(at_ns, 1_000_000_000)
            stamps = seconds.to_bytes(4, "big") + rest.to_bytes(4, "big")
            file.write(stamps + 2 * len(packet).to_bytes(4, "big") + packet)


def dissect(path: Path) -> list[Dissection]:
    """Every packet of a file."""
    fields = [part for field in _FIELDS for part in ("-e", field)]
    form = ["-T", "fields", "-E", "separator=/t", "-E", "occurrence=a", "-E", "aggregator=|"]
    listed = []
    for line in _run(path, *form, *fields).splitlines():
        _, gtpc, gtpu, malformed, severities, messages = line.split("\t")
        severity = [int(value, 0) for value in severities.split("|") if value]
        # A message may hold the separator: what cannot be told apart is kept whole.
        texts = messages.split("|")
        if len(texts) != len(severity):
            texts = [messages] * len(severity)
        listed.append(
            Dissection(
                tuple(int(value) for value in gtpc.split("|") if value),
                tuple(int(value, 0) for value in gtpu.split("|") if value),
                bool(malformed),
                tuple(zip(severity, texts, strict=True)),
            )
        )
    return listed


def summaries(path: Path, which: str) -> str:
    """One line for each packet that a display filter lets through."""
    return _run(path, "-Y", which, "-T", "fields", "-e", "_ws.col.Info")


def _run(path: Path, *arguments: str) -> str:
    options = [part for option in _OPTIONS for part in ("-o", option)]
    argv = ["tshark", "-n", "-r", str(path), *options, *arguments]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout
