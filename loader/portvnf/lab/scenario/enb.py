"""The eNodeB: GTP-U on S1-U and X2 for its UEs, on a real UDP socket (TS 29.281)."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import struct
from typing import TYPE_CHECKING

from portvnf.errors import LabError
from portvnf.lab import addresses as at
from portvnf.lab import network, packet
from portvnf.lab.scenario import namespaces, places
from portvnf.lab.scenario.ie import Fteid
from portvnf.lab.scenario.reactor import Reactor
from portvnf.lab.scenario.session import Bearer

if TYPE_CHECKING:
    from portvnf.lab.scenario.ue import Ue

_BURST = 64
_ANCILLARY = socket.CMSG_SPACE(4)
_FORWARDED = 0x800000  # marks our TEIDs that receive packets forwarded in a handover


class Enb:
    """One eNB. Everything runs under the reactor's lock."""

    def __init__(self, reactor: Reactor, number: int, namespace: str, address: str) -> None:
        self.number = number
        self.name = f"eNB {number}"
        self.address = address
        self._namespace = namespace
        self.counts = dict.fromkeys(
            (
                "echo",
                "error_indication",
                "end_marker",
                "after_end_marker",
                "unknown_teid",
                "strange",
            ),
            0,
        )
        self._reactor = reactor
        self._by_teid: dict[int, tuple[Ue, int]] = {}
        self._teids: dict[tuple[int, int], int] = {}
        self._forward: dict[int, Fteid] = {}  # our TEID: where its packets go instead
        self._left: set[int] = set()  # those of which the End Marker came
        # As the target of a handover: the gateway's fresh packets wait until those that the
        # source forwards have ended (TS 36.300, 10.1.2.1.1).
        self._arrivals: dict[int, list[bytes]] = {}
        self._next = 0x10000 * number
        self._sequence = 0
        self._socket = namespaces.udp_socket(namespace, address, at.GTPU_PORT)
        # Tell the type of service of each packet, or its traffic class.
        if ":" in address:
            self._socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVTCLASS, 1)
        else:
            self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS, 1)
        reactor.watch(self._socket.fileno(), self._receive)

    def set_mtu(self, mtu: int) -> None:
        """Has its link on S1-U carry no more bytes at once: its kernel sends fragments."""
        network.run_ip(self._namespace, [f"link set {places.S1U.name} mtu {mtu}"])

    def close(self) -> None:
        """Gives the address back."""
        self._reactor.forget(self._socket.fileno())
        self._socket.close()

    # --- bearers ---------------------------------------------------------------------

    def set_up(self, ue: Ue, bearer: Bearer) -> int:
        """Makes a bearer's radio side; our TEID for its downlink."""
        self.tear_down(ue, bearer.ebi)
        self._next += 1
        self._by_teid[self._next] = (ue, bearer.ebi)
        self._teids[ue.number, bearer.ebi] = self._next
        return self._next

    def tear_down(self, ue: Ue, ebi: int) -> None:
        """Forgets a bearer, if it is known."""
        teid = self._teids.pop((ue.number, ebi), None)
        if teid is not None:
            del self._by_teid[teid]
            self._forward.pop(teid, None)
            self._left.discard(teid)
            self._arrivals.pop(teid, None)

    def release(self, ue: Ue) -> None:
        """Forgets all of a UE's bearers."""
        for number, ebi in list(self._teids):
            if number == ue.number:
                self.tear_down(ue, ebi)

    def teid(self, ue: Ue, ebi: int) -> int:
        """Our TEID of a bearer."""
        try:
            return self._teids[ue.number, ebi]
        except KeyError:
            raise LabError(f"{self.name} has no bearer {ebi} of {ue.name}") from None

    def restart(self) -> None:
        """Loses all bearers, as a reboot would, and says nothing to anybody."""
        with self._reactor.changed:
            self._reactor.say(f"{self.name} restarts")
            for ue, _ in self._by_teid.values():
                ue.connected, ue.pages = False, 0
            for table in (self._by_teid, self._teids, self._forward, self._arrivals):
                table.clear()

    # --- handover --------------------------------------------------------------------

    def expect(self, ue: Ue, ebi: int) -> Fteid:
        """As the target: where the source may forward a bearer's packets to. The fresh ones
        wait from now on until the End Marker."""
        teid = self.teid(ue, ebi)
        self._arrivals[teid] = []
        return Fteid(teid | _FORWARDED, self.address)

    def forward(self, ue: Ue, ebi: int, target: Fteid) -> None:
        """As the source: sends a bearer's downlink packets there instead of to the UE."""
        self._forward[self.teid(ue, ebi)] = target

    def arrivals_ended(self, ue: Ue) -> bool:
        """Whether all that was forwarded for the UE has come."""
        return not any(self._by_teid[teid][0] is ue for teid in self._arrivals)

    def _end_arrival(self, teid: int) -> None:
        ue, ebi = self._by_teid[teid]
        for data in self._arrivals.pop(teid, []):
            ue.deliver(ebi, data)

    # --- packets ---------------------------------------------------------------------

    def send(self, bearer: Bearer, data: bytes) -> None:
        """An uplink packet into a bearer's tunnel."""
        self._gtpu(bearer.gateway, packet.GTPU_GPDU, data)

    def echo(self, peer: str) -> None:
        """Sends an Echo Request (7.2.1); the answer counts as `echo`."""
        self._sequence += 1
        head = struct.pack(">BBHIHBB", 0x32, packet.GTPU_ECHO_REQUEST, 4, 0, self._sequence, 0, 0)
        self._socket.sendto(head, (peer, at.GTPU_PORT))

    def _gtpu(self, end: Fteid, kind: int, data: bytes) -> None:
        address = end.reached_from(self.address)
        # A full queue loses packets like any other; the flows count that.
        with contextlib.suppress(BlockingIOError, ConnectionRefusedError):
            message = packet.gtpu(kind, end.teid, data)
            self._socket.sendto(message, (address, at.GTPU_PORT))

    def _receive(self) -> None:
        for _ in range(_BURST):
            try:
                data, about, _, sender = self._socket.recvmsg(65536, _ANCILLARY)
            except BlockingIOError:
                return
            except ConnectionRefusedError:
                continue
            message = packet.parse_gtpu(data)
            if message is None:
                raise LabError(f"{self.name} got no GTP-U from {sender[0]}: {data[:32].hex()}")
            self._take(message, sender[0], about[0][2][0] >> 2 if about else 0)

    def _take(self, message: packet.GtpuMessage, peer: str, dscp: int) -> None:
        match message.message:
            case packet.GTPU_GPDU:
                self._user_packet(message, peer, dscp)
            case packet.GTPU_ECHO_REQUEST:
                answer = packet.gtpu_echo_response(message.sequence)
                self._socket.sendto(answer, (peer, at.GTPU_PORT))
            case packet.GTPU_ECHO_RESPONSE:
                self.counts["echo"] += 1
            case packet.GTPU_ERROR_INDICATION:
                self.counts["error_indication"] += 1
                self._reactor.say(f"{self.name} ← {peer}: Error Indication")
            case packet.GTPU_END_MARKER:
                self._end_marker(message, peer)
            case _:
                self.counts["strange"] += 1

    def _user_packet(self, message: packet.GtpuMessage, peer: str, dscp: int) -> None:
        teid = message.teid & ~_FORWARDED
        found = self._by_teid.get(teid)
        if found is None:
            self.counts["unknown_teid"] += 1
            self._reactor.say(f"{self.name} ← {peer}: packet for unknown TEID {message.teid:#x}")
            self._error_indication(message.teid, peer)
        elif teid in self._forward:
            self.counts["after_end_marker"] += teid in self._left
            self._gtpu(self._forward[teid], packet.GTPU_GPDU, message.payload)
        elif teid in self._arrivals and not message.teid & _FORWARDED:
            self._arrivals[teid].append(message.payload)
        else:
            found[0].bearer(found[1]).dscp = dscp
            found[0].deliver(found[1], message.payload)

    def _end_marker(self, message: packet.GtpuMessage, peer: str) -> None:
        self.counts["end_marker"] += 1
        self._reactor.say(f"{self.name} ← {peer}: End Marker for TEID {message.teid:#x}")
        teid = message.teid & ~_FORWARDED
        if teid in self._forward:
            self._left.add(teid)
            self._gtpu(self._forward[teid], packet.GTPU_END_MARKER, b"")
        elif message.teid & _FORWARDED:
            self._end_arrival(teid)

    def _error_indication(self, teid: int, peer: str) -> None:
        # TS 29.281, 7.3.1: TEID Data I and GTP-U Peer Address, which is ours.
        own = ipaddress.ip_address(self.address).packed
        body = struct.pack(">BIBH", 16, teid, 133, len(own)) + own
        head = struct.pack(
            ">BBHIHBB", 0x32, packet.GTPU_ERROR_INDICATION, 4 + len(body), 0, 0, 0, 0
        )
        self._socket.sendto(head + body, (peer, at.GTPU_PORT))
        self._reactor.say(f"{self.name} → {peer}: Error Indication for TEID {teid:#x}")
