"""TOML tables that are read key by key: every key must be known, of its type and in its range.

Complaints are ConfigErrors that name the file, the table and the key.
"""

from __future__ import annotations

import tomllib
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from pathlib import Path
from typing import Any

from portvnf.errors import ConfigError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class Table:
    """One TOML table being read: every key must be known and of its type."""

    def __init__(self, values: Any, where: str) -> None:
        if not isinstance(values, dict):
            raise ConfigError(f"{where} must be a table")
        self.values = dict(values)
        self.where = where

    def take(self, key: str, kind: type, default: Any = None, *, required: bool = False) -> Any:
        """The value of a key, removed from the table."""
        if key not in self.values:
            if required:
                raise ConfigError(f"{self.where}: {key} is missing")
            return default
        value = self.values.pop(key)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise ConfigError(f"{self.where}: {key} must be {_kind_name(kind)}, not {value!r}")
        return value

    def integer(self, key: str, low: int, high: int, default: int | None = None) -> int:
        """An integer from low to high."""
        value = int(self.take(key, int, default, required=default is None))
        if not low <= value <= high:
            raise ConfigError(f"{self.where}: {key} must be {low} to {high}, not {value}")
        return value

    def address(self, key: str, kind: type, default: str | None = None) -> str:
        """An IPv4 or IPv6 address."""
        text = self.take(key, str, default, required=default is None)
        try:
            address: Address = kind(text)
        except ValueError:
            raise ConfigError(f"{self.where}: {key} = {text!r} is no {kind.__name__}") from None
        if text != default:
            check_one_host(address, f"{self.where}: {key}")
        return str(address)

    def network(self, key: str, kind: type) -> Network | None:
        """An address pool, or None."""
        text = self.take(key, str)
        if text is None:
            return None
        try:
            network: Network = kind(text)
        except ValueError as error:
            raise ConfigError(f"{self.where}: {key} = {text!r} is no pool: {error}") from None
        return network

    def strings(self, key: str, default: list[str]) -> list[str]:
        """A list of strings."""
        values = self.take(key, list, default)
        if not all(isinstance(value, str) for value in values):
            raise ConfigError(f"{self.where}: {key} must be a list of strings")
        return list(values)

    def end(self) -> None:
        """Refuses what nobody asked for."""
        for key in self.values:
            raise ConfigError(f"{self.where}: unknown key {key!r}")


def _kind_name(kind: type) -> str:
    return {
        str: "a string",
        int: "an integer",
        bool: "true or false",
        list: "a list",
        dict: "a table",
    }[kind]


def check_one_host(address: Address, what: str) -> None:
    """Refuses an address that no single host has, or not everywhere the same."""
    # Loopback is allowed: a whole EPC fits on one host, as tests show.
    kind = (
        "is unspecified"
        if address.is_unspecified
        else "is a multicast address"
        if address.is_multicast
        else "is reserved, as broadcast is"
        if address.version == 4 and address.is_reserved
        else "has a zone, which is this host's own matter"
        if isinstance(address, IPv6Address) and address.scope_id
        else "is an IPv4 address; write it as one"
        if isinstance(address, IPv6Address) and address.ipv4_mapped
        else ""
    )
    if kind:
        raise ConfigError(f"{what} = {address} cannot be one host's address: it {kind}")


def load_toml(path: Path) -> Table:
    """A TOML file as a table."""
    try:
        with path.open("rb") as stream:
            return Table(tomllib.load(stream), str(path))
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not TOML: {error}") from None
