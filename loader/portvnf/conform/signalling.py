"""Control traffic of generated traces: what MMEs and eNodeBs ask for."""

from __future__ import annotations

from portvnf.burst import Packet
from portvnf.conform import population, requests, wire
from portvnf.conform.chance import Chance
from portvnf.conform.population import Pending, Population, Tunnel, Ue
from portvnf.conform.scene import APNS, ENBS, GATEWAY_S1U, GATEWAY_S11, MMES, S1U, S11, Scene

_PDN_TYPES = (1, 2, 3, 3)
_ERROR_INDICATION = 26
_NOBODY = 0xDEAD


class Signalling:
    """Makes S11 requests and S1-U Error Indications and keeps what may be sent again."""

    def __init__(self, chance: Chance, people: Population, scene: Scene) -> None:
        self._chance, self._people = chance, people
        self._numbers = scene.sessions + scene.sessions // 4  # a few more UEs than fit
        self._sequence = 0
        self._recent: list[Packet] = []

    def _next(self) -> int:
        self._sequence = (self._sequence + 1) & 0xFFFFFF
        return self._sequence

    def _tunnel(self) -> Tunnel:
        # Half of the TEIDs have the sign bit of 32 bits set.
        return self._chance.below(1 << 32), self._chance.pick(ENBS)

    def _send(self, mme: Tunnel, message: bytes) -> Packet:
        data = wire.udp4(mme[1], GATEWAY_S11, wire.GTPC_PORT, wire.GTPC_PORT, message)
        packet = Packet(S11, data)
        self._recent.append(packet)
        if len(self._recent) > 64:
            del self._recent[:32]
        return packet

    def attach(self) -> Packet:
        """A UE's first PDN connection, over whatever it had."""
        chance = self._chance
        number = chance.below(self._numbers)
        old = self._people.known(number)
        mme = old.mme if old else (chance.below(1 << 32), chance.pick(MMES))
        return self._create(number, 0, 5, mme)

    def connect(self) -> Packet:
        """One more PDN connection of an attached UE."""
        ue = self._people.pick_ue(self._chance)
        if ue is None or ue.number < 0:
            return self.attach()
        return self._create(ue.number, ue.s11, self._chance.between(5, 15), ue.mme)

    def _create(self, number: int, s11: int, ebi: int, mme: Tunnel) -> Packet:
        chance, sequence = self._chance, self._next()
        enb = self._tunnel() if chance.hit(50) else None
        self._people.expect(sequence, Pending(requests.CREATE, number, s11, ebi, mme, enb))
        apn = chance.pick((APNS[0], APNS[0], *APNS)) if chance.hit(98) else "nosuch"
        message = requests.create(
            chance,
            sequence=sequence,
            teid=s11,
            number=number,
            ebi=ebi,
            apn=apn,
            pdn_type=chance.pick(_PDN_TYPES),
            mme=mme,
            enb=enb,
        )
        return self._send(mme, message)

    def modify(self) -> Packet:
        """A UE becomes active, or its bearers go to another eNodeB."""
        ue = self._people.pick_ue(self._chance)
        if ue is None:
            return self.attach()
        chance, sequence, first = self._chance, self._next(), self._tunnel()
        mme = (chance.below(1 << 32), ue.mme[1]) if chance.hit(20) else ue.mme
        bearers = [(b.ebi, population.enb_of(first, b.ebi)) for b in ue.bearers]
        if chance.hit(5):
            bearers.append((chance.between(5, 15), self._tunnel()))
        pending = Pending(requests.MODIFY, ue.number, ue.s11, 0, mme, first)
        self._people.expect(sequence, pending)
        named = mme if mme != ue.mme or chance.hit(50) else None
        teid = ue.s11
        message = requests.modify(chance, sequence=sequence, teid=teid, bearers=bearers, mme=named)
        return self._send(mme, message)

    def release(self) -> Packet:
        """A UE becomes idle."""
        ue = self._people.pick_ue(self._chance)
        return self.attach() if ue is None else self._to(ue, requests.RELEASE, 0)

    def delete(self) -> Packet:
        """A PDN connection ends; with the last one, the UE leaves."""
        ue = self._people.pick_ue(self._chance)
        if ue is None or not ue.bearers:
            return self.attach()
        return self._to(ue, requests.DELETE, self._chance.pick(ue.bearers).ebi)

    def _to(self, ue: Ue, kind: int, ebi: int) -> Packet:
        sequence = self._next()
        self._people.expect(sequence, Pending(kind, ue.number, ue.s11, ebi, ue.mme))
        if kind == requests.RELEASE:
            return self._send(ue.mme, requests.release(sequence, ue.s11))
        named = None if len(ue.bearers) == 1 and self._chance.hit(50) else ebi
        return self._send(ue.mme, requests.delete(sequence, ue.s11, named))

    def stranger(self) -> Packet:
        """A request for a context that is not there."""
        chance, sequence = self._chance, self._next()
        teid = chance.pick((0, _NOBODY, 0xFFFFFFFF, 0x80000000, 0x00FFFFFF, chance.below(1 << 32)))
        kind = chance.pick((requests.MODIFY, requests.RELEASE, requests.DELETE))
        return self._send((0, chance.pick(MMES)), requests.message(kind, teid, sequence, b""))

    def repeat(self) -> Packet:
        """A request that was sent before."""
        return self._chance.pick(self._recent) if self._recent else self.attach()

    def echo(self) -> Packet:
        """An Echo Request, which tells the MME's restart counter."""
        message = requests.echo(self._next(), self._chance.below(256))
        return self._send((0, self._chance.pick(MMES)), message)

    def other_message(self) -> Packet:
        """Messages that are not for an S/P-GW, and other versions of GTP."""
        chance, sequence = self._chance, self._next()
        message = requests.message(chance.below(256), chance.below(1 << 32), sequence, b"")
        if chance.hit(30):
            message = bytes((chance.below(256),)) + message[1:]
        return self._send((0, chance.pick(MMES)), message)

    def lose(self) -> Packet:
        """An eNodeB has lost a bearer."""
        bearer = self._people.pick_bearer(self._chance)
        known = bearer.enb or bearer.last_enb if bearer else None
        teid, address = known if known and self._chance.hit(85) else self._tunnel()
        body = b"\x10" + teid.to_bytes(4, "big") + b"\x85\0\x04" + address
        message = wire.gtpu(_ERROR_INDICATION, 0, body, flags=2, optional=b"\0\3\0\0")
        source = address if self._chance.hit(90) else self._chance.pick(ENBS)
        data = wire.udp4(source, GATEWAY_S1U, wire.GTPU_PORT, wire.GTPU_PORT, message)
        return Packet(S1U, data)
