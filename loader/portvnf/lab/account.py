"""Exact accounting of sequenced packets: sent, received, lost, duplicated, reordered, late.

Each direction of each flow numbers its packets 0, 1, 2, …  The sender says how many it sent;
the receiver remembers which it saw. All figures follow from these two.
"""

from __future__ import annotations

import statistics
from array import array
from dataclasses import dataclass, field
from typing import Any

BIN_NS = 100_000_000


@dataclass
class FlowAccount:
    """What the receiver saw of one flow in one direction."""

    next: int = 0  # one more than the highest sequence number seen
    seen: set[int] = field(default_factory=set)
    duplicated: int = 0
    reordered: int = 0

    def take(self, sequence: int) -> bool:
        """Counts one arrival; True when it came exactly in its place."""
        if sequence in self.seen:
            self.duplicated += 1
            return False
        self.seen.add(sequence)
        if sequence == self.next:
            self.next += 1
            return True
        if sequence > self.next:
            self.next = sequence + 1
        else:
            self.reordered += 1
        return False


@dataclass
class Bin:
    """One tenth of a second at a receiver."""

    packets: int = 0
    octets: int = 0
    gaps: int = 0  # arrivals out of their place
    delay_max_ns: int = 0


class Receiver:
    """Counts what arrives in one direction, flow by flow, and along the time."""

    def __init__(self) -> None:
        self.flows: dict[int, FlowAccount] = {}
        self.bins: dict[int, Bin] = {}
        self.misdelivered = 0  # reached an end point that is not its own
        self.damaged = 0  # checksum or format wrong
        self._sent_ns = array("Q")
        self._delay_ns = array("Q")

    def take(self, flow: int, sequence: int, sent_ns: int, now_ns: int, octets: int) -> None:
        """Counts one packet that arrived intact where it belongs."""
        account = self.flows.get(flow)
        if account is None:
            account = self.flows[flow] = FlowAccount()
        in_place = account.take(sequence)
        delay = max(0, now_ns - sent_ns)
        self._sent_ns.append(sent_ns)
        self._delay_ns.append(delay)
        slot = self.bin(now_ns)
        slot.packets += 1
        slot.octets += octets
        slot.gaps += not in_place
        slot.delay_max_ns = max(slot.delay_max_ns, delay)

    def bin(self, now_ns: int) -> Bin:
        """The tenth of a second that `now_ns` lies in."""
        number = now_ns // BIN_NS
        slot = self.bins.get(number)
        if slot is None:
            slot = self.bins[number] = Bin()
        return slot

    @property
    def received(self) -> int:
        """Packets that arrived, each counted once."""
        return sum(len(account.seen) for account in self.flows.values())

    def delays(self, before_ns: int) -> tuple[int, int]:
        """The median delay of packets sent before `before_ns`, and the largest of all."""
        early = [
            delay
            for sent, delay in zip(self._sent_ns, self._delay_ns, strict=True)
            if sent < before_ns
        ]
        return (
            int(statistics.median(early)) if early else 0,
            max(self._delay_ns, default=0),
        )

    def report(self, before_ns: int) -> dict[str, Any]:
        """The counts as JSON; `before_ns` bounds the packets of the median delay."""
        median, largest = self.delays(before_ns)
        return {
            "flows": {
                str(flow): {
                    "received": len(account.seen),
                    "highest": account.next - 1,
                    "duplicated": account.duplicated,
                    "reordered": account.reordered,
                }
                for flow, account in self.flows.items()
            },
            "misdelivered": self.misdelivered,
            "damaged": self.damaged,
            "median_delay_ns": median,
            "max_delay_ns": largest,
            "bins": [
                [
                    number * BIN_NS,
                    slot.packets,
                    slot.octets,
                    slot.gaps,
                    slot.delay_max_ns,
                ]
                for number, slot in sorted(self.bins.items())
            ],
        }


@dataclass(frozen=True)
class Totals:
    """One direction of the light traffic, over all flows."""

    sent: int
    received: int
    lost: int
    duplicated: int
    reordered: int
    misdelivered: int
    damaged: int
    flows: int
    max_added_delay_ms: float
    median_delay_ms: float

    @property
    def clean(self) -> bool:
        """Every packet arrived once, in order, whole, and where it belongs; and some did."""
        bad = self.lost + self.duplicated + self.reordered + self.misdelivered + self.damaged
        return bad == 0 and self.sent == self.received > 0


def totals(sent: dict[str, int], seen: dict[str, Any]) -> Totals:
    """Joins the sender's counts (flow: packets) with the receiver's report.

    A flow that the receiver never saw is lost whole. A packet that was never sent (unknown
    flow or a number beyond the last) counts as misdelivered.
    """
    received = lost = duplicated = reordered = invented = 0
    flows: dict[str, dict[str, int]] = seen["flows"]
    for flow, count in sent.items():
        account = flows.get(flow, {"received": 0, "highest": -1, "duplicated": 0, "reordered": 0})
        received += account["received"]
        lost += max(0, count - account["received"])
        duplicated += account["duplicated"]
        reordered += account["reordered"]
        invented += max(0, account["highest"] + 1 - count)
    invented += sum(account["received"] for flow, account in flows.items() if flow not in sent)
    added = max(0, seen["max_delay_ns"] - seen["median_delay_ns"])
    return Totals(
        sent=sum(sent.values()),
        received=received,
        lost=lost,
        duplicated=duplicated,
        reordered=reordered,
        misdelivered=seen["misdelivered"] + invented,
        damaged=seen["damaged"],
        flows=len(sent),
        max_added_delay_ms=round(added / 1e6, 3),
        median_delay_ms=round(seen["median_delay_ns"] / 1e6, 3),
    )
