"""Orders about dedicated bearers: an operator's words as a record of the schema, and the
sentence for each reason to refuse one.

An order stands in for a PCRF's: the gateway asks the MME for it at once; what the MME says
shows in the session's bearers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from portvnf import cdef, packet_filter, policy
from portvnf.errors import ConfigError, StateError
from portvnf.identities import digits, tbcd_of_imsi
from portvnf.state.vepc import BEARER_ORDER, SCHEMA
from portvnf.toml_table import Table
from portvnf.vnf import RefusalError, sentence

SECTION = SCHEMA.section("bearer_order").number
ACTIONS = {"add": "create", "change": "update", "remove": "delete"}
# Behind the filters of the configuration's rules, unless an order says otherwise.
_PRECEDENCE = policy.MOST_RULES * policy.MOST_FILTERS
_NO_QOS = {
    "qci": 0,
    "arp": 0,
    "mbr_uplink": 0,
    "mbr_downlink": 0,
    "gbr_uplink": 0,
    "gbr_downlink": 0,
}


def order(action: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The record of `add`, `change` or `remove`. `values` are `imsi` and `apn`; `rule`, or
    but for `add` `ebi`; and but for `remove` what a [[rule]] table says: `qci`, `priority`,
    rates and `filters`. A ConfigError says what cannot be."""
    if action not in ACTIONS:
        raise ConfigError(f"a bearer can be {', '.join(ACTIONS)}, not {action!r}")
    table = Table(values, f"bearer {action}")
    record = {
        "action": ACTIONS[action],
        "imsi": _imsi(table),
        "apn": _apn(table),
        "ebi": 0 if action == "add" else _ebi(table),
        "rule": table.take("rule", str, ""),
        "qos": _NO_QOS if action == "remove" else policy.qos(table),
        "filters": [],
    }
    texts = table.strings("filters", []) if action != "remove" else []
    table.end()
    if bool(record["ebi"]) == bool(record["rule"]):
        names = "a rule" if action == "add" else "either a rule or an ebi"
        raise ConfigError(f"bearer {action} needs {names}")
    if record["rule"]:
        policy.check_name(record["rule"], table.where)
    if texts or action == "add":
        most = packet_filter.MOST_IN_TEMPLATE
        record["filters"] = policy.filters(texts, table.where, _PRECEDENCE, most)
    return record


def _imsi(table: Table) -> str:
    try:
        return tbcd_of_imsi(table.take("imsi", str, required=True))
    except ConfigError as error:
        raise ConfigError(f"{table.where}: {error.message}") from None


def _apn(table: Table) -> str:
    name = str(table.take("apn", str, required=True)).lower()
    # Any name that a session can have: an order may be for what a P-GW of others serves.
    if not re.fullmatch(r"[a-z0-9.-]{1,63}", name):
        raise ConfigError(f"{table.where}: {name!r} is no APN network identifier")
    return name


def _ebi(table: Table) -> int:
    return table.integer("ebi", 5, 15, 0) if "ebi" in table.values else 0


def encode(record: Mapping[str, Any]) -> bytes:
    """The record in canonical form."""
    return bytes(BEARER_ORDER.build(record))


def refusal(record: Mapping[str, Any], error: RefusalError) -> StateError:
    """Why a gateway refused an order, in a sentence."""
    errors = cdef.constants("vnf.h")
    name = {-value: key for key, value in errors.items() if key.startswith("PV_ERROR_")}.get(
        error.code, ""
    )
    field = list(BEARER_ORDER.subcons)[error.field - 1].name if 0 < error.field <= 5 else ""
    which = f"EBI {record['ebi']}" if record["ebi"] else f"rule {record['rule']!r}"
    sentences = {
        ("PV_ERROR_REFERENCE", "imsi"): f"no UE has the IMSI {digits(record['imsi'])}",
        ("PV_ERROR_REFERENCE", "apn"): f"the UE has no PDN connection to {record['apn']!r}",
        ("PV_ERROR_REFERENCE", "ebi"): f"the PDN connection has no bearer of {which}",
        ("PV_ERROR_REFERENCE", "rule"): f"the PDN connection has no bearer of {which}",
        ("PV_ERROR_DUPLICATE", "rule"): f"the PDN connection has a bearer of {which} already",
        ("PV_ERROR_CAPACITY", ""): "there is no room for one more bearer, filter or request",
        ("PV_ERROR_BUSY", ""): "the MME has not yet answered an earlier request about the bearer",
        ("PV_ERROR_SECTION", ""): "the gateway decides on no bearers: it is an S-GW alone",
    }
    return StateError(f"bearer order: {sentences.get((name, field), sentence(error.code))}")
