"""The blade's configuration: a TOML file, checked. docs/configuration.md describes it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portvnf.announce import Announcement
from portvnf.config import Table, load_toml
from portvnf.errors import ConfigError
from portvnf.instance import PortSpec
from portvnf.migration.channel import Credentials
from portvnf.pki import is_name
from portvnf.select import ENGINES

HOLD_LIMIT = 262_144
_SOCKET_PATH_LIMIT = 107

Address = tuple[str, int]


@dataclass(frozen=True)
class AgentSpec:
    """How this blade talks to other blades."""

    listen: Address
    credentials: Credentials
    peers: dict[str, Address]


@dataclass(frozen=True)
class BladeSpec:
    """One blade: what runs on it and how it is reached."""

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


def load(path: Path) -> BladeSpec:
    """Reads and checks a blade's configuration; paths in it are relative to its folder."""
    top = load_toml(path)
    blade = Table(top.take("blade", dict, required=True), f"{path}, [blade]")
    agent = top.take("agent", dict)
    ports = top.take("port", list, required=True)
    top.end()
    folder = path.parent
    engine = blade.take("engine", str, "auto")
    trust = blade.take("trust", str)
    if engine not in ENGINES:
        raise ConfigError(f"{blade.where}: engine must be one of {', '.join(ENGINES)}")
    spec = BladeSpec(
        name=_name(blade.where, blade.take("name", str, required=True)),
        artifact=folder / blade.take("artifact", str, required=True),
        vnf_config=folder / blade.take("vnf_config", str, required=True),
        trust=None if trust is None else folder / trust,
        engine=engine,
        active=blade.take("active", bool, True),
        control=folder / blade.take("control", str, required=True),
        state_dir=folder / blade.take("state_dir", str, "."),
        hold_limit=blade.integer("hold_limit", 1, 1 << 32, HOLD_LIMIT),
        ports=tuple(
            _port(Table(values, f"{path}, [[port]] {number}"))
            for number, values in enumerate(ports, 1)
        ),
        agent=None if agent is None else _agent(Table(agent, f"{path}, [agent]"), folder),
    )
    blade.end()
    _check(path, spec)
    return spec


def _check(path: Path, spec: BladeSpec) -> None:
    names = [port.name for port in spec.ports]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"{path}: port {name!r} is there more than once")
    if len(str(spec.control)) > _SOCKET_PATH_LIMIT:
        raise ConfigError(
            f"{path}: control is longer than the {_SOCKET_PATH_LIMIT} bytes of a socket's path"
        )


def _agent(table: Table, folder: Path) -> AgentSpec:
    peers = Table(table.take("peers", dict, {}), f"{table.where}, [agent.peers]")
    spec = AgentSpec(
        listen=_address(table, "listen", table.take("listen", str, required=True)),
        credentials=Credentials(
            folder / table.take("certificate", str, required=True),
            folder / table.take("key", str, required=True),
            folder / table.take("trust", str, required=True),
        ),
        peers={
            _name(peers.where, name): _address(peers, name, peers.take(name, str, required=True))
            for name in list(peers.values)
        },
    )
    table.end()
    return spec


def _name(where: str, name: str) -> str:
    if not is_name(name):
        raise ConfigError(f"{where}: {name!r} cannot be a blade's name: it must be a host name")
    return name


def _address(table: Table, key: str, text: str) -> Address:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ConfigError(f"{table.where}: {key} = {text!r} is no HOST:PORT")
    return host.strip("[]"), int(port)


def _port(table: Table) -> PortSpec:
    name = table.take("name", str, required=True)
    driver = table.take("driver", str, required=True)
    announce = table.take("announce", dict)
    announcement = None
    if announce is not None:
        inner = Table(announce, f"{table.where}, announce")
        interface = inner.take("interface", str, required=True)
        addresses = inner.strings("addresses", [])
        inner.end()
        try:
            announcement = Announcement.of(interface, addresses)
        except ValueError as error:
            raise ConfigError(f"{inner.where}: {error}") from None
    arguments = ",".join(f"{key}={_argument(table, key)}" for key in list(table.values))
    return PortSpec(name, driver, arguments, announcement)


def _argument(table: Table, key: str) -> str:
    value: Any = table.values.pop(key)
    if not isinstance(value, str | int) or "," in str(value):
        raise ConfigError(f"{table.where}: {key} must be a string without commas or an integer")
    return str(value)
