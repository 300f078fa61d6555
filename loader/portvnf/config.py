"""The vEPC's configuration: a TOML file, checked, in the canonical form that the VNF reads.

Both hosts of a migration use the same configuration; its digest is compared before state
moves. docs/configuration.md describes the keys.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from itertools import combinations
from pathlib import Path
from typing import Any

from portvnf import policy
from portvnf.errors import ConfigError
from portvnf.state.vepc_config import CONFIG
from portvnf.toml_table import Network, Table, check_one_host, load_toml

_PDN_TYPES = {"ipv4": 1, "ipv6": 2, "ipv4v6": 3}
_LEAST_MTU6 = 1280  # RFC 8200, section 5

# No UE can have an address of these.
_NOT_FOR_UES: tuple[Network, ...] = (
    *map(IPv4Network, ("0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/3")),
    *map(IPv6Network, ("::/127", "fe80::/10", "ff00::/8")),
)
_MODES = ("combined", "sgw", "pgw")
_PORTS = {
    "combined": ("s11", "s1u", "sgi"),
    "sgw": ("s11", "s1u", "s5"),
    "pgw": ("s5", "sgi"),
}
_LABEL = "[a-z0-9]([a-z0-9-]*[a-z0-9])?"


@dataclass(frozen=True)
class VnfConfig:
    """A configuration that was found sound. `record` holds construct's values."""

    path: Path
    record: Mapping[str, Any]
    encoded: bytes

    @property
    def sha256(self) -> str:
        """Digest of the canonical form."""
        return hashlib.sha256(self.encoded).hexdigest()

    @property
    def ports(self) -> tuple[str, ...]:
        """Names of the ports that the gateway needs in its mode."""
        return _PORTS[self.record["mode"]]


def load(path: Path) -> VnfConfig:
    """Reads and checks a vEPC configuration."""
    return check(load_toml(path), path)


def check(top: Table, path: Path) -> VnfConfig:
    """Checks a configuration's tables, which `path` names in complaints."""
    gateway = Table(top.take("gateway", dict, required=True), f"{path}, [gateway]")
    apns, rules = (
        [
            Table(values, f"{path}, [[{key}]] {n}")
            for n, values in enumerate(top.take(key, list, []), 1)
        ]
        for key in ("apn", "rule")
    )
    top.end()
    record = _gateway(gateway)
    if record["mode"] == "sgw":
        for table in (*apns, *rules):
            raise ConfigError(f"{table.where}: APNs and rules are the P-GW's, not an S-GW's alone")
    elif not 1 <= len(apns) <= 16:
        raise ConfigError(f"{path}: 1 to 16 [[apn]] tables are needed, not {len(apns)}")
    names: set[str] = set()
    pools: list[tuple[str, Network]] = []
    for table in apns:
        record["apns"].append(_apn(table, names, pools))
    record["rules"] = policy.rules(rules, [apn["name"] for apn in record["apns"]])
    _check_overlaps(path, record, pools)
    return VnfConfig(path, record, CONFIG.build(record))


# DSCP by QCI, after GSMA IR.34's mapping of traffic classes.
_MARKINGS = {1: 46, 2: 46, 3: 46, 4: 36, 5: 34, 6: 26, 7: 20, 8: 18, 9: 0, 65: 46, 66: 46, 69: 34}


def _gateway(table: Table) -> dict[str, Any]:
    table.take("name", str)  # for people; the VNF has no use for it
    mode = table.take("mode", str, "combined")
    if mode not in _MODES:
        raise ConfigError(f"{table.where}: mode must be one of {', '.join(_MODES)}, not {mode!r}")
    sessions = table.integer("sessions", 1, 0xFFFFFF)
    bearers = table.integer("bearers", 1, 0xFFFFFF, sessions)
    record = {
        "mode": mode,
        **{name: _endpoint(table, name, mode) for name in ("s11", "s1u", "s5")},
        "sgi": table.address("sgi", IPv4Address, "0.0.0.0"),
        "sgi6": table.address("sgi6", IPv6Address, "::"),
        "restart_counter": table.integer("restart_counter", 0, 255, 0),
        "sessions": sessions,
        "bearers": bearers,
        "filters": table.integer("filters", 1, 0xFFFFFF, min(max(64, bearers), 0xFFFFFF)),
        "peers": table.integer("peers", 1, 0xFFFF, 1024),
        "procedures": table.integer("procedures", 1, 0xFFFFFF, max(1024, min(sessions, 65536))),
        "retention_ms": table.integer("retention_ms", 1, 600000, 12000),
        "transactions": table.integer("transactions", 1, 0xFFFF, 4096),
        "t3_ms": table.integer("t3_ms", 100, 60000, 3000),
        "n3": table.integer("n3", 1, 20, 3),
        "echo_ms": table.integer("echo_ms", 0, 3600000, 60000),
        "packets": table.integer("packets", 1, 0xFFFFFF, 4096),
        "packets_per_ue": table.integer("packets_per_ue", 1, 0xFFFF, 128),
        "packets_drop": _choice(table, "packets_drop", ("oldest", "newest")),
        "paging_ms": table.integer("paging_ms", 1000, 600000, 10000),
        "paging_bar_ms": table.integer("paging_bar_ms", 0, 600000, 2000),
        "s1u_mtu": table.integer("s1u_mtu", 576, 65535, 1500),
        "sgi_mtu": table.integer("sgi_mtu", 576, 65535, 1500),
        "verify_uplink": "yes" if table.take("verify_uplink", bool, True) else "no",
        "rate": table.integer("rate", 0, 10000000, 0),
        "rate_burst": table.integer("rate_burst", 1, 1000000, 1000),
        "records": table.integer("records", 1, 0xFFFFFF, max(1024, min(sessions, 16384))),
        "record_ms": 1000 * table.integer("record_s", 0, 86400, 0),
        "burst_ms": table.integer("burst_ms", 10, 10000, 100),
        "markings": _markings(table),
        "peers_allowed": _peers_allowed(table),
        "apns": [],
    }
    table.end()
    _check_apart(table.where, record)
    return record


def _choice(table: Table, key: str, words: tuple[str, ...]) -> str:
    word = table.take(key, str, words[0])
    if word not in words:
        raise ConfigError(f"{table.where}: {key} must be one of {', '.join(words)}, not {word!r}")
    return str(word)


def _endpoint(table: Table, name: str, mode: str) -> dict[str, str]:
    keys = {"ipv4": (name, IPv4Address), "ipv6": (f"{name}_ipv6", IPv6Address)}
    endpoint = {
        family: table.address(key, kind) if key in table.values else "::"
        for family, (key, kind) in keys.items()
    }
    if name in _PORTS[mode] and set(endpoint.values()) == {"::"}:
        raise ConfigError(f"{table.where}: {name} is missing, which mode {mode!r} needs")
    return endpoint


def _markings(table: Table) -> list[dict[str, int]]:
    markings = dict(_MARKINGS)
    for key, dscp in table.take("dscp", dict, {}).items():
        if not re.fullmatch("[0-9]{1,3}", key) or not 1 <= int(key) <= policy.MOST_QCI:
            raise ConfigError(f"{table.where}: dscp: {key!r} is no QCI (1 to {policy.MOST_QCI})")
        if not isinstance(dscp, int) or isinstance(dscp, bool) or not 0 <= dscp <= 63:
            raise ConfigError(f"{table.where}: dscp: {dscp!r} for QCI {key} is not 0 to 63")
        markings[int(key)] = dscp
    if len(markings) > 32:
        raise ConfigError(f"{table.where}: dscp names more than 32 QCIs")
    return [{"qci": qci, "dscp": dscp} for qci, dscp in sorted(markings.items()) if dscp]


def _peers_allowed(table: Table) -> list[dict[str, Any]]:
    networks = []
    for text in table.strings("peers_allowed", []):
        try:
            network = ip_network(text)
        except ValueError as error:
            raise ConfigError(f"{table.where}: peers_allowed: {error}") from None
        if isinstance(network, IPv6Network) and network.network_address.scope_id:
            raise ConfigError(f"{table.where}: peers_allowed: {text!r} has a zone")
        length = network.prefixlen + (96 if network.version == 4 else 0)
        networks.append({"address": str(network.network_address), "length": length})
    if len(networks) > 16:
        raise ConfigError(f"{table.where}: peers_allowed has more than 16 networks")
    return networks


def _check_apart(where: str, record: dict[str, Any]) -> None:
    # Each is the address of a port of its own, and a kernel routes an address to one port.
    for (one, address), (other, its) in combinations(_addresses(record), 2):
        if address == its and address not in ("::", "0.0.0.0"):
            raise ConfigError(f"{where}: {one} and {other} are both {address}")


def _apn(table: Table, names: set[str], pools: list[tuple[str, Network]]) -> dict[str, Any]:
    name = table.take("name", str, required=True).lower()
    if len(name) > 63 or not re.fullmatch(rf"{_LABEL}(\.{_LABEL})*", name):
        raise ConfigError(f"{table.where}: {name!r} is no APN network identifier")
    if name in names:
        raise ConfigError(f"{table.where}: APN {name!r} is there already")
    names.add(name)
    pool4 = table.network("pool4", IPv4Network)
    pool6 = table.network("pool6", IPv6Network)
    types = _pdn_types(table, pool4, pool6)
    for key, pool, shortest, longest in (("pool4", pool4, 8, 30), ("pool6", pool6, 40, 63)):
        if pool is not None and not shortest <= pool.prefixlen <= longest:
            limits = f"a /{shortest} to /{longest}"
            raise ConfigError(f"{table.where}: {key} must be {limits}, not {pool}")
        if pool is not None:
            _check_for_ues(table, key, pool)
            pools.append((f"{key} of {name!r}", pool))
    dns4, dns6 = _servers(table, "dns")
    pcscf4, pcscf6 = _servers(table, "pcscf")
    record = {
        "name": name,
        "pdn_types": types,
        "pool4": str(pool4.network_address) if pool4 else "0.0.0.0",
        "pool4_length": pool4.prefixlen if pool4 else 0,
        "pool6": f"{pool6.network_address}/64" if pool6 else "::/64",
        "pool6_length": pool6.prefixlen if pool6 else 0,
        "dns4": dns4,
        "dns6": dns6,
        "pcscf4": pcscf4,
        "pcscf6": pcscf6,
        "mtu": table.integer("mtu", _LEAST_MTU6 if pool6 else 576, 9000, 1400),
        "ambr_uplink": table.integer("ambr_uplink", 0, 0xFFFFFFFF, 0),
        "ambr_downlink": table.integer("ambr_downlink", 0, 0xFFFFFFFF, 0),
    }
    table.end()
    return record


def _check_for_ues(table: Table, key: str, pool: Network) -> None:
    for taken in _NOT_FOR_UES:
        if pool.version == taken.version and pool.overlaps(taken):
            raise ConfigError(f"{table.where}: {key} = {pool} is not for hosts: it meets {taken}")


def _pdn_types(table: Table, pool4: Network | None, pool6: Network | None) -> int:
    possible = (1 if pool4 else 0) | (2 if pool6 else 0)
    types = 0
    default = [name for name, bits in _PDN_TYPES.items() if bits == possible]
    for word in table.strings("pdn_types", default):
        if word not in _PDN_TYPES:
            raise ConfigError(f"{table.where}: pdn_types: {word!r} is none of {list(_PDN_TYPES)}")
        types |= _PDN_TYPES[word]
    if not types:
        raise ConfigError(f"{table.where}: it has neither pool4 nor pool6")
    if types & ~possible:
        missing = "pool4" if types & ~possible & 1 else "pool6"
        raise ConfigError(f"{table.where}: pdn_types needs {missing}, which is missing")
    return types


def _servers(table: Table, key: str) -> tuple[list[str], list[str]]:
    servers: dict[int, list[str]] = {4: [], 6: []}
    for text in table.strings(key, []):
        try:
            address = IPv6Address(text) if ":" in text else IPv4Address(text)
        except ValueError:
            raise ConfigError(f"{table.where}: {key}: {text!r} is no address") from None
        check_one_host(address, f"{table.where}: {key}")
        servers[address.version].append(str(address))
    for version, listed in servers.items():
        if len(listed) > 2:
            raise ConfigError(f"{table.where}: {key} has more than two IPv{version} servers")
    return servers[4], servers[6]


def _check_overlaps(path: Path, record: dict[str, Any], pools: list[tuple[str, Network]]) -> None:
    for (name, pool), (other_name, other) in combinations(pools, 2):
        if pool.version == other.version and pool.overlaps(other):
            raise ConfigError(f"{path}: {name} ({pool}) overlaps {other_name} ({other})")
    for key, text in _addresses(record):
        address = IPv6Address(text) if ":" in text else IPv4Address(text)
        for name, pool in pools:
            if address in pool:
                raise ConfigError(f"{path}: {key} = {address} lies in {name} ({pool})")


def _addresses(record: dict[str, Any]) -> list[tuple[str, str]]:
    """The gateway's own addresses, by their keys."""
    named = [
        (f"{name}_{family}" if family == "ipv6" else name, record[name][family])
        for name in ("s11", "s1u", "s5")
        for family in ("ipv4", "ipv6")
    ]
    return [*named, ("sgi", record["sgi"]), ("sgi6", record["sgi6"])]
