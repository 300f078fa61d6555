"""The UEs of a generated trace, as far as the peers know them."""

from __future__ import annotations

from dataclasses import dataclass, field

from portvnf.conform import requests
from portvnf.conform.chance import Chance
from portvnf.conform.scene import MMES

Tunnel = tuple[int, bytes]
"""TEID and IPv4 address."""

_ACCEPTED = (16, 18)


@dataclass
class Bearer:
    """One default bearer; `enb` is None while idle, `last_enb` what it was."""

    ebi: int
    s1u: int
    ipv4: bytes
    prefix: bytes
    enb: Tunnel | None
    last_enb: Tunnel | None = None


@dataclass
class Ue:
    """One attached UE. `number` is -1 when nobody knows whose answer that was."""

    s11: int
    number: int
    mme: Tunnel
    bearers: list[Bearer] = field(default_factory=list)


@dataclass(frozen=True)
class Pending:
    """A request that waits for its answer."""

    kind: int
    number: int
    s11: int
    ebi: int
    mme: Tunnel
    enb: Tunnel | None = None


class Population:
    """All UEs, kept in step with the answers of the gateway."""

    def __init__(self) -> None:
        self.ues: list[Ue] = []
        self._by_s11: dict[int, Ue] = {}
        self._by_number: dict[int, Ue] = {}
        self._pending: dict[int, Pending] = {}

    def expect(self, sequence: int, pending: Pending) -> None:
        """Notes a request that is about to be sent."""
        self._pending[sequence] = pending

    def known(self, number: int) -> Ue | None:
        """The UE of that number."""
        return self._by_number.get(number)

    def pick_ue(self, chance: Chance) -> Ue | None:
        """Any UE."""
        return chance.pick(self.ues) if self.ues else None

    def pick_bearer(self, chance: Chance) -> Bearer | None:
        """Any bearer."""
        ue = self.pick_ue(chance)
        return chance.pick(ue.bearers) if ue and ue.bearers else None

    def learn(self, answer: bytes) -> None:
        """Takes in a GTPv2-C answer of the gateway."""
        if len(answer) < 12 or answer[0] != 0x48:
            return
        sequence = int.from_bytes(answer[8:11], "big")
        pending = self._pending.get(sequence)
        if pending is not None and answer[1] == pending.kind + 1:
            del self._pending[sequence]
        else:
            pending = None  # a request of the gateway's own, or nobody's answer
        ies = {(kind, at): value for kind, at, value in requests.split_ies(answer[12:])}
        cause = ies.get((2, 0), b"\0")[0]
        if answer[1] == requests.CREATE + 1:
            if cause in _ACCEPTED:
                self._created(ies, pending, int.from_bytes(answer[4:8], "big"))
        elif pending is not None:
            self._answered(pending, cause)

    def _created(
        self, ies: dict[tuple[int, int], bytes], pending: Pending | None, mme_teid: int
    ) -> None:
        s11 = int.from_bytes(ies[requests.IE_F_TEID, 0][1:5], "big")
        paa = ies[requests.IE_PAA, 0]
        group = list(requests.split_ies(ies[requests.IE_BEARER_CONTEXT, 0]))
        ebi = next(value[0] for kind, _, value in group if kind == requests.IE_EBI)
        s1u = next(value for kind, _, value in group if kind == requests.IE_F_TEID)[1:5]
        ipv4 = paa[-4:] if paa[0] & 1 else b""
        prefix = paa[2:10] if paa[0] & 2 else b""
        ue = self._by_s11.get(s11)
        if ue is None:
            mine = pending if pending and pending.kind == requests.CREATE else None
            number = mine.number if mine else -1
            self.forget(self._by_number.get(number))
            ue = Ue(s11, number, mine.mme if mine else (mme_teid, MMES[0]))
            self.ues.append(ue)
            self._by_s11[s11] = ue
            if number >= 0:
                self._by_number[number] = ue
        ue.bearers = [bearer for bearer in ue.bearers if bearer.ebi != ebi]
        enb = pending.enb if pending else None
        ue.bearers.append(Bearer(ebi, int.from_bytes(s1u, "big"), ipv4, prefix, enb))

    def _answered(self, pending: Pending, cause: int) -> None:
        ue = self._by_s11.get(pending.s11)
        if ue is None:
            return
        if cause == 64 and pending.kind != requests.DELETE:
            self.forget(ue)
        elif pending.kind == requests.DELETE:
            ue.bearers = [bearer for bearer in ue.bearers if bearer.ebi != pending.ebi]
            if not ue.bearers:
                self.forget(ue)
        elif pending.kind == requests.RELEASE:
            idle(ue)
        elif pending.kind == requests.MODIFY and cause in (16, 17) and pending.enb:
            ue.mme = pending.mme
            for bearer in ue.bearers:
                bearer.last_enb = bearer.enb
                bearer.enb = enb_of(pending.enb, bearer.ebi)

    def forget(self, ue: Ue | None) -> None:
        """The gateway has it no more."""
        if ue is None or self._by_s11.get(ue.s11) is not ue:
            return
        del self._by_s11[ue.s11]
        if self._by_number.get(ue.number) is ue:
            del self._by_number[ue.number]
        # The last one takes its place: no walk through the list moves all that follow.
        place, last = self.ues.index(ue), self.ues.pop()
        if last is not ue:
            self.ues[place] = last


def idle(ue: Ue) -> None:
    """The UE's downlink tunnels are released."""
    for bearer in ue.bearers:
        bearer.last_enb, bearer.enb = bearer.enb or bearer.last_enb, None


def enb_of(first: Tunnel, ebi: int) -> Tunnel:
    """The eNodeB's tunnel for a bearer, where a request names the first bearer's."""
    return (first[0] + ebi) & 0xFFFFFFFF, first[1]
