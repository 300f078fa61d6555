"""The blade's configuration: a TOML file, checked. docs/configuration.md describes it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from ipaddress import IPv6Address
from pathlib import Path
from typing import Any

from portvnf.announce import Announcement
from portvnf.errors import ConfigError
from portvnf.instance import PortSpec
from portvnf.migration.channel import Credentials
from portvnf.pki import is_name
from portvnf.select import ENGINES
from portvnf.toml_table import Table, load_toml

HOLD_LIMIT = 262_144
FREEZE_LIMIT_MS = 3000
_SOCKET_PATH_LIMIT = 107
# Arguments of drivers that are files.
_FILES = {"pcap": ("rx", "tx")}

Address = tuple[str, int]


@dataclass(frozen=True)
class AgentSpec:
    """How this blade talks to other blades."""

    listen: Address
    credentials: Credentials
    peers: dict[str, Address]
    freeze_limit_s: float = FREEZE_LIMIT_MS / 1000
    """How long a frozen instance waits for the destination before it serves on."""


@dataclass(frozen=True)
class BladeSpec:
    """One blade: what runs on it and how it is reached."""

    path: Path
    """The file that says so."""
    name: str
    artifact: Path
    vnf_config: Path
    trust: Path | None
    """Keys of which one must have signed the artifact; None: it need not be signed."""
    engine: str
    active: bool
    control: Path
    state_dir: Path
    hold_limit: int
    ports: tuple[PortSpec, ...]
    agent: AgentSpec | None
    charging: Path | None
    """The file that charging records are appended to; None: they stay in the VNF."""
    metrics: Address | None
    """Where Prometheus finds the metrics; None: nowhere."""


def load(path: Path) -> BladeSpec:
    """Reads and checks a blade's configuration; paths in it are relative to its folder."""
    top = load_toml(path)
    blade = Table(top.take("blade", dict, required=True), f"{path}, [blade]")
    agent = top.take("agent", dict)
    charging = top.take("charging", dict)
    metrics = top.take("metrics", dict)
    ports = top.take("port", list, required=True)
    top.end()
    folder = path.parent
    engine = blade.take("engine", str, "auto")
    if engine not in ENGINES:
        raise ConfigError(f"{blade.where}: engine must be one of {', '.join(ENGINES)}")
    spec = BladeSpec(
        path=path,
        name=_name(blade.where, blade.take("name", str, required=True)),
        artifact=_path(blade, "artifact", folder, required=True),
        vnf_config=_path(blade, "vnf_config", folder, required=True),
        trust=_path(blade, "trust", folder) if "trust" in blade.values else None,
        engine=engine,
        active=blade.take("active", bool, True),
        control=_path(blade, "control", folder, required=True),
        state_dir=_path(blade, "state_dir", folder),
        hold_limit=blade.integer("hold_limit", 1, 1 << 32, HOLD_LIMIT),
        ports=tuple(
            _port(Table(values, f"{path}, [[port]] {number}"), folder)
            for number, values in enumerate(ports, 1)
        ),
        agent=None if agent is None else _agent(Table(agent, f"{path}, [agent]"), folder),
        charging=None
        if charging is None
        else _charging(Table(charging, f"{path}, [charging]"), folder),
        metrics=None if metrics is None else _metrics(Table(metrics, f"{path}, [metrics]")),
    )
    blade.end()
    _check(path, spec)
    return spec


def _check(path: Path, spec: BladeSpec) -> None:
    names = [port.name for port in spec.ports]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"{path}: port {name!r} is there more than once")
    if len(os.fsencode(spec.control)) > _SOCKET_PATH_LIMIT:
        raise ConfigError(
            f"{path}: control is longer than the {_SOCKET_PATH_LIMIT} bytes of a socket's path"
        )


def _agent(table: Table, folder: Path) -> AgentSpec:
    peers = Table(table.take("peers", dict, {}), f"{table.where}, [agent.peers]")
    spec = AgentSpec(
        listen=_address(table, "listen", table.take("listen", str, required=True)),
        credentials=Credentials(
            _path(table, "certificate", folder, required=True),
            _path(table, "key", folder, required=True),
            _path(table, "trust", folder, required=True),
        ),
        peers={
            _name(peers.where, name): _address(peers, name, peers.take(name, str, required=True))
            for name in list(peers.values)
        },
        freeze_limit_s=table.integer("freeze_limit_ms", 100, 60_000, FREEZE_LIMIT_MS) / 1000,
    )
    table.end()
    return spec


def _charging(table: Table, folder: Path) -> Path:
    file = _path(table, "file", folder, required=True)
    table.end()
    return file


def _metrics(table: Table) -> Address:
    address = _address(table, "listen", table.take("listen", str, required=True))
    table.end()
    return address


def _name(where: str, name: str) -> str:
    if not is_name(name):
        raise ConfigError(f"{where}: {name!r} cannot be a blade's name: it must be a host name")
    return name


def _path(table: Table, key: str, folder: Path, *, required: bool = False) -> Path:
    return folder / _sound(table, key, table.take(key, str, "", required=required))


def _sound(table: Table, key: str, text: str) -> str:
    """TOML allows a NUL in a string; no file or device has one in its name."""
    if "\0" in text:
        raise ConfigError(f"{table.where}: {key} must not contain a NUL")
    return text


def _address(table: Table, key: str, text: str) -> Address:
    found = re.fullmatch(r"(?:\[([^]]*)\]|([^][:\s\0]+)):([0-9]{1,5})", text)
    if not found or not 0 < int(found[3]) < 65536 or (found[2] is None and not _is_ipv6(found[1])):
        raise ConfigError(f"{table.where}: {key} = {text!r} is no HOST:PORT (IPv6: [ADDRESS]:PORT)")
    return found[1] or found[2], int(found[3])


def _is_ipv6(text: str) -> bool:
    try:
        return bool(IPv6Address(text).packed)
    except ValueError:
        return False


def _port(table: Table, folder: Path) -> PortSpec:
    name = table.take("name", str, required=True)
    driver = table.take("driver", str, required=True)
    announce = table.take("announce", dict)
    announcement = None
    if announce is not None:
        inner = Table(announce, f"{table.where}, announce")
        interface = _sound(inner, "interface", inner.take("interface", str, required=True))
        addresses = inner.strings("addresses", [])
        inner.end()
        try:
            announcement = Announcement.of(interface, addresses)
        except ValueError as error:
            raise ConfigError(f"{inner.where}: {error}") from None
    for key in _FILES.get(driver, ()):
        if isinstance(table.values.get(key), str):
            table.values[key] = str(folder / table.values[key])
    arguments = ",".join(f"{key}={_argument(table, key)}" for key in list(table.values))
    return PortSpec(name, _sound(table, "driver", driver), arguments, announcement)


def _argument(table: Table, key: str) -> str:
    value: Any = table.values.pop(key)
    _sound(table, key, str(value))
    if not isinstance(value, str | int) or "," in str(value):
        raise ConfigError(f"{table.where}: {key} must be a string without commas or an integer")
    return str(value)
