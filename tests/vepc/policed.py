"""A gateway with one UE whose traffic is policed, and the model that says what may pass."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import construct as cs

from portvnf import config, toml_table
from portvnf.burst import BurstRunner, Packet
from portvnf.state.vepc import SCHEMA

from . import packets
from .gateway import S1U, S11, SGI, Gateway, State, load, reason_name
from .population import SERVER, datagram, user4

ENB = 0x900
UP, DOWN = "uplink", "downlink"
_REASONS = {UP: "over_rate_uplink", DOWN: "over_rate_downlink"}


def gateway(engine: str = "native", *, apn: str = "", **keys: Any) -> Gateway:
    """A gateway of a small configuration with further keys, on wires that any packet fits."""
    keys = {"s1u_mtu": 65535, **keys}
    more = "".join(f"{key} = {value}\n" for key, value in keys.items())
    text = f"""
[gateway]
s11 = "10.11.0.1"
s1u = "10.12.0.1"
sgi = "10.13.0.1"
sessions = 16
peers = 16
echo_ms = 0
{more}
[[apn]]
name = "internet"
pool4 = "10.45.0.0/24"
{apn}
"""
    checked = config.check(toml_table.Table(tomllib.loads(text), "test"), Path("test.toml"))
    return Gateway(load(engine), checked.encoded)


@dataclass
class Subscriber:
    """A connected UE as its peers know it."""

    teid: int
    ipv4: bytes

    def packet(self, way: str, size: int) -> tuple[int, bytes]:
        """A user packet of `size` bytes, as it arrives at the gateway."""
        body = bytes(size - 20)
        if way == DOWN:
            return SGI, user4(SERVER, self.ipv4, body)
        inner = user4(self.ipv4, SERVER, body)
        header = b"\x30\xff" + len(inner).to_bytes(2, "big") + self.teid.to_bytes(4, "big")
        return S1U, datagram(packets.ENB, packets.GATEWAY_S1U, 2152, header + inner)


def attach(target: Gateway, number: int = 1, **create: Any) -> Subscriber:
    """Attaches a UE and connects it to the eNodeB."""
    words = {"enb": ENB + number, "sequence": number, **create}
    message = packets.create(number, "ipv4", **words)
    sent = target.one(S11, datagram(packets.MME, packets.GATEWAY_S11, 2123, message))[1]
    ies = {(t, i): v for t, i, v in packets.split_ies(sent[-1][1][28:][12:])}
    assert ies[2, 0][0] < 64
    bearer = {t: v for t, _, v in reversed(list(packets.split_ies(ies[93, 0])))}
    return Subscriber(int.from_bytes(bearer[87][1:5], "big"), ies[79, 0][-4:])


def ambr(kbit_s: int, down: int | None = None) -> dict[str, Any]:
    """Words of a Create Session Request for an APN-AMBR."""
    both = kbit_s.to_bytes(4, "big") + (kbit_s if down is None else down).to_bytes(4, "big")
    return {"put": {"ambr": both.hex()}}


class Line:
    """User packets to one gateway, of any size that IP has room for. After a move, go on with
    the other gateway by `use`."""

    def __init__(self, target: Gateway) -> None:
        self.use(target)

    def use(self, target: Gateway) -> None:
        self.target = target
        self._runner = BurstRunner(target.vnf, target.arena, 1 << 14)

    def send(self, way: str, burst: list[tuple[int, bytes]], after_ns: int = 0) -> list[bool]:
        """One burst; which of its packets passed. The others must be dropped for the rate."""
        self.target.now_ns += after_ns
        result = self._runner.run([Packet(*packet) for packet in burst], self.target.now_ns)
        reasons = set(map(reason_name, result.reasons))
        assert reasons <= {"", _REASONS[way]}, reasons
        passed = [reason == 0 for reason in result.reasons]
        assert sum(passed) == len(result.out)
        return passed


def records(state: State, name: str) -> list[dict[str, Any]]:
    """A section's records as construct reads them."""
    section = SCHEMA.section(name)
    parsed: list[dict[str, Any]] = cs.GreedyRange(section.record).parse(state[section.number])
    return parsed


def put_records(state: State, name: str, values: Iterable[dict[str, Any]]) -> State:
    """The state with other records in a section."""
    section = SCHEMA.section(name)
    return {**state, section.number: b"".join(section.record.build(value) for value in values)}


class Model:
    """A token bucket in exact arithmetic: how many bytes are missing until it is full. A packet
    passes while it is not empty, and may take more than there is."""

    def __init__(self, kbit_s: int, burst_ms: int, mtu: int, now_ns: int) -> None:
        self._kbit_s, self._mtu, self._now_ns = kbit_s, mtu, now_ns
        self._burst = Fraction(kbit_s * burst_ms, 8)
        self._missing = Fraction(0)

    def passes(self, now_ns: int, size: int) -> bool:
        gained = Fraction((now_ns - self._now_ns) * self._kbit_s, 8_000_000)
        self._missing, self._now_ns = max(self._missing - gained, Fraction(0)), now_ns
        if self._missing >= max(self._burst, size, self._mtu):
            return False
        self._missing += size
        return True
