"""A gateway's state made by construct: a few UEs in all the conditions that can be seen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import construct as cs

from portvnf.insight.records import Records
from portvnf.state import fields
from portvnf.state.schema import load_schema

SCHEMA = load_schema("vepc")

CONNECTED, IDLE = "001010000000001", "001010000000022"
UPTIME_MS = 1_000_000


def blank(kind: Any) -> Any:
    """A value of a type that says nothing: zeros, and none of everything that may be none."""
    match kind:
        case cs.Struct():
            return {name: blank(inner) for name, inner, _ in fields.fields_of(kind)}
        case fields.Bounded():
            return kind.low
        case fields.Choice():
            return next(iter(kind.names))
        case fields.Ipv4():
            return "0.0.0.0"
        case fields.Ipv6() | fields.Ip():
            return "::"
        case fields.Prefix64():
            return "::/64"
        case fields.Octets():
            return "00" * kind.size
        case fields.Blob() | fields.Text():
            return ""
        case fields.Listing():
            return []
    return 0


def filled(kind: Any, values: dict[str, Any]) -> Any:
    """A blank value with some fields set; nested ones by nested dictionaries."""
    made = blank(kind)
    for name, value in values.items():
        inner = {n: k for n, k, _ in fields.fields_of(kind)}[name]
        made[name] = filled(inner, value) if isinstance(inner, cs.Struct) else value
    return made


def octets(section: str, *records: dict[str, Any]) -> bytes:
    """A section's bytes."""
    record = SCHEMA.section(section).record
    return b"".join(record.build(filled(record, values)) for values in records)


UES = (
    {"s11_teid": 0x01000001, "imsi": "00010100000000f1", "msisdn": "440700000010",
     "mei": "5300000000000011", "mme": {"teid": 7, "address": "10.11.0.10"}, "rat_type": 6,
     "serving_network": "00f110", "uli": "1800f110000100f11000000101"},
    {"s11_teid": 2, "imsi": "00010100000020f2", "mme": {"teid": 8, "address": "fd00:11::10"},
     "paging": "notified", "suspended": "yes"},
)  # fmt: skip
SESSIONS = (
    {"s5c_teid": 0x0A, "s11_teid": 0x01000001, "lbi": 5, "apn": "internet", "pdn_type": "ipv4v6",
     "ipv4": "10.45.0.1", "prefix": "2001:db8:45:1::/64", "interface_id": 1,
     "ambr_uplink": 50_000, "ambr_downlink": 100_000},
    {"s5c_teid": 0x0B, "s11_teid": 0x01000001, "lbi": 6, "apn": "ims", "pdn_type": "ipv6",
     "prefix": "2001:db8:46:1::/64"},
    {"s5c_teid": 0x0200000C, "s11_teid": 2, "lbi": 5, "apn": "internet", "pdn_type": "ipv4",
     "ipv4": "10.45.0.2"},
)  # fmt: skip
ENB = {"teid": 0x1234, "address": "10.12.0.20"}
BEARERS = (
    {"s1u_teid": 0x11, "s5c_teid": 0x0A, "ebi": 5, "qos": {"qci": 9, "arp": 0x61},
     "charging_id": 70, "enb": ENB, "connected": "yes", "opened_ms": 400_000,
     "recorded_uplink_packets": 10, "recorded_uplink_bytes": 1000, "records": 2},
    {"s1u_teid": 0x12, "s5c_teid": 0x0A, "ebi": 7, "charging_id": 71, "rule": "voice",
     "qos": {"qci": 1, "arp": 0x08, "mbr_uplink": 128, "mbr_downlink": 128,
             "gbr_uplink": 64, "gbr_downlink": 64}, "enb": ENB, "connected": "yes"},
    {"s1u_teid": 0x13, "s5c_teid": 0x0B, "ebi": 6, "enb": ENB, "connected": "yes"},
    {"s1u_teid": 0x03000014, "s5c_teid": 0x0200000C, "ebi": 5, "enb": ENB, "connected": "no"},
)  # fmt: skip
FILTERS = (
    {"s1u_teid": 0x12, "match": {
        "identifier": 1, "direction": "bidirectional", "precedence": 10, "remote": "10.1.0.0",
        "remote_mask": f"{'ff' * 12}ffff0000", "protocol": [17], "remote_ports": [5060, 5061]}},
    {"s1u_teid": 0x12, "match": {
        "identifier": 2, "direction": "downlink", "precedence": 20, "local_ports": [4000, 4000]}},
)  # fmt: skip
PACKETS = ({"s1u_teid": 0x03000014, "data": "45" * 40}, {"s1u_teid": 0x03000014, "data": "45" * 60})
USAGE = (
    {"s1u_teid": 0x11, "uplink_packets": 3, "uplink_bytes": 300, "downlink_bytes": 5000},
    {"s1u_teid": 0x12, "downlink_packets": 1, "downlink_bytes": 77},
    {"s1u_teid": 0x13},
    {"s1u_teid": 0x03000014, "uplink_bytes": 9},
)
PATHS = (
    {"peer": "10.11.0.10", "plane": "gtp_c", "restart_known": "yes", "restart_counter": 4,
     "echo_remaining_ms": 12_300, "throttling_percent": 40, "throttling_remaining_ms": 5000},
    {"peer": "10.12.0.20", "plane": "gtp_u", "down": "yes", "echo_tries": 3},
)  # fmt: skip
TRANSACTIONS = (
    {"peer": "fd00:11::10", "sequence": 9, "remaining_ms": 800, "tries": 2, "s11_teid": 2,
     "message": "48b0000800000008000009004e"},
)  # fmt: skip
SECTIONS = {
    "gateway": octets(
        "gateway", {"uptime_ms": UPTIME_MS, "s11": {"ipv4": "10.11.0.1"}, "restart_counter": 7}
    ),
    "ue": octets("ue", *UES),
    "session": octets("session", *SESSIONS),
    "bearer": octets("bearer", *BEARERS),
    "filter": octets("filter", *FILTERS),
    "packet": octets("packet", *PACKETS),
    "transaction": octets("transaction", *TRANSACTIONS),
    "usage": octets("usage", *USAGE),
    "path": octets("path", *PATHS),
}


class Stream:
    """SECTIONS as an agent streams them, piece by piece; counts what was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, section: str) -> Iterator[bytes]:
        self.asked.append(section)
        yield b""
        yield SECTIONS.get(section, b"")


def gateway() -> Records:
    return Records(Stream(), SCHEMA)
