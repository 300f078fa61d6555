"""Handover between eNBs: X2 with a path switch (TS 23.401, 5.5.1.1.2) and S1 with indirect
forwarding (5.5.1.2.2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from portvnf.lab.scenario import ie, message
from portvnf.lab.scenario.ie import Fteid
from portvnf.lab.scenario.reactor import Reactor

if TYPE_CHECKING:
    from portvnf.lab.scenario.enb import Enb
    from portvnf.lab.scenario.ue import Ue

Step = Callable[[], object]
Handover = Callable[[Reactor, "Ue", "Enb", Step], None]


def at_once() -> None:
    """Nothing happens in between."""


def _prepare(ue: Ue, target: Enb) -> dict[int, Fteid]:
    """The target makes its bearers; where the source may forward each one's packets to."""
    ends = {}
    for pdn in ue.pdns.values():
        for bearer in pdn.bearers.values():
            target.set_up(ue, bearer)
            ends[bearer.ebi] = target.expect(ue, bearer.ebi)
    return ends


def _switch(reactor: Reactor, ue: Ue, target: Enb, ends: dict[int, Fteid], during: Step) -> None:
    with reactor.changed:
        source, ue.enb = ue.enb, target
        for ebi, end in ends.items():
            source.forward(ue, ebi, end)
        reactor.say(f"{ue.name} moves from {source.name} to {target.name}")
    during()
    ue.mme.modify_bearers(ue, target)
    reactor.wait(
        lambda: target.arrivals_ended(ue),
        f"no End Marker reached {target.name} for {ue.name}",
    )
    with reactor.changed:
        source.release(ue)


def x2(reactor: Reactor, ue: Ue, target: Enb, during: Step) -> None:
    """The source forwards to the target itself; the gateway hears of the new path, and its
    End Markers on the old one end the forwarding."""
    with reactor.changed:
        ends = _prepare(ue, target)
    _switch(reactor, ue, target, ends, during)


def s1(reactor: Reactor, ue: Ue, target: Enb, during: Step) -> None:
    """The source forwards through tunnels that the S-GW lends for it."""
    with reactor.changed:
        ends = _prepare(ue, target)
    contexts = [
        ie.group(
            0,
            ie.u8(ie.EBI, ebi),
            ie.f_teid(ie.FORWARD_ENB_DOWNLINK, end),
        )
        for ebi, end in ends.items()
    ]
    answer = ue.mme.ask_for(ue, message.CREATE_FORWARDING, *contexts)
    lent = {
        context.ebi: context.f_teid(0, ie.FORWARD_SGW_DOWNLINK) for context in answer.ies.bearers()
    }
    _switch(reactor, ue, target, lent, during)
    ue.mme.ask_for(ue, message.DELETE_FORWARDING)


KINDS: dict[str, Handover] = {"x2": x2, "s1": s1}
