"""Bytes charged are bytes sent, once each, whichever blade has the record when it is written."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from portvnf.charging.drain import Drain
from portvnf.charging.journal import Journal
from portvnf.errors import MigrationError
from portvnf.migration.destination import Destination
from tests.vepc import packets

from .network import Network
from .pair import Pair
from .subscribers import Subscriber, s11

PACKET_BYTES = 32  # IPv4, UDP, and a number


class Charged:
    """Each blade with a file of charging records, which can be taken away."""

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self.said: list[str] = []
        for name, blade in pair.blades.items():
            (pair.folder / name / "cdr").mkdir(parents=True, exist_ok=True)
            blade.charging = Drain(Journal(self.path(name)), self.said.append)
        pair["a"].charging.begin(pair["a"].instance)

    def path(self, name: str) -> Path:
        return self.pair.folder / name / "cdr" / "cdr.jsonl"

    def take_away(self, name: str) -> None:
        self.path(name).parent.rename(self.pair.folder / name / "away")

    def give_back(self, name: str) -> None:
        (self.pair.folder / name / "away").rename(self.path(name).parent)

    def written(self, name: str) -> list[dict[str, Any]]:
        return Journal(self.path(name)).records()


def leave(network: Network, leaving: list[Subscriber], sequence: int) -> None:
    for number, who in enumerate(leaving, sequence):
        network.ask(s11(packets.delete(who.s11, 5, sequence=number)))


def test_bytes_charged_are_bytes_sent(
    pair: Pair, network: Network, subscribers: list[Subscriber]
) -> None:
    charged = Charged(pair)
    first, second, third, last = (subscribers[n::4] for n in range(4))
    count = len(first)

    def written(name: str, lines: int) -> None:
        network.until(lambda: len(charged.written(name)) >= lines, f"{name} writes {lines}")
        network.until(lambda: pair[name].counters()["records"] == 0, f"{name} has no more")

    network.pump(subscribers, rounds=3)
    network.expect_everything()
    leave(network, first, 1000)
    written("a", count)

    charged.take_away("a")
    leave(network, second, 2000)
    network.until(lambda: bool(charged.said), "the agent complains")
    assert pair["a"].counters()["records"] == count and len(charged.said) == 1
    assert pair.move("a", "b")["event"] == "done"
    written("b", count)

    network.pump([*third, *last], rounds=2)
    network.expect_everything()
    leave(network, third, 3000)
    written("b", 2 * count)
    charged.give_back("a")
    assert pair.move("b", "a")["event"] == "done"
    network.pump(last)
    network.expect_everything()
    leave(network, last, 4000)
    written("a", 2 * count)

    cdrs = [*charged.written("a"), *charged.written("b")]
    names = Counter((cdr["nodeID"], cdr["localSequenceNumber"]) for cdr in cdrs)
    assert len(names) == len(cdrs) == 4 * count and max(names.values()) == 1
    for way, field in (("up", "dataVolumeGPRSUplink"), ("down", "dataVolumeGPRSDownlink")):
        volumes = {
            cdr["servedPDPPDNAddressExt"]: cdr["listOfTrafficVolumes"][0][field] for cdr in cdrs
        }
        assert len(volumes) == len(subscribers)
        for who in subscribers:
            sent = network.sent[way, who.address if way == "up" else who.down]
            address = ".".join(map(str, who.address))
            assert volumes[address] == PACKET_BYTES * sent > 0


def test_a_failed_migration_goes_on_charging(
    pair: Pair, network: Network, subscribers: list[Subscriber], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The drain rests while the source is frozen, and goes on when it serves on."""
    charged = Charged(pair)
    network.pump(subscribers)
    network.expect_everything()
    leave(network, subscribers[:5], 1000)

    def refuse(*_: object) -> None:
        raise MigrationError("the state has not arrived")

    monkeypatch.setattr(Destination, "_check_gauges", refuse)  # asked while the source is frozen
    with pytest.raises(MigrationError, match="has not arrived; a serves on"):
        pair.move("a", "b")
    leave(network, subscribers[5:10], 2000)
    network.until(lambda: len(charged.written("a")) == 10, "a writes on")
    network.until(lambda: pair["a"].counters()["records"] == 0, "they are taken")
    assert charged.said == [] and charged.written("b") == []
    assert pair["a"].migrations["out", "failed"] == pair["b"].migrations["in", "failed"] == 1
