"""What must be so when random moves are over: each packet came out once and in order, each request
was answered once, and what is charged is what was sent."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

from portvnf.charging.journal import Journal
from tests.vepc import packets

if TYPE_CHECKING:
    from .chaos import Chaos, Ue

PATIENCE_S = 30
PACKET_BYTES = 32  # IPv4, UDP, and a number
ACCEPTED = 16
T3_S = 0.5  # of chaos.toml


def finish(chaos: Chaos) -> None:
    """Lets everything come to its end: all UEs are connected, then deleted."""
    network = chaos.network
    _expect_answers(chaos)
    chaos.arrived()
    for ue in chaos.ues:
        if not ue.connected:
            chaos.connect_ue(ue)
        network.pump([ue.who])
    network.expect_everything(in_order=chaos.in_order, seconds=PATIENCE_S)
    for listener in chaos.pair.listeners.values():
        listener.settle()
    assert chaos.pair.owners() == [chaos.owner]
    assert len(network.open_instances) == 1
    for ue in list(chaos.ues):
        chaos.delete(ue)
    _expect_answers(chaos)
    owner = chaos.pair[chaos.owner]
    network.until(lambda: owner.counters()["records"] == 0, "all records are written", PATIENCE_S)


def _expect_answers(chaos: Chaos) -> None:
    replies = chaos.network.replies
    chaos.network.until(
        lambda: all(replies.get(number) for number in chaos.asked), "all answers come", PATIENCE_S
    )


def check_records(chaos: Chaos) -> None:
    """What the peers were told, and what the blades' journals say."""
    network = chaos.network
    assert network.error_indications == 0 and not chaos.complaints
    for number in chaos.asked:
        (answer,) = network.replies[number]
        ies = packets.split_ies(answer[12:])
        assert next(value[0] for kind, _, value in ies if kind == 2) == ACCEPTED
    assert set(network.replies) == set(chaos.asked)
    for moments in network.notified.values():
        pauses = [later - earlier for (earlier, _), (_, later) in pairwise(moments)]
        assert all(pause > T3_S / 2 for pause in pauses), "a request came again too soon"
    for ue in chaos.gone if chaos.in_order else ():
        _check_tunnels(chaos, ue)
    assert +_charged(chaos) == +_sent(chaos)


def _charged(chaos: Chaos) -> Counter[tuple[str, str]]:
    """Octets in all journals by direction and UE; no record is there twice."""
    charged: Counter[tuple[str, str]] = Counter()
    names: Counter[tuple[str, int]] = Counter()
    for name in chaos.pair.blades:
        for cdr in Journal(chaos.journal(name)).records():
            names[cdr["nodeID"], cdr["localSequenceNumber"]] += 1
            address = cdr["servedPDPPDNAddressExt"]
            for volume in cdr["listOfTrafficVolumes"]:
                charged["up", address] += volume["dataVolumeGPRSUplink"]
                charged["down", address] += volume["dataVolumeGPRSDownlink"]
    assert max(names.values()) == 1, "a record was written twice"
    return charged


def _sent(chaos: Chaos) -> Counter[tuple[str, str]]:
    """Octets by direction and UE address, which UEs may have had one after another."""
    sent: Counter[tuple[str, str]] = Counter()
    for ue in chaos.gone:
        address = ".".join(map(str, ue.who.address))
        sent["down", address] += PACKET_BYTES * chaos.network.sent["down", ue.who.down]
        # A flow up has the address for a name, hence all of its UEs in one.
        sent["up", address] = PACKET_BYTES * chaos.network.sent["up", ue.who.address]
    return sent


def _check_tunnels(chaos: Chaos, ue: Ue) -> None:
    """An eNodeB gets its End Marker once, behind its last packet, and none that it is not
    due."""
    events = chaos.network.tunnels[ue.who.down]
    ends = [teid for teid, number in events if number is None]
    assert ends == ue.switches, f"{ends} for {ue.switches}"
    for teid in ends:
        last = max(at for at, event in enumerate(events) if event[0] == teid)
        assert events[last] == (teid, None)
