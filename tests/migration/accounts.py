"""What a blade's state says, to be compared with what the network counted."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from portvnf.state import image
from portvnf.state.vepc import SCHEMA

from .pair import Pair


def export(pair: Pair, name: str, folder: Path) -> image.Image:
    path = folder / f"{name}.img"
    pair[name].export(path)
    return image.read(path, SCHEMA)


def usage(state: image.Image) -> Counter[str]:
    """Packets that the gateway counted, "up" and "down"."""
    total: Counter[str] = Counter()
    for record in image.records(state, "usage"):
        total["up"] += record.uplink_packets
        total["down"] += record.downlink_packets
    return total
