"""Policy rules of a vEPC configuration: [[rule]] tables, as records of the schema.

A rule gives new PDN connections a dedicated bearer: whose (APN, first digits of the IMSI), with
what quality of service, and for which packets. There is no Gx: policy is local.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from portvnf import packet_filter
from portvnf.errors import ConfigError
from portvnf.toml_table import Table

MOST_RULES = 16
MOST_FILTERS = 8
NAME_LIMIT = 31
_MOST_RATE = (1 << 40) - 1
MOST_QCI = 254

# Standardised QCIs with a guaranteed bit rate, and without one (TS 23.203, table 6.1.7); an
# operator's own are 128 to 254.
_GBR_QCIS = {1, 2, 3, 4, 65, 66, 67, 71, 72, 73, 74, 75, 76, 82, 83, 84, 85}
_OWN_QCIS = range(128, 255)


def rules(tables: Sequence[Table], apns: Sequence[str]) -> list[dict[str, Any]]:
    """The records of all [[rule]] tables; `apns` are the names that a rule may be for."""
    if len(tables) > MOST_RULES:
        raise ConfigError(f"{tables[0].where}: at most {MOST_RULES} [[rule]] tables can be")
    records: list[dict[str, Any]] = []
    for table in tables:
        # Filters are tried in the order of the file, across rules, unless they say otherwise.
        precedence = sum(len(record["filters"]) for record in records)
        record = _rule(table, apns, precedence)
        if any(record["name"] == other["name"] for other in records):
            raise ConfigError(f"{table.where}: rule {record['name']!r} is there already")
        records.append(record)
    return records


def _rule(table: Table, apns: Sequence[str], precedence: int) -> dict[str, Any]:
    name = check_name(table.take("name", str, required=True), table.where)
    apn = table.take("apn", str, "").lower()
    if apn and apn not in apns:
        raise ConfigError(f"{table.where}: there is no APN {apn!r}, only {', '.join(apns)}")
    imsi = table.take("imsi", str, "")
    if not re.fullmatch("[0-9]{0,15}", imsi):
        raise ConfigError(f"{table.where}: imsi = {imsi!r} is not the first digits of an IMSI")
    record = {
        "name": name,
        "apn": apn,
        "imsi": imsi,
        "qos": qos(table),
        "filters": filters(table.strings("filters", []), table.where, precedence),
    }
    table.end()
    return record


def check_name(name: str, where: str) -> str:
    """The name of a rule, if it can be one."""
    if not re.fullmatch(rf"[!-~]{{1,{NAME_LIMIT}}}", name):
        limit = f"1 to {NAME_LIMIT} printable characters without spaces"
        raise ConfigError(f"{where}: a rule's name is {limit}, not {name!r}")
    return name


def filters(
    texts: Sequence[str], where: str, precedence: int, most: int = MOST_FILTERS
) -> list[dict[str, Any]]:
    """The records of one template's filters, the first with this precedence, if it says none."""
    if not 1 <= len(texts) <= most:
        raise ConfigError(f"{where}: 1 to {most} filters are needed, not {len(texts)}")
    records = []
    for number, text in enumerate(texts):
        try:
            records.append(packet_filter.parse(text, number, precedence + number))
        except ConfigError as error:
            raise ConfigError(f"{where}: {error.message}") from None
    for what in ("identifier", "precedence"):
        values = [record[what] for record in records]
        if len(set(values)) < len(values):
            raise ConfigError(f"{where}: two filters have the same {what}")
    length = packet_filter.template_length(records)
    if length > packet_filter.LONGEST_TEMPLATE:
        most_bytes = packet_filter.LONGEST_TEMPLATE
        raise ConfigError(
            f"{where}: the filters take {length} bytes of a template; {most_bytes} are the most"
        )
    return records


def qos(table: Table) -> dict[str, Any]:
    """A bearer's quality of service (TS 29.274, 8.15)."""
    qci = table.integer("qci", 1, MOST_QCI)
    priority = table.integer("priority", 1, 15, 15)
    # TS 29.212, 5.3.46 and 5.3.47: in both, 0 is enabled.
    capability = 0 if table.take("preemption_capability", bool, False) else 1
    vulnerability = 0 if table.take("preemption_vulnerability", bool, True) else 1
    record = {"qci": qci, "arp": capability << 6 | priority << 2 | vulnerability}
    for direction in ("uplink", "downlink"):
        gbr = table.integer(f"gbr_{direction}", 0, _MOST_RATE, 0)
        mbr = table.integer(f"mbr_{direction}", 0, _MOST_RATE, gbr)
        if mbr < gbr:
            raise ConfigError(f"{table.where}: mbr_{direction} is under gbr_{direction}")
        record |= {f"mbr_{direction}": mbr, f"gbr_{direction}": gbr}
    guaranteed = record["gbr_uplink"] or record["gbr_downlink"]
    if qci in _GBR_QCIS and not guaranteed:
        raise ConfigError(f"{table.where}: QCI {qci} needs gbr_uplink or gbr_downlink")
    limited = guaranteed or record["mbr_uplink"] or record["mbr_downlink"]
    if qci not in _GBR_QCIS and qci not in _OWN_QCIS and limited:
        raise ConfigError(
            f"{table.where}: QCI {qci} has no bit rates of its own, but shares the APN-AMBR"
        )
    return record
