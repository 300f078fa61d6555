"""Everything that a gateway knows of one UE."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from portvnf import packet_filter
from portvnf.errors import AgentError
from portvnf.identities import digits, location, plmn, tbcd_of_imsi
from portvnf.insight.addresses import addresses
from portvnf.insight.records import Records
from portvnf.state.fields import NO_IP

_WAYS = ("uplink_packets", "uplink_bytes", "downlink_packets", "downlink_bytes")


def find(records: Records, imsi: str) -> dict[str, Any]:
    """The UE with its PDN connections, bearers, filters, usage and buffered packets, in plain
    values. An AgentError when the gateway does not know it."""
    wanted = bytes.fromhex(tbcd_of_imsi(imsi))
    ue = next(records.where("ue", ("imsi",), lambda keys: keys[0] == wanted), None)
    if ue is None:
        raise AgentError(f"no UE has the IMSI {imsi}")
    (gateway,) = records.all("gateway")
    told = {
        "imsi": digits(ue.imsi),
        "msisdn": digits(ue.msisdn),
        "imei": digits(ue.mei),
        "s11_teid": _teid(ue.s11_teid),
        "mme": _tunnel(ue.mme),
        "rat_type": ue.rat_type,
        "serving_network": plmn(ue.serving_network),
        "location": location(ue.uli),
        "suspended": ue.suspended == "yes",
        "paging": ue.paging,
        "paging_remaining_ms": ue.paging_remaining_ms,
    }
    key = ue.s11_teid.to_bytes(4, "big")
    told["sessions"] = [
        _session(record)
        for record in records.where("session", ("s11_teid",), lambda keys: keys[0] == key)
    ]
    _add_bearers(records, told["sessions"], gateway.uptime_ms)
    about = records.where("transaction", ("s11_teid",), lambda keys: keys[0] == key)
    told["requests"] = [
        {"peer": t.peer, "message_type": int(t.message[2:4], 16), "tries": t.tries,
         "remaining_ms": t.remaining_ms}
        for t in about
    ]  # fmt: skip
    return told


def _teid(number: int) -> str:
    return f"{number:#010x}"


def _tunnel(tunnel: Any) -> str:
    """`TEID at ADDRESS`, "" for none."""
    return f"{_teid(tunnel.teid)} at {tunnel.address}" if tunnel.address != NO_IP else ""


def _session(record: Any) -> dict[str, Any]:
    return {
        "apn": record.apn,
        "pdn_type": record.pdn_type,
        "addresses": [address for address in addresses(record) if address],
        "interface_id": f"{record.interface_id:016x}" if record.pdn_type != "ipv4" else "",
        "s5c_teid": _teid(record.s5c_teid),
        "peer": _tunnel(record.peer),
        "lbi": record.lbi,
        "ambr_uplink_kbps": record.ambr_uplink,
        "ambr_downlink_kbps": record.ambr_downlink,
        "charging_characteristics": record.charging_characteristics,
        "bearers": [],
    }


def _bearer(record: Any, uptime_ms: int) -> dict[str, Any]:
    return {
        "ebi": record.ebi,
        "s1u_teid": _teid(record.s1u_teid),
        "charging_id": record.charging_id or None,
        "rule": record.rule,
        "connected": record.connected == "yes",
        "enb": _tunnel(record.enb),
        "pgw": _tunnel(record.pgw),
        "forward_downlink": _tunnel(record.forward_downlink),
        "forward_uplink": _tunnel(record.forward_uplink),
        "qci": record.qos.qci,
        # TS 29.274, 8.15: PCI in bit 7, priority level in bits 6 to 3, PVI in bit 1
        "priority_level": record.qos.arp >> 2 & 0xF,
        "may_preempt": not record.qos.arp & 0x40,
        "may_be_preempted": not record.qos.arp & 0x01,
        "mbr_uplink_kbps": record.qos.mbr_uplink,
        "mbr_downlink_kbps": record.qos.mbr_downlink,
        "gbr_uplink_kbps": record.qos.gbr_uplink,
        "gbr_downlink_kbps": record.qos.gbr_downlink,
        "age_s": max(uptime_ms - record.opened_ms, 0) / 1000,
        "charging_records": record.records,
        "usage": {way: record[f"recorded_{way}"] for way in _WAYS},
        "usage_since_record": dict.fromkeys(_WAYS, 0),
        "filters": [],
        "buffered_packets": 0,
        "buffered_bytes": 0,
    }


def _add_bearers(records: Records, sessions: list[dict[str, Any]], uptime_ms: int) -> None:
    of_session = {_key(s["s5c_teid"]): s for s in sessions}
    bearers: dict[bytes, dict[str, Any]] = {}
    for record in records.where("bearer", ("s5c_teid",), lambda keys: keys[0] in of_session):
        told = _bearer(record, uptime_ms)
        bearers[_key(told["s1u_teid"])] = told
        of_session[record.s5c_teid.to_bytes(4, "big")]["bearers"].append(told)

    def theirs(section: str) -> Iterator[tuple[dict[str, Any], Any]]:
        for record in records.where(section, ("s1u_teid",), lambda keys: keys[0] in bearers):
            yield bearers[record.s1u_teid.to_bytes(4, "big")], record

    for told, usage in theirs("usage"):
        for way in _WAYS:
            told["usage_since_record"][way] = usage[way]
            told["usage"][way] += usage[way]
    for told, record in theirs("filter"):
        told["filters"].append(packet_filter.show(record.match))
    for told, packet in theirs("packet"):
        told["buffered_packets"] += 1
        told["buffered_bytes"] += len(packet.data) // 2


def _key(teid: str) -> bytes:
    return int(teid, 16).to_bytes(4, "big")
