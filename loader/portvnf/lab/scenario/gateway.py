"""The gateway under test: the blades that can own its sessions, and which one does."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from portvnf.charging.journal import Journal
from portvnf.errors import LabError
from portvnf.lab import addresses as at
from portvnf.lab.addresses import Wire
from portvnf.lab.blade import BladePlan, LabBlade, Message, PortPlan
from portvnf.lab.scenario import places
from portvnf.lab.scenario.reactor import Reactor
from portvnf.lab.site import Site

if TYPE_CHECKING:
    from portvnf.lab.scenario.ue import Ue

MODES: dict[str, tuple[Wire, ...]] = {
    "combined": (places.S11, places.S1U, places.SGI),
    "sgw": (places.S11, places.S1U, places.S5),
    "pgw": (places.S5, places.SGI),
}


@dataclass(frozen=True)
class GatewayPlan:
    """What a gateway is to be: `settings` are further lines of [gateway], `rules` of the file."""

    mode: str
    blades: tuple[str, ...]
    isas: dict[str, str]
    engines: dict[str, str]
    hosts: dict[str, int]  # last octets
    settings: str = ""
    rules: str = ""

    def octet(self, wire: Wire) -> int:
        """The last octet of the gateway's own address on a wire."""
        return places.PGW_ON_S5 if (self.mode, wire) == ("pgw", places.S5) else places.GATEWAY

    def addresses(self, wire: Wire) -> tuple[str, str]:
        """The gateway's own addresses on a wire."""
        return wire.v4(self.octet(wire)), wire.v6(self.octet(wire))

    def toml(self) -> str:
        """vepc.toml, the same for all blades."""
        lines = ["[gateway]", f'mode = "{self.mode}"', "sessions = 1024", "bearers = 4096"]
        for wire in MODES[self.mode]:
            second = "sgi6" if wire is places.SGI else f"{wire.name}_ipv6"
            v4, v6 = self.addresses(wire)
            lines += [f'{wire.name} = "{v4}"', f'{second} = "{v6}"']
        lines.append(self.settings)
        if self.mode != "sgw":
            for name, (pool4, pool6) in places.POOLS.items():
                lines += [
                    "[[apn]]",
                    f'name = "{name}"',
                    f'pool4 = "{pool4}"',
                    f'pool6 = "{pool6}"',
                    f"dns = {json.dumps([places.SGI.v4(30), places.SGI.v6(30)])}",
                    f"mtu = {places.MTU}",
                ]
            lines.append(self.rules)
        return "\n".join(lines) + "\n"

    def site(self, blade: str) -> Site:
        """A blade's namespace: it routes the gateway's addresses into its TUN devices."""
        wires = MODES[self.mode]
        routes = []
        for wire in wires:
            v4, v6 = self.addresses(wire)
            tun = at.tun_of(wire)
            routes += [f"route add {v4}/32 dev {tun}", f"route add {v6}/128 dev {tun}"]
        if places.SGI in wires:
            for pools in places.POOLS.values():
                routes += [f"route add {pool} dev {at.tun_of(places.SGI)}" for pool in pools]
            routes += [
                f"route add default via {places.SGI.v4(places.SERVER)}",
                f"route add ::/0 via {places.SGI.v6(places.SERVER)}",
            ]
        return Site(
            f"blade-{blade}",
            legs=tuple((wire, self.hosts[blade]) for wire in (*wires, at.MIG)),
            router=True,
            devices=tuple(at.tun_of(wire) for wire in wires),
            device_mtu=at.WIRE_MTU,  # what is too big is the gateway's matter, not the kernel's
            routes=tuple(routes),
        )

    def blade_plan(self, blade: str) -> BladePlan:
        """What an agent is told."""
        return BladePlan(
            name=f"blade-{blade}",
            isa=self.isas[blade],
            active=blade == self.blades[0],
            host=self.hosts[blade],
            peers={f"blade-{b}": self.hosts[b] for b in self.blades if b != blade},
            ports=tuple(PortPlan(wire, self.addresses(wire)) for wire in MODES[self.mode]),
            engine=self.engines[blade],
            charging=True,
        )


class Gateway:
    """One gateway, on whichever of its blades is active."""

    def __init__(self, plan: GatewayPlan, folder: Path, artifact: Path, reactor: Reactor) -> None:
        self.plan = plan
        self.active = plan.blades[0]
        self.moves: list[Message] = []
        self._reactor = reactor
        self._stack = contextlib.ExitStack()
        configuration = folder / f"{plan.mode}.toml"
        configuration.write_text(plan.toml())
        self._blades: dict[str, LabBlade] = {}
        try:
            for name in plan.blades:
                blade = LabBlade(plan.blade_plan(name), folder, artifact, configuration)
                self._blades[name] = blade
                self._stack.callback(blade.stop)
        except BaseException:
            self._stack.close()
            raise

    def close(self) -> None:
        """Ends the agents."""
        self._stack.close()

    def wait_ready(self) -> None:
        """Waits until every blade serves or stands by."""
        for blade in self._blades.values():
            blade.wait_ready()

    def ask(self, command: str, **arguments: Any) -> Message:
        """A command to the active blade's control socket; its answer."""
        return self._blades[self.active].request(command, **arguments)

    def migrate(self, target: str = "") -> Message:
        """Moves the sessions to another blade (by default the next one); what the source says
        of it."""
        others = [name for name in self.plan.blades if name != self.active]
        chosen = target or (others[0] if others else "")
        if chosen not in others:
            raise LabError(f"blade {self.active} cannot move its sessions to {chosen!r}")
        self._reactor.say(f"migration from {self.active} to {chosen}")
        *_, done = self._blades[self.active].migrate(f"blade-{chosen}")
        self.active = chosen
        self.moves.append(done)
        self._reactor.say(f"migrated: frozen {done['freeze_ms']:.1f} ms")
        return done

    def bearer_add(self, ue: Ue, rule: str, qci: int, filters: list[str], **more: Any) -> None:
        """Orders a dedicated bearer at the main PDN connection of a UE (ue.dedicated() waits for
        it); the filters in words, `more` as in a [[rule]] of the configuration."""
        self._order("add", ue, rule=rule, qci=qci, filters=filters, **more)

    def bearer_change(self, ue: Ue, rule: str, qci: int, **more: Any) -> None:
        """Orders another quality of service for it, and with `filters` others of those."""
        self._order("change", ue, rule=rule, qci=qci, **more)

    def bearer_remove(self, ue: Ue, rule: str) -> None:
        """Orders its end."""
        self._order("remove", ue, rule=rule)

    def _order(self, action: str, ue: Ue, **order: Any) -> None:
        named = {"imsi": ue.imsi, "apn": ue.pdn.apn, **order}
        self.ask("bearer", action=action, order=named)

    def counters(self) -> dict[str, int]:
        """The VNF's counters on the active blade."""
        found: dict[str, int] = self.ask("counters")["counters"]
        return found

    @property
    def sessions(self) -> int:
        """PDN connections that the active blade holds."""
        return int(self.ask("status")["sessions"])

    def records(self) -> list[dict[str, Any]]:
        """The charging records that its blades have written, whole ones, in no order."""
        journals = [Journal(blade.records) for blade in self._blades.values()]
        return [cdr for journal in journals for cdr in journal.records()]
