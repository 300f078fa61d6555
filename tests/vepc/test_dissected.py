"""All packets of the vector set, dissected by tshark: one file of packets for each TOML file.

What the gateway sends must be without fault. So must the requests of its peers be, and of the
kind that they claim to be, unless their vector is marked `malformed`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from . import vectors
from .dissector import ERROR, WARNING, Dissection, dissect, write
from .gateway import MS, START_NS
from .gtpc import NUMBERS
from .packets import build

# Expert warnings about our own packets that are no fault of ours, and why.
TOLERATED: dict[str, str] = {}

_SHORT = {
    "create": 32, "modify": 34, "release": 170, "delete": 36, "echo": 1,
}  # fmt: skip
_GTPU = {
    "g_pdu": 255, "error_indication": 26, "end_marker": 254, "gtpu_echo_request": 1,
    "gtpu_echo_response": 2,
}  # fmt: skip


@dataclass(frozen=True)
class Passed:
    """One packet that passed the gateway; `word` the step in which a peer sent it."""

    where: str
    data: bytes
    word: dict[str, Any]

    @property
    def sent(self) -> bool:
        """Whether the gateway sent it."""
        return not self.word


def passed(vector: vectors.Vector) -> list[tuple[int, Passed]]:
    """The packets of a vector and their times in ms."""
    recording, packets, now = vector.recording, [], 0
    for number, action in enumerate(vector.actions):
        where = f"{vector.name}: step {number + 1}"
        for burst in recording.spans[number]:
            step = recording.program["steps"][burst]
            now += step["ms"]
            for _, data in step["packets"]:
                packets.append((now, Passed(where, bytes.fromhex(data), action.word)))
            for _, data in recording.result["steps"][burst]["out"]:
                packets.append((now, Passed(where, bytes.fromhex(data), {})))
    return packets


def faults(packet: Passed, dissection: Dissection) -> list[str]:
    """What tshark holds against one packet."""
    if packet.sent:
        found = dissection.trouble(WARNING)
        return [message for message in found if message not in TOLERATED]
    if "piece" in packet.word:
        return []  # a fragment: what it is a part of is not put together
    found = dissection.trouble(ERROR)
    claimed, told = claim(packet.word, dissection)
    return found if told == claimed else [*found, f"dissected as {told}, not {claimed}"]


def claim(word: dict[str, Any], dissection: Dissection) -> tuple[int | None, int | None]:
    """The message type that a step says it sends, and the one that tshark sees; None, None
    for a packet of no GTP."""
    kind = word["send"]
    types = _SHORT | NUMBERS
    if kind in types:
        return types[kind], next(iter(dissection.gtpc_types), None)
    if kind in _GTPU or kind == "gtpu":
        return _GTPU.get(kind, word.get("type")), next(iter(dissection.gtpu_types), None)
    return None, None


@pytest.mark.parametrize("path", vectors.files(), ids=lambda path: path.stem)
def test_dissected(path: Path, tmp_path: Path) -> None:
    packets: list[tuple[vectors.Vector, Passed]] = []
    stamped: list[tuple[int, bytes]] = []
    at_ns = START_NS
    for vector in vectors.load(path):
        begin, last = at_ns, 0
        for ms, packet in passed(vector):
            at_ns = max(at_ns + 1, begin + ms * MS)
            if packet.data:
                packets.append((vector, packet))
                stamped.append((at_ns, packet.data))
            last = ms
        at_ns = begin + (last + 60_000) * MS  # vectors lie apart
    file = tmp_path / f"{path.stem}.pcap"
    write(stamped, file)
    dissections = dissect(file)
    assert len(dissections) == len(packets)
    listed, excused = [], set()
    for (vector, packet), dissection in zip(packets, dissections, strict=True):
        for fault in faults(packet, dissection):
            if vector.malformed and not packet.sent:
                excused.add(vector.name)
            else:
                way = "sent" if packet.sent else "given"
                listed.append(f"{packet.where}: {way} {packet.data.hex()}: {fault}")
    assert not listed, "\n".join(listed)
    marked = {vector.name for vector, _ in packets if vector.malformed}
    assert marked == excused, "vectors marked malformed in which all is well"


def test_tshark_sees_what_is_wrong(tmp_path: Path) -> None:
    """A message of ours with an IE cut off or a wrong checksum; a request that is another one."""
    sound = build({"send": "echo_response", "sequence": 3, "recovery": 7})[1]
    cut = build({"send": "echo_response", "sequence": 3, "recovery": 7, "append": "0300"})[1]
    file = tmp_path / "wrong.pcap"
    write([(0, sound), (1, cut), (2, sound[:-1] + b"\x09")], file)
    good, bad, checksum = dissect(file)
    assert faults(Passed("", sound, {}), good) == []
    assert faults(Passed("", cut, {}), bad) and faults(Passed("", cut, {}), checksum)
    assert faults(Passed("", sound, {"send": "echo_response"}), good) == []
    assert faults(Passed("", sound, {"send": "echo_request"}), good)
