"""The list of PDN connections, chosen and bounded.

Each section is looked through once and left as soon as what is wanted was found: first those
that choose (UEs by IMSI, bearers by their state), then the sessions themselves up to the
limit, then what the chosen ones need besides.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any

from portvnf.identities import digits
from portvnf.insight.addresses import addresses
from portvnf.insight.records import Records

_CONTEXT = 0xFFFFFF  # the low 24 bits of a TEID, in whose order records stand


@dataclass(frozen=True)
class Choice:
    """Which sessions are wanted. None and "" choose all."""

    imsi: str = ""
    """First digits of the IMSI."""
    apn: str = ""
    connected: bool | None = None
    """Whether the default bearer is connected; False: the UE is idle."""
    after: int = 0
    """Only those behind the session of this S5/S8-C TEID."""
    limit: int | None = None


@dataclass
class Row:
    """One PDN connection in short."""

    teid: str
    imsi: str = ""
    apn: str = ""
    ipv4: str = ""
    prefix: str = ""
    lbi: int = 0
    connected: bool = False
    bearers: int = 0
    uplink_bytes: int = 0
    downlink_bytes: int = 0
    """Forwarded since the last charging record, all bearers."""
    enb: str = ""

    def values(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


@dataclass
class Found:
    """The chosen sessions in the gateway's order."""

    rows: list[Row] = field(default_factory=list)
    more: bool = False
    """Whether there are others behind the limit."""


def _key(teid: int | bytes) -> int:
    return teid if isinstance(teid, int) else int.from_bytes(teid, "big")


def find(records: Records, choice: Choice) -> Found:
    """The sessions of a choice. The gateway goes on meanwhile: one that leaves while it is
    being looked at lacks what was not yet read."""
    ues = _ues_by_imsi(records, choice.imsi) if choice.imsi else None
    sessions = _sessions_by_state(records, choice.connected)
    chosen: dict[int, tuple[int, Row]] = {}
    found = Found()
    for record in records.where(
        "session",
        ("s5c_teid", "s11_teid"),
        lambda keys: (
            _key(keys[0]) & _CONTEXT > choice.after & _CONTEXT
            and (ues is None or _key(keys[1]) in ues)
            and (sessions is None or _key(keys[0]) in sessions)
        ),
    ):
        if choice.apn not in ("", record.apn):
            continue
        if choice.limit is not None and len(chosen) >= choice.limit:
            found.more = True
            break
        row = Row(f"{record.s5c_teid:#010x}", apn=record.apn, lbi=record.lbi)
        row.ipv4, row.prefix = addresses(record)
        chosen[record.s5c_teid] = record.s11_teid, row
    found.rows = [row for _, row in chosen.values()]
    _name(records, chosen.values())
    _add_bearers(records, {teid: row for teid, (_, row) in chosen.items()})
    return found


def _ues_by_imsi(records: Records, prefix: str) -> set[int]:
    return {
        _key(teid)
        for teid, imsi in records.values("ue", "s11_teid", "imsi")
        if digits(imsi.hex()).startswith(prefix)
    }


def _sessions_by_state(records: Records, connected: bool | None) -> set[int] | None:
    """Sessions of which a bearer is connected; a UE's bearers are so all or none."""
    if connected is None:
        return None
    octet = bytes([connected])
    return {
        _key(session)
        for session, state in records.values("bearer", "s5c_teid", "connected")
        if state == octet
    }


def _name(records: Records, chosen: Iterable[tuple[int, Row]]) -> None:
    """Fills in the IMSIs; ends with the last one."""
    of_ue: dict[int, list[Row]] = {}
    for ue, row in chosen:
        of_ue.setdefault(ue, []).append(row)
    wanted = (
        (_key(teid), imsi)
        for teid, imsi in records.values("ue", "s11_teid", "imsi")
        if _key(teid) in of_ue
    )
    for teid, imsi in islice(wanted, len(of_ue)) if of_ue else ():
        for row in of_ue[teid]:
            row.imsi = digits(imsi.hex())


def _add_bearers(records: Records, chosen: dict[int, Row]) -> None:
    if not chosen:
        return
    of_bearer: dict[int, Row] = {}
    for bearer in records.where("bearer", ("s5c_teid",), lambda keys: _key(keys[0]) in chosen):
        row = chosen[bearer.s5c_teid]
        of_bearer[bearer.s1u_teid] = row
        row.bearers += 1
        if bearer.ebi == row.lbi:
            row.connected = bearer.connected == "yes"
            row.enb = bearer.enb.address
    wanted = records.where("usage", ("s1u_teid",), lambda keys: _key(keys[0]) in of_bearer)
    for usage in islice(wanted, len(of_bearer)):
        row = of_bearer[usage.s1u_teid]
        row.uplink_bytes += usage.uplink_bytes
        row.downlink_bytes += usage.downlink_bytes
