"""One subscriber in lines for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

# RAT Type values (TS 29.274, 8.17)
_RATS = {1: "UTRAN", 2: "GERAN", 3: "WLAN", 4: "GAN", 5: "HSPA Evolution", 6: "E-UTRAN",
         7: "Virtual", 8: "E-UTRAN NB-IoT", 9: "LTE-M", 10: "NR"}  # fmt: skip


def described(ue: dict[str, Any]) -> Iterator[str]:
    """The UE, then each PDN connection with its bearers."""
    yield from _pairs(
        "",
        ("IMSI", ue["imsi"]),
        ("MSISDN", ue["msisdn"]),
        ("IMEI", ue["imei"]),
        ("MME", ue["mme"]),
        ("our S11 TEID", ue["s11_teid"]),
        ("access", _RATS.get(ue["rat_type"], f"RAT type {ue['rat_type']}")),
        ("network", ue["serving_network"]),
        ("location", ue["location"]),
        ("suspended", "yes" if ue["suspended"] else ""),
        ("paging", _paging(ue)),
    )
    for request in ue["requests"]:
        yield (
            f"waits for     {request['peer']} to answer message type {request['message_type']}, "
            f"sent {request['tries']} times"
        )
    for session in ue["sessions"]:
        yield ""
        yield f"PDN connection {session['apn']} ({session['pdn_type']})"
        yield from _session(session)


def _paging(ue: dict[str, Any]) -> str:
    if ue["paging"] == "none":
        return ""
    rest = ue["paging_remaining_ms"]
    return f"{ue['paging']}, {rest / 1000:.1f} s left" if rest else f"{ue['paging']}"


def _pairs(indent: str, *pairs: tuple[str, object]) -> Iterator[str]:
    """Name and value a line; without those that say nothing."""
    for name, value in pairs:
        if value not in ("", None, []):
            yield f"{indent}{name:12}  {value}"


def _session(session: dict[str, Any]) -> Iterator[str]:
    yield from _pairs(
        "  ",
        ("addresses", " ".join(session["addresses"])),
        ("interface ID", session["interface_id"]),
        ("our S5C TEID", session["s5c_teid"]),
        ("peer", session["peer"]),
        ("APN-AMBR", _rates(session["ambr_uplink_kbps"], session["ambr_downlink_kbps"])),
    )
    for bearer in session["bearers"]:
        yield from _bearer(bearer, bearer["ebi"] == session["lbi"])


def _bearer(bearer: dict[str, Any], default: bool) -> Iterator[str]:
    kind = "default bearer" if default else "dedicated bearer"
    rule = f" by rule {bearer['rule']}" if bearer["rule"] else ""
    yield f"  {kind} {bearer['ebi']}{rule}"
    waiting = f"{bearer['buffered_packets']} packets, {bearer['buffered_bytes']} bytes"
    yield from _pairs(
        "    ",
        ("our TEID", bearer["s1u_teid"]),
        ("state", "connected" if bearer["connected"] else "idle"),
        ("eNodeB", bearer["enb"]),
        ("P-GW", bearer["pgw"]),
        ("forwards down", bearer["forward_downlink"]),
        ("forwards up", bearer["forward_uplink"]),
        ("QoS", _qos(bearer)),
        ("MBR", _rates(bearer["mbr_uplink_kbps"], bearer["mbr_downlink_kbps"])),
        ("GBR", _rates(bearer["gbr_uplink_kbps"], bearer["gbr_downlink_kbps"])),
        ("up", _volume(bearer, "uplink")),
        ("down", _volume(bearer, "downlink")),
        ("age", f"{bearer['age_s']:.0f} s, {bearer['charging_records']} charging records"),
        ("charging ID", bearer["charging_id"]),
        ("buffered", waiting if bearer["buffered_packets"] else ""),
    )
    for match in bearer["filters"]:
        yield f"    filter        {match}"


def _qos(bearer: dict[str, Any]) -> str:
    words = [f"QCI {bearer['qci']}", f"priority level {bearer['priority_level']}"]
    if bearer["may_preempt"]:
        words.append("may pre-empt")
    if bearer["may_be_preempted"]:
        words.append("may be pre-empted")
    return ", ".join(words)


def _rates(up: int, down: int) -> str:
    return f"{up} kbit/s up, {down} kbit/s down" if up or down else ""


def _volume(bearer: dict[str, Any], way: str) -> str:
    total, since = bearer["usage"], bearer["usage_since_record"]
    return (
        f"{total[f'{way}_packets']} packets, {total[f'{way}_bytes']} bytes "
        f"({since[f'{way}_bytes']} bytes in no charging record yet)"
    )
