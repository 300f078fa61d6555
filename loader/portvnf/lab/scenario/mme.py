"""The MME: attaches UEs, lets them go idle, pages them, hands them over (TS 23.401)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portvnf.errors import LabError
from portvnf.lab.scenario import ie, message, session, tft
from portvnf.lab.scenario.gtpc_peer import Exchange, GtpcPeer
from portvnf.lab.scenario.ie import Fteid
from portvnf.lab.scenario.message import Group, Message
from portvnf.lab.scenario.reactor import Reactor
from portvnf.lab.scenario.session import Bearer, Pdn

if TYPE_CHECKING:
    from portvnf.lab.scenario.enb import Enb
    from portvnf.lab.scenario.ue import Ue

_TAC, _ECI = 1, 0x100
_EUTRAN = 6
_FIRST_EBI, _LAST_EBI = 5, 15
_ACCEPT = ie.cause(message.ACCEPTED)


class Mme(GtpcPeer):
    """One MME. What it does with a notification of downlink data is `paging`: "answer" has
    the UE come back at once, "wait" acknowledges and leaves it idle, "refuse" says Cause 90
    (unable to page), and "silent" does not even acknowledge."""

    def __init__(
        self, reactor: Reactor, name: str, namespace: str, address: str, gateway: str, pgw: str
    ) -> None:
        super().__init__(reactor, name, namespace, address)
        self.paging = "answer"
        self.pages = 0  # notifications received, each counted once
        self.ues: dict[int, Ue] = {}
        self._notifications: set[int] = set()  # sequence numbers
        self._gateway, self._pgw = gateway, pgw
        self._reactor = reactor
        self.on(message.DOWNLINK_DATA_NOTIFICATION, self._notified)
        self.on(message.CREATE_BEARER, self._create_bearer)
        self.on(message.UPDATE_BEARER, self._update_bearer)
        self.on(message.DELETE_BEARER, self._delete_bearer)

    def _teid(self, ue: Ue) -> int:
        return 0x1000 + ue.number

    def ask_for(self, ue: Ue, kind: int, *ies: bytes) -> Message:
        with self._reactor.changed:
            exchange = self._send_for(ue, kind, *ies)
        return self.accepted(self.wait(exchange))

    def _send_for(self, ue: Ue, kind: int, *ies: bytes) -> Exchange:
        if ue.sgw is None:
            raise LabError(f"{ue.name} is not attached")
        return self.send(self._gateway, kind, ue.sgw.teid, *ies)

    @staticmethod
    def accepted(answer: Message) -> Message:
        """The answer; a LabError when it is a refusal."""
        if answer.ies.cause not in (message.ACCEPTED, message.ACCEPTED_PARTIALLY, 18):
            raise LabError(f"the gateway refuses: {answer}")
        return answer

    # --- attaching and detaching -----------------------------------------------------

    def create_session(
        self, ue: Ue, apn: str, pdn_type: str, ambr: tuple[int, int], handover: bool = False
    ) -> Pdn:
        """Create Session (7.2.1) for one more PDN connection, the first one attaching."""
        ebi = self._free_ebi(ue)
        indication = bytes([0x80 * (pdn_type == "ipv4v6")]) + bytes(6)
        exchange = self.send(
            self._gateway,
            message.CREATE_SESSION,
            ue.sgw.teid if ue.sgw else 0,
            ie.digits(ie.IMSI, ue.imsi),
            ie.digits(ie.MSISDN, ue.msisdn),
            ie.digits(ie.MEI, ue.imei),
            ie.uli(_TAC, _ECI + ue.enb.number),
            ie.serving_network(),
            ie.u8(ie.RAT_TYPE, _EUTRAN),
            ie.ie(ie.INDICATION, indication),
            ie.f_teid(ie.S11_MME, Fteid(self._teid(ue), self.address)),
            ie.f_teid(ie.S5C_PGW, Fteid(0, self._pgw), 1),
            ie.apn(apn),
            ie.u8(ie.SELECTION_MODE, 0),
            ie.u8(ie.PDN_TYPE, ie.PDN_TYPES[pdn_type]),
            ie.empty_paa(pdn_type),
            ie.u8(ie.APN_RESTRICTION, 0),
            ie.ambr(*ambr),
            ie.asked_options(),
            ie.group(0, ie.u8(ie.EBI, ebi), ie.bearer_qos(9)),
            ie.u8(ie.RECOVERY, self.restarts),
            ie.ie(ie.UE_TIME_ZONE, bytes(2)),
            ie.ie(ie.CHARGING_CHARACTERISTICS, b"\x08\x00"),
        )
        # A Create Bearer Request may come right behind the answer: the UE must be known.
        self.ues[self._teid(ue)] = ue
        exchange.then.append(lambda answer: self._created(ue, apn, answer))
        self.accepted(self.wait(exchange))
        return ue.pdns[apn]

    @staticmethod
    def _created(ue: Ue, apn: str, answer: Message) -> None:
        if answer.ies.cause >= message.CONTEXT_NOT_FOUND:
            return
        ue.sgw, pdn = session.granted(answer, apn)
        ue.pdns[apn] = pdn
        ue.enb.set_up(ue, pdn.bearers[pdn.ebi])

    @staticmethod
    def _free_ebi(ue: Ue) -> int:
        taken = {ebi for pdn in ue.pdns.values() for ebi in pdn.bearers}
        return next(e for e in range(_FIRST_EBI, _LAST_EBI + 1) if e not in taken)

    def delete_session(self, ue: Ue, pdn: Pdn) -> None:
        """Delete Session (7.2.9)."""
        indication = ie.ie(ie.INDICATION, b"\x08" + bytes(6))  # OI: also at the P-GW
        self.ask_for(
            ue,
            message.DELETE_SESSION,
            ie.u8(ie.EBI, pdn.ebi),
            ie.uli(_TAC, _ECI + ue.enb.number),
            indication,
        )

    def restart(self) -> None:
        """Loses everything, as a reboot would, and says so by the Recovery value of its Echo
        Request (TS 23.007, 20); so do its UEs. Waits for the answer."""
        with self._reactor.changed:
            self._reactor.say(f"{self.name} restarts")
            self.restarts += 1
            gone, self.ues = list(self.ues.values()), {}
            for ue in gone:
                ue.lose()
        self.echo()

    def echo(self) -> Message:
        """Echo Request (7.1.1)."""
        return self.ask(self._gateway, message.ECHO, None, ie.u8(ie.RECOVERY, self.restarts))

    # --- connected and idle ----------------------------------------------------------

    def modify_bearers(self, ue: Ue, enb: Enb) -> None:
        """Modify Bearer (7.2.7), one a PDN connection: where the eNB wants the downlink."""
        with self._reactor.changed:
            exchanges = self.send_modify_bearers(ue, enb)
        for exchange in exchanges:
            self.accepted(self.wait(exchange))

    def send_modify_bearers(self, ue: Ue, enb: Enb) -> list[Exchange]:
        """The same without waiting."""
        return [
            self._send_for(
                ue,
                message.MODIFY_BEARER,
                ie.uli(_TAC, _ECI + enb.number),
                ie.u8(ie.RAT_TYPE, _EUTRAN),
                ie.ie(ie.DELAY_VALUE, b"\0"),
                *(
                    ie.group(
                        0,
                        ie.u8(ie.EBI, bearer.ebi),
                        ie.f_teid(ie.S1U_ENB, Fteid(enb.teid(ue, bearer.ebi), enb.address)),
                    )
                    for bearer in pdn.bearers.values()
                ),
            )
            for pdn in ue.pdns.values()
        ]

    def release_access_bearers(self, ue: Ue) -> None:
        """Release Access Bearers (7.2.21)."""
        self.ask_for(ue, message.RELEASE_ACCESS_BEARERS, ie.u8(ie.NODE_TYPE, 0))

    def _notified(self, request: Message) -> bytes | None:
        ue = self.ues.get(request.teid)
        if request.sequence not in self._notifications:
            self._notifications.add(request.sequence)
            self.pages += 1
        if self.paging == "silent":
            return None
        if ue is None or ue.sgw is None:
            return ie.message(177, 0, request.sequence, ie.cause(message.CONTEXT_NOT_FOUND))
        ue.pages += 1
        value = 90 if self.paging == "refuse" else message.ACCEPTED
        if self.paging == "answer":
            ue.begin_service()
        return ie.message(177, ue.sgw.teid, request.sequence, ie.cause(value))

    # --- dedicated bearers -----------------------------------------------------------

    def _of(self, request: Message, bearer: int) -> tuple[Ue, Pdn] | None:
        ue = self.ues.get(request.teid)
        if ue is None:
            return None
        return next(((ue, pdn) for pdn in ue.pdns.values() if bearer in pdn.bearers), None)

    def _answer(self, request: Message, ue: Ue | None, *ies: bytes) -> bytes:
        teid = ue.sgw.teid if ue and ue.sgw else 0
        return ie.message(request.kind + 1, teid, request.sequence, *ies)

    def _unknown(self, request: Message) -> bytes:
        return self._answer(request, None, ie.cause(message.CONTEXT_NOT_FOUND))

    def _create_bearer(self, request: Message) -> bytes | None:
        found = self._of(request, request.ies.ebi)
        if found is None:
            return self._unknown(request)
        ue, pdn = found
        if not ue.connected:
            # It has to be paged first; the request is answered when it is repeated.
            ue.begin_service()
            return None
        contexts = [self._set_up(ue, pdn, asked) for asked in request.ies.bearers()]
        return self._answer(request, ue, _ACCEPT, *contexts)

    def _set_up(self, ue: Ue, pdn: Pdn, asked: Group) -> bytes:
        gateway = asked.f_teid(0, ie.S1U_SGW)
        qos = asked.octets(ie.BEARER_QOS)
        bearer = Bearer(self._free_ebi(ue), qos[1], gateway)
        bearer.filters = tft.apply(asked.octets(ie.BEARER_TFT), [])
        pdn.bearers[bearer.ebi] = bearer
        ue.enb.set_up(ue, bearer)
        own = Fteid(ue.enb.teid(ue, bearer.ebi), ue.enb.address)
        return ie.group(
            0,
            ie.u8(ie.EBI, bearer.ebi),
            _ACCEPT,
            ie.f_teid(ie.S1U_ENB, own),
            ie.f_teid(ie.S1U_SGW, gateway, 1),
        )

    def _update_bearer(self, request: Message) -> bytes:
        contexts, ue = [], None
        for asked in request.ies.bearers():
            found = self._of(request, asked.ebi)
            if found is None:
                return self._unknown(request)
            ue, pdn = found
            bearer = pdn.bearers[asked.ebi]
            if asked.has(ie.BEARER_TFT):
                bearer.filters = tft.apply(asked.octets(ie.BEARER_TFT), bearer.filters)
            if asked.has(ie.BEARER_QOS):
                bearer.qci = asked.octets(ie.BEARER_QOS)[1]
            contexts.append(ie.group(0, ie.u8(ie.EBI, bearer.ebi), _ACCEPT))
        return self._answer(request, ue, _ACCEPT, *contexts)

    def _delete_bearer(self, request: Message) -> bytes:
        if request.ies.has(ie.EBI):  # the default bearer: the whole PDN connection goes
            ebi = request.ies.ebi
            found = self._of(request, ebi)
            if found is None:
                return self._unknown(request)
            ue, pdn = found
            answer = self._answer(request, ue, _ACCEPT, ie.u8(ie.EBI, ebi))
            ue.forget(pdn)
            return answer
        contexts, known = [], None
        for element in request.ies.all(ie.EBI, 1):
            ebi = int(element["Val"].get_val())
            found = self._of(request, ebi)
            if found is None:
                return self._unknown(request)
            known, pdn = found
            known.enb.tear_down(known, ebi)
            del pdn.bearers[ebi]
            contexts.append(ie.group(0, ie.u8(ie.EBI, ebi), _ACCEPT))
        return self._answer(request, known, _ACCEPT, *contexts)
