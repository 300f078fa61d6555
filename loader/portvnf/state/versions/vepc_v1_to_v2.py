"""From version 1 of the vEPC's state to version 2: each new field gets the value that says
what an instance of version 1 meant.

That instance was a combined gateway with default bearers, IPv4 towards its peers and no
requests of its own. It buffered, paged, policed and recorded nothing and sent no echoes; its
clock was not in its state, so that the uptime begins anew. The Charging ID was the session's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from portvnf.errors import ImageError
from portvnf.state.fields import NO_IP, NO_IPV4
from portvnf.state.image import Image, records
from portvnf.state.skim import Skimmer

Record = dict[str, Any]

_NO_TUNNEL = {"teid": 0, "address": NO_IP}
_NOWHERE = {"ipv4": NO_IP, "ipv6": NO_IP}
_QOS = ("qci", "arp", "mbr_uplink", "mbr_downlink", "gbr_uplink", "gbr_downlink")
_CHARGING_IDS = 1 << 32
_NEXT_ECHO_MS = 60000


def convert(old: Image) -> Mapping[str, Iterable[Mapping[str, Any]]]:
    """The records of version 2 by section. The ones that only later functions have are none."""
    charging_ids, next_charging_id = _charging_ids(old)
    return {
        "gateway": _gateway(old, next_charging_id),
        "pool": (_kept(record) for record in records(old, "pool")),
        "path": _paths(old),
        "ue": _ues(old),
        "session": _sessions(old),
        "bearer": _bearers(old, charging_ids),
        "procedure": _procedures(old),
        "usage": _usage(old, charging_ids),
    }


def _kept(record: Any, *left_out: str) -> Record:
    """A record's own fields, nested ones too, but for some."""
    return {k: v for k, v in record.items() if k != "_io" and k not in left_out}


def _address(ipv4: str) -> str:
    return NO_IP if ipv4 == NO_IPV4 else ipv4


def _tunnel(record: Any) -> Record:
    return {"teid": record.teid, "address": _address(record.ipv4)}


def _charging_ids(old: Image) -> tuple[dict[int, int], int]:
    """The Charging ID of each bearer, and the next free one. The session's own goes to its
    default bearer; any other bearer gets a new one, as if it were set up now."""
    sessions = {
        teid: (lbi, charging_id)
        for teid, lbi, charging_id in _numbers(old, "session", "s5c_teid", "lbi", "charging_id")
    }
    (gateway,) = records(old, "gateway")
    following = gateway.next_charging_id
    given: dict[int, int] = {}
    for bearer, session, ebi in _numbers(old, "bearer", "s1u_teid", "s5c_teid", "ebi"):
        default, charging_id = sessions.get(session, (0, 0))
        if ebi != default:
            charging_id, following = following, (following + 1) % _CHARGING_IDS
        given[bearer] = charging_id
    return given, following


def _numbers(old: Image, section: str, *names: str) -> Iterator[list[int]]:
    """Some integers of each record; the records themselves are checked when they are turned."""
    skimmer = Skimmer(old.schema.section(section).record, *names)
    try:
        for _, _, found in skimmer.skim(old.section(section).data):
            yield [int.from_bytes(octets, "big") for octets in found]
    except ImageError as error:
        raise ImageError(f"section {section}: {error}") from None


def _gateway(old: Image, next_charging_id: int) -> Iterator[Record]:
    for record in records(old, "gateway"):
        yield {
            **_kept(record),
            "mode": "combined",
            "s11": {"ipv4": _address(record.s11), "ipv6": NO_IP},
            "s1u": {"ipv4": _address(record.s1u), "ipv6": NO_IP},
            "s5": _NOWHERE,
            "next_charging_id": next_charging_id,
            "next_sequence": 1,
            "next_record": 1,
            "uptime_ms": 0,
            "strangers_remaining_ns": 0,
            "notices_remaining_ns": 0,
            "icmp_remaining_ns": 0,
            "lost_sets": [],
        }


def _paths(old: Image) -> Iterator[Record]:
    for record in records(old, "path"):
        yield {
            **_kept(record, "ipv4"),
            "peer": _address(record.ipv4),
            "interface": "s11" if record.plane == "gtp_c" else "s1u",
            "echo_remaining_ms": _NEXT_ECHO_MS,
            "echo_sequence": 0,
            "echo_tries": 0,
            "down": "no",
            "purging": "no",
            "notification_delay_ms": 0,
            "throttling_percent": 0,
            "throttling_remaining_ms": 0,
            "rate_remaining_ns": 0,
        }


def _ues(old: Image) -> Iterator[Record]:
    for record in records(old, "ue"):
        yield {
            **_kept(record),
            "mme": _tunnel(record.mme),
            "mme_restart": [],
            "mme_csid": "",
            "time_zone": "",
            "suspended": "no",
            "paging": "none",
            "paging_remaining_ms": 0,
            "releasing": "no",
        }


def _sessions(old: Image) -> Iterator[Record]:
    for record in records(old, "session"):
        yield {
            **_kept(record, "charging_id"),
            "charging_characteristics": "",
            "peer": _NO_TUNNEL,
            "peer_restart": [],
            "relocated": "no",
            "rules_wait": "no",
            "record_remaining_ms": 0,
        }


def _bearers(old: Image, charging_ids: Mapping[int, int]) -> Iterator[Record]:
    for record in records(old, "bearer"):
        yield {
            **_kept(record, *_QOS),
            "qos": {name: record[name] for name in _QOS},
            "charging_id": charging_ids.get(record.s1u_teid, 0),
            "rule": "",
            "enb": _tunnel(record.enb),
            "pgw": _NO_TUNNEL,
            "forward_downlink": _NO_TUNNEL,
            "forward_uplink": _NO_TUNNEL,
            "opened_ms": 0,
            "recorded_uplink_packets": 0,
            "recorded_uplink_bytes": 0,
            "recorded_downlink_packets": 0,
            "recorded_downlink_bytes": 0,
            "recorded_ms": 0,
            "records": 0,
            "sgw_change": "no",
        }


def _procedures(old: Image) -> Iterator[Record]:
    for record in records(old, "procedure"):
        yield {**_kept(record), "peer": _address(record.peer)}


def _usage(old: Image, charging_ids: Mapping[int, int]) -> Iterator[Record]:
    for record in records(old, "usage"):
        yield {**_kept(record), "charging_id": charging_ids.get(record.s1u_teid, 0)}
