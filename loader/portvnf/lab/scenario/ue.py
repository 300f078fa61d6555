"""The UE: a namespace with a real network interface for each PDN connection."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING

from portvnf.errors import LabError
from portvnf.lab import network
from portvnf.lab.scenario import handover, ie, namespaces, tft
from portvnf.lab.scenario.host import Host
from portvnf.lab.scenario.reactor import Reactor
from portvnf.lab.scenario.session import Bearer, Pdn

if TYPE_CHECKING:
    from portvnf.lab.scenario.enb import Enb
    from portvnf.lab.scenario.mme import Mme

_BURST = 64
_WAITING = 256  # uplink packets kept while the UE comes back from idle
_PACKET_BYTES = 65536
_FIRST_TABLE = 100
# The kernel's own IPv6 behaviour, as of a host: it solicits routers and makes its address of
# the prefix that they advertise and the interface identifier of its link-local address.
_SETTINGS = (
    ("ipv6/conf/default/accept_ra", 2),
    ("ipv6/conf/default/autoconf", 1),
    ("ipv6/conf/default/router_solicitations", 3),
    ("ipv6/conf/default/router_solicitation_interval", 1),
    ("ipv6/conf/default/router_solicitation_delay", 0),
    ("ipv6/conf/default/addr_gen_mode", 1),
)


class Ue(Host):
    """One UE, in the namespace of its name; every method waits until what it says has
    happened."""

    def __init__(self, reactor: Reactor, files: Path, number: int, mme: Mme, enb: Enb) -> None:
        super().__init__(reactor, files)
        self.number = number
        self.name = f"UE {number}"
        self.namespace = f"ue{number}"
        self.mme, self.enb = mme, enb
        self.sgw: ie.Fteid | None = None  # the S-GW's end of S11
        self.pdns: dict[str, Pdn] = {}  # by APN, the first one being the main one
        self.connected = False
        self.pages = 0  # since it went idle
        self._coming_back = False
        self._waiting: list[tuple[Pdn, bytes]] = []
        self._devices: dict[str, int] = {}
        network.set_sysctls(self.namespace, list(_SETTINGS))

    @property
    def imsi(self) -> str:
        """15 digits."""
        return f"{ie.PLMN}{self.number:010d}"

    @property
    def msisdn(self) -> str:
        """The telephone number."""
        return f"4470000{self.number:05d}"

    @property
    def imei(self) -> str:
        """15 digits."""
        return f"35000000{self.number:07d}"

    @property
    def pdn(self) -> Pdn:
        """The main PDN connection."""
        if not self.pdns:
            raise LabError(f"{self.name} is not attached")
        return next(iter(self.pdns.values()))

    @property
    def address4(self) -> str:
        """The IPv4 address of the main PDN connection."""
        return self.pdn.address4

    @property
    def address6(self) -> str:
        """The IPv6 address of the main PDN connection."""
        return self.pdn.address6

    def bearer(self, ebi: int = 0) -> Bearer:
        """A bearer, by default the first one."""
        for pdn in self.pdns.values():
            if not ebi or ebi in pdn.bearers:
                return pdn.bearers[ebi or pdn.ebi]
        raise LabError(f"{self.name} has no bearer {ebi}")

    def dedicated(self, qci: int) -> Bearer:
        """The dedicated bearer of a QCI, once the network has made it."""

        def found() -> Bearer | None:
            every = (b for p in self.pdns.values() for b in p.bearers.values() if b.ebi != p.ebi)
            return next((bearer for bearer in every if bearer.qci == qci), None)

        return self._reactor.wait(found, f"{self.name} was given no bearer of QCI {qci}")

    # --- procedures ------------------------------------------------------------------

    def attach(
        self,
        apn: str = "internet",
        pdn_type: str = "ipv4",
        ambr: tuple[int, int] = (1_000_000, 1_000_000),
        mtu: int = 0,
    ) -> Ue:
        """Attaches, or opens one more PDN connection; `ambr`: uplink, downlink in kbit/s; `mtu`:
        the interface's, instead of the one that the gateway tells.

        The kernel's interface, named as the APN, has its addresses afterwards: that of IPv6 by
        router advertisement."""
        pdn = self.mme.create_session(self, apn, pdn_type, ambr)
        self.connected = True
        self.mme.modify_bearers(self, self.enb)
        self._configure(pdn, mtu or pdn.mtu or 1500)
        if pdn.prefix:
            self._await_address6(pdn)
        return self

    def _configure(self, pdn: Pdn, mtu: int) -> None:
        device = namespaces.tun_device(self.namespace, pdn.apn)
        self._devices[pdn.apn] = device
        lines = [f"link set {pdn.apn} mtu {mtu} txqueuelen 1000 up"]
        # The main PDN connection has the default route; the others are for who uses their
        # addresses.
        main = pdn is self.pdn
        table = "" if main else f" table {_FIRST_TABLE + pdn.ebi}"
        if pdn.address4:
            lines += [
                f"addr add {pdn.address4}/32 dev {pdn.apn}",
                f"route add default dev {pdn.apn} src {pdn.address4}{table}",
            ]
            lines += [] if main else [f"rule add from {pdn.address4}{table}"]
        if pdn.link_local:
            lines.append(f"addr add {pdn.link_local}/64 dev {pdn.apn} nodad")
            if not main:
                lines += [
                    f"-6 route add default dev {pdn.apn}{table}",
                    f"-6 rule add from {pdn.prefix}/64{table}",
                ]
        self._reactor.watch(device, lambda: self._from_kernel(pdn, device))
        network.run_ip(self.namespace, lines)

    def _await_address6(self, pdn: Pdn) -> None:
        def has_it() -> bool:
            shown = self.run("ip", "-6", "-o", "addr", "show", "dev", pdn.apn, "scope", "global")
            # For a moment the kernel looks whether others have it, even where nobody can.
            return f" {pdn.address6}/" in shown and "tentative" not in shown

        self._reactor.wait(has_it, f"{self.name} made no address {pdn.address6}", 8.0)

    def detach(self, apn: str = "") -> Ue:
        """Closes a PDN connection, by default all: then the UE is gone from the network."""
        for pdn in [self.pdns[apn]] if apn else list(self.pdns.values()):
            self.mme.delete_session(self, pdn)
            self.forget(pdn)
        return self

    def lose(self) -> Ue:
        """Forgets all that it knows of the network, which is not told: a battery taken out."""
        for pdn in list(self.pdns.values()):
            self.forget(pdn)
        return self

    def forget(self, pdn: Pdn) -> None:
        """Ends a PDN connection on the UE's and eNB's side alone."""
        with self._reactor.changed:
            self.pdns.pop(pdn.apn, None)
            for ebi in pdn.bearers:
                self.enb.tear_down(self, ebi)
            device = self._devices.pop(pdn.apn, None)
            if device is not None:
                self._reactor.forget(device)
                os.close(device)
            if not self.pdns:
                self.sgw, self.connected = None, False

    def idle(self) -> Ue:
        """Releases the access bearers: the radio connection is gone."""
        self.mme.release_access_bearers(self)
        with self._reactor.changed:
            self.enb.release(self)
            self.connected, self.pages = False, 0
        return self

    def service_request(self) -> Ue:
        """Comes back from idle."""
        with self._reactor.changed:
            self.begin_service()
        self._reactor.wait(lambda: self.connected, f"{self.name} did not come back from idle")
        return self

    def begin_service(self) -> None:
        """Starts to come back from idle, under the reactor's lock, unless it does already."""
        if self.connected or self._coming_back:
            return
        self._coming_back = True
        for pdn in self.pdns.values():
            for bearer in pdn.bearers.values():
                self.enb.set_up(self, bearer)
        # Uplink may flow before the gateway has answered; our ends are ready for downlink.
        exchanges = self.mme.send_modify_bearers(self, self.enb)
        for exchange in exchanges:
            exchange.then.append(lambda answer: self._served())
        self._reactor.say(f"{self.name} comes back through {self.enb.name}")

    def _served(self) -> None:
        self.connected, self._coming_back = True, False
        waiting, self._waiting = self._waiting, []
        for pdn, data in waiting:
            self._uplink(pdn, data)

    def paged(self, limit_s: float = 5.0) -> Ue:
        """Waits until the network has paged the UE and it is connected."""
        self._reactor.wait(
            lambda: self.pages and self.connected, f"{self.name} was not paged", limit_s
        )
        return self

    def handover(
        self, target: Enb, kind: str = "x2", during: handover.Step = handover.at_once
    ) -> Ue:
        """Moves to another eNB: by "x2" with a path switch, or by "s1" with indirect forwarding
        through the S-GW. `during` runs when packets are being forwarded, before the gateway
        is told."""
        handover.KINDS[kind](self._reactor, self, target, during)
        return self

    # --- packets ---------------------------------------------------------------------

    def deliver(self, ebi: int, data: bytes) -> None:
        """A downlink packet from the eNB, into the kernel."""
        for pdn in self.pdns.values():
            if ebi in pdn.bearers:
                pdn.bearers[ebi].downlink.add(data)
                device = self._devices.get(pdn.apn)
                if device is not None:
                    self._write(device, data)
                return

    @staticmethod
    def _write(device: int, data: bytes) -> None:
        try:
            os.write(device, data)
        except OSError as error:
            # A full queue or a device that is not up yet loses it, as any would.
            if error.errno not in (errno.EAGAIN, errno.EIO, errno.EINVAL):
                raise

    def _from_kernel(self, pdn: Pdn, device: int) -> None:
        with contextlib.suppress(BlockingIOError):
            for _ in range(_BURST):
                self._uplink(pdn, os.read(device, _PACKET_BYTES))

    def _uplink(self, pdn: Pdn, data: bytes) -> None:
        if not self.connected:
            if len(self._waiting) < _WAITING:
                self._waiting.append((pdn, data))
            self.begin_service()
            return
        filters = ((b.ebi, b.filters) for b in pdn.bearers.values())
        bearer = pdn.bearers[tft.choose(data, filters, pdn.ebi)]
        bearer.uplink.add(data)
        self.enb.send(bearer, data)

    def close(self) -> None:
        """Ends the devices; the namespace goes with the lab."""
        for device in self._devices.values():
            self._reactor.forget(device)
            os.close(device)
        self._devices.clear()
