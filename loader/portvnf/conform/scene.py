"""The gateway that generated traces run on, and the peers around it."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Any

from portvnf import config, toml_table
from portvnf.state.schema import Moves
from portvnf.state.vepc import SCHEMA

S11, S1U, SGI = (SCHEMA.ports.index(name) for name in ("s11", "s1u", "sgi"))
SECTIONS = tuple(section.number for section in SCHEMA.image_sections)
CLEARED = SCHEMA.section("cleared").number
# What a round of a live migration moves, and what only the frozen source tells.
ROUND = tuple(SCHEMA.section(name).number for name in SCHEMA.that_move(Moves.IN_ROUNDS))
FROZEN = tuple(n for n in SECTIONS if n not in ROUND)

START_NS = 1_000_000_000
MS = 1_000_000


def _v4(text: str) -> bytes:
    return IPv4Address(text).packed


GATEWAY_S11, GATEWAY_S1U, GATEWAY_SGI = _v4("10.11.0.1"), _v4("10.12.0.1"), _v4("10.13.0.1")
GATEWAY_SGI6 = IPv6Address("fd00:13::1").packed
# Addresses whose order differs between byte orders, so that a table sorted by one shows it.
MMES = tuple(_v4(f"10.11.{high}.{low}") for high, low in ((0, 10), (1, 9), (2, 250), (130, 4)))
ENBS = tuple(_v4(f"10.12.{n * 37 % 256}.{20 + n}") for n in range(12))
SERVER, SERVER6 = _v4("10.13.0.30"), IPv6Address("fd00:13::30").packed
APNS = ("internet", "ims.operator", "iot")


@dataclass(frozen=True)
class Scene:
    """How large the gateway is. Small tables fill up and hand out their entries again."""

    name: str
    sessions: int
    peers: int
    procedures: int
    retention_ms: int

    def config(self) -> bytes:
        """The canonical configuration record."""
        path = Path(f"scene {self.name}")
        return config.check(toml_table.Table(self._tables(), str(path)), path).encoded

    def _tables(self) -> dict[str, Any]:
        return {
            "gateway": {
                "s11": "10.11.0.1",
                "s1u": "10.12.0.1",
                "sgi": "10.13.0.1",
                "sgi6": "fd00:13::1",
                "restart_counter": 7,
                "sessions": self.sessions,
                "peers": self.peers,
                "procedures": self.procedures,
                "retention_ms": self.retention_ms,
            },
            "apn": [
                {
                    "name": APNS[0],
                    "pool4": "10.45.0.0/20",
                    "pool6": "2001:db8:45::/52",
                    "dns": ["10.13.0.30", "10.13.0.31", "fd00:13::30", "fd00:13::31"],
                },
                {
                    "name": APNS[1],
                    "pool6": "2001:db8:46::/56",
                    "dns": ["fd00:13::30"],
                    "mtu": 1358,
                },
                {
                    "name": APNS[2],
                    "pool4": "10.46.0.0/26",
                    "ambr_uplink": 5000,
                    "ambr_downlink": 7000,
                },
            ],
        }


SCENES = (
    Scene("crowded", sessions=24, peers=10, procedures=16, retention_ms=2000),
    Scene("roomy", sessions=1500, peers=64, procedures=512, retention_ms=20_000),
)
