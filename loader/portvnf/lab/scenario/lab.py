"""A lab for scenarios: gateways that migrate, MMEs, eNBs, a server, and UEs with a kernel."""

from __future__ import annotations

import contextlib
import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from portvnf import locate
from portvnf.errors import LabError
from portvnf.lab import addresses as at
from portvnf.lab import network, sandbox
from portvnf.lab.blade import Message, make_credentials
from portvnf.lab.run_folder import PKI, RunFolder
from portvnf.lab.scenario import places
from portvnf.lab.scenario.capture import Capture
from portvnf.lab.scenario.enb import Enb
from portvnf.lab.scenario.gateway import Gateway, GatewayPlan
from portvnf.lab.scenario.host import Host
from portvnf.lab.scenario.mme import Mme
from portvnf.lab.scenario.reactor import Reactor
from portvnf.lab.scenario.ue import Ue
from portvnf.lab.site import Site

_MOST_UES = 200


class Server(Host):
    """The host on SGi."""

    name = "the server"
    namespace = "server"

    @property
    def address4(self) -> str:
        """The IPv4 address."""
        return places.SGI.v4(places.SERVER)

    @property
    def address6(self) -> str:
        """The IPv6 address."""
        return places.SGI.v6(places.SERVER)


class Lab:
    """Use as a context manager, inside the sandbox; leaving it ends everything.

    `blades` names the blades of one combined gateway, or `sgw` and `pgw` those of two that are
    chained over S5; the first of each is active. `isas` and `engines` say by name what is not
    this machine's ISA and the JIT. `settings` are further lines of the table [gateway] of every
    vepc.toml, `rules` further tables of that with the APNs. `capture` records every wire.
    """

    def __init__(
        self,
        blades: Sequence[str] = ("a", "b"),
        sgw: Sequence[str] = (),
        pgw: Sequence[str] = (),
        isas: Mapping[str, str] | None = None,
        engines: Mapping[str, str] | None = None,
        settings: str = "",
        rules: str = "",
        capture: bool = False,
        cache: Path | None = None,
    ) -> None:
        chained = bool(sgw or pgw)
        groups = {"sgw": sgw, "pgw": pgw} if chained else {"combined": blades}
        names = [name for group in groups.values() for name in group]
        if not all(groups.values()) or len(set(names)) != len(names) or len(names) > places.MOST:
            raise LabError("a gateway needs blades, and each blade a name of its own")
        hosts = {name: places.FIRST_BLADE + n for n, name in enumerate(names)}
        self._plans = {
            mode: GatewayPlan(
                mode,
                tuple(group),
                {n: (isas or {}).get(n, platform.machine()) for n in group},
                {n: (engines or {}).get(n, "jit") for n in group},
                hosts,
                settings,
                rules,
            )
            for mode, group in groups.items()
        }
        self._wires = [w for w in places.WIRES if chained or w is not places.S5]
        self._names = names
        self._cache = cache or Path(os.environ.get("TMPDIR", "/tmp")) / "portvnf-lab"
        self._wants_capture = capture
        self._stack = contextlib.ExitStack()
        self._enbs: dict[tuple[int, bool], Enb] = {}
        self._mmes: dict[tuple[int, bool], Mme] = {}
        self._ues: dict[int, Ue] = {}
        self.gateways: dict[str, Gateway] = {}
        self.capture: Capture | None = None
        self.reactor = Reactor()

    def __enter__(self) -> Lab:
        if not sandbox.is_inside():
            raise LabError("a Lab works only in the lab's sandbox: run the file by portvnf lab run")
        try:
            self._build()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def _build(self) -> None:
        folder = RunFolder(self._cache)
        self._stack.callback(folder.close, keep=False)
        self.folder = folder.path
        self.server = Server(self.reactor, self.folder)
        pools = [pool for both in places.POOLS.values() for pool in both]
        gateway4, gateway6 = places.SGI.v4(places.GATEWAY), places.SGI.v6(places.GATEWAY)
        server = Site(
            self.server.namespace,
            legs=((places.SGI, places.SERVER),),
            routes=tuple(
                f"route add {pool} via {gateway6 if ':' in pool else gateway4}" for pool in pools
            ),
        )
        sites = [plan.site(name) for plan in self._plans.values() for name in plan.blades]
        network.build(self._wires, ())
        self._stack.callback(network.remove_wires, self._wires)
        for site in (*sites, server):
            self._add(site)
        make_credentials(folder.path / PKI, [f"blade-{name}" for name in self._names])
        for mode, plan in self._plans.items():
            gateway = Gateway(plan, folder.path, locate.artifact(), self.reactor)
            self.gateways[mode] = gateway
            self._stack.callback(gateway.close)
        if self._wants_capture:
            wires = [w for w in self._wires if w is not at.MIG]
            self.capture = Capture(wires, folder.path)
            self._stack.callback(self.capture.stop)
        self._stack.enter_context(self.reactor)
        for gateway in self.gateways.values():
            gateway.wait_ready()

    def _add(self, site: Site) -> None:
        network.add(site)
        self._stack.callback(network.remove, site)

    # --- who is there ----------------------------------------------------------------

    @property
    def gateway(self) -> Gateway:
        """The combined gateway, or the P-GW of two."""
        return self.gateways.get("combined") or self.gateways["pgw"]

    @property
    def sgw(self) -> Gateway:
        """The gateway that MMEs and eNBs see."""
        return self.gateways.get("combined") or self.gateways["sgw"]

    def mme(self, number: int = 1, ipv6: bool = False) -> Mme:
        """An MME, made when it is first asked for; `ipv6`: it speaks over IPv6."""
        key = (_within(number), ipv6)
        if key not in self._mmes:
            name, octet = f"mme{number}", places.FIRST_MME + number
            if (number, not ipv6) not in self._mmes:
                self._add(Site(name, legs=((places.S11, octet),)))
            local, sgw = (
                wire(host)
                for wire, host in (
                    (places.S11.v6 if ipv6 else places.S11.v4, octet),
                    (places.S11.v6 if ipv6 else places.S11.v4, places.GATEWAY),
                )
            )
            pgw = places.S5.v4(places.PGW_ON_S5) if "pgw" in self.gateways else sgw
            made = Mme(self.reactor, f"MME {number}", name, local, sgw, pgw)
            self._mmes[key] = made
            self._stack.callback(made.close)
        return self._mmes[key]

    def enb(self, number: int = 1, ipv6: bool = False) -> Enb:
        """An eNB, made when it is first asked for; `ipv6`: its S1-U is IPv6."""
        key = (_within(number), ipv6)
        if key not in self._enbs:
            name, octet = f"enb{number}", places.FIRST_ENB + number
            if (number, not ipv6) not in self._enbs:
                self._add(Site(name, legs=((places.S1U, octet),)))
            address = places.S1U.v6(octet) if ipv6 else places.S1U.v4(octet)
            made = Enb(self.reactor, number, name, address)
            self._enbs[key] = made
            self._stack.callback(made.close)
        return self._enbs[key]

    def ue(self, number: int = 0, mme: Mme | None = None, enb: Enb | None = None) -> Ue:
        """The UE of a number, not attached yet when it is new (0: the next one that is)."""
        chosen = number or max(self._ues, default=0) + 1
        if not 1 <= chosen <= _MOST_UES:
            raise LabError(f"there can be UEs 1 to {_MOST_UES}, not {chosen}")
        if chosen not in self._ues:
            self._add(Site(f"ue{chosen}"))
            made = Ue(self.reactor, self.folder, chosen, mme or self.mme(), enb or self.enb())
            self._ues[chosen] = made
            self._stack.callback(made.close)
        return self._ues[chosen]

    # --- what happens ----------------------------------------------------------------

    def migrate(self, target: str = "") -> Message:
        """Moves a gateway's sessions to the blade of that name, by default the other blade of
        the one that MMEs and eNBs see."""
        for gateway in self.gateways.values():
            if target in gateway.plan.blades:
                return gateway.migrate(target)
        if target:
            raise LabError(f"there is no blade {target!r}")
        return self.sgw.migrate()

    def check_capture(self) -> dict[str, int]:
        """Ends the capture and has tshark check it; frames by wire."""
        if self.capture is None:
            raise LabError("this lab captures nothing: make it with capture=True")
        return self.capture.check()


def _within(number: int) -> int:
    if not 1 <= number <= places.MOST:
        raise LabError(f"there can be MMEs and eNBs 1 to {places.MOST}, not {number}")
    return number
