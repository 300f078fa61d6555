"""Something that holds charging records as an instance does, made by construct."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from portvnf.errors import StateError
from portvnf.state.schema import load_schema
from portvnf.vnf import Chunk
from tests.insight.small_gateway import filled

SCHEMA = load_schema("vepc")
RECORD = SCHEMA.section("record").record
TAKEN = SCHEMA.section("records_taken")


def record(serial: int, **values: Any) -> Any:
    """A charging record of the section `record`."""
    common = {
        "serial": serial, "charging_id": 70, "sequence": 1, "imsi": "00010100000000f1",
        "msisdn": "440700000010", "mei": "5300000000000011", "apn": "internet", "pdn_type": 3,
        "ipv4": "10.45.0.1", "prefix": "2001:db8:45:1::/64", "peer": "10.11.0.10", "ebi": 5,
        "qos": {"qci": 1, "arp": 0x61, "gbr_uplink": 64}, "rat_type": 6,
        "serving_network": "00f110", "uli": "1800f110000100f11000000101",
        "opened_ms": 10_000, "closed_ms": 75_900, "uplink_bytes": 1000 + serial,
        "downlink_bytes": 2000, "uplink_packets": 3, "downlink_packets": 4,
    }  # fmt: skip
    return RECORD.parse(RECORD.build(filled(RECORD, {**common, **values})))


class Holder:
    """Keeps records until it is told that they are taken."""

    def __init__(self, *serials: int, mode: str = "combined", restarts: int = 3) -> None:
        self.schema = SCHEMA
        self.records = [record(serial) for serial in serials]
        self.mode, self.restarts = mode, restarts
        self.refuses = False

    @property
    def serials(self) -> list[int]:
        return [held.serial for held in self.records]

    def gateway(self) -> Any:
        kind = SCHEMA.section("gateway").record
        values = {"mode": self.mode, "restart_counter": self.restarts, "uptime_ms": 100_000,
                  "s11": {"ipv4": "10.11.0.1"}}  # fmt: skip
        return kind.parse(kind.build(filled(kind, values)))

    def export(self, section: str) -> Iterator[Chunk]:
        if section == "gateway":
            yield Chunk(SCHEMA.section("gateway").record.build(self.gateway()), 1)
            return
        assert section == "record"
        half = len(self.records) // 2
        for part in (self.records[:half], [], self.records[half:]):
            yield Chunk(b"".join(RECORD.build(held) for held in part), len(part))

    def import_(self, section: int, data: bytes, first: bool) -> int:
        assert section == TAKEN.number and first
        if self.refuses:
            raise StateError("section records_taken: the VNF has no such section")
        below = TAKEN.record.parse(data).below
        self.records = [held for held in self.records if held.serial >= below]
        return 1
