"""A small trace with every operation in it, made of the vEPC's vectors."""

from __future__ import annotations

from portvnf.burst import Packet
from portvnf.state.vepc import SCHEMA
from portvnf.trace import (
    Burst,
    Counters,
    Epoch,
    Export,
    Import,
    Move,
    Operation,
    Stage,
    Switch,
    Tick,
    Trace,
)

from ..vepc import vectors
from ..vepc.gateway import MS, SECTIONS, START_NS, configuration

CONFIG = "vepc"
_VECTORS = {"s11.toml": 32, "s1u.toml": 24, "sgi.toml": 8, "transport.toml": 8}
_ROUND = [SCHEMA.section(name).number for name in ("ue", "session", "bearer")]
_CLEARED = SCHEMA.section("cleared").number
_FROZEN = [
    SCHEMA.section(name).number for name in ("gateway", "pool", "path", "procedure", "usage")
]


def _traffic() -> list[list[Packet]]:
    # The packets of some vectors of each port, which others that come later do not change;
    # those that do not fit a buffer go elsewhere.
    listed = []
    for name, count in _VECTORS.items():
        chosen = [v for v in vectors.load(vectors.FOLDER / name) if v.config == CONFIG]
        for vector in chosen[:count]:
            steps = vector.program()["steps"]
            packets = [Packet(p, bytes.fromhex(d)) for step in steps for p, d in step["packets"]]
            listed.append([packet for packet in packets if len(packet.data) < 3000])
    return listed


def sample() -> Trace:
    """Bursts of one to many packets, time that passes, and state that leaves and enters."""
    operations: list[Operation] = []
    now = START_NS
    everything = Export(SECTIONS, with_bytes=True)
    for number, packets in enumerate(_traffic()):
        size = (1, 3, 64)[number % 3]
        for begin in range(0, len(packets), size):
            now += MS
            operations.append(Burst(now, tuple(packets[begin : begin + size])))
        match number % 8:
            case 1:
                now += 100 * MS
                operations += [Tick(now), Export(SECTIONS)]
            case 3:
                operations += [everything, Move(now), everything, Counters()]
            case 5:
                # A live migration in two rounds; arena epochs begin at 1 after each move.
                operations += [Epoch(), Stage(now, tuple(_ROUND)), Export((_CLEARED,), 1)]
                operations += [Burst(now, tuple(packets[:64]))] if packets else []
                operations += [Stage(now, (_CLEARED, *_ROUND), 1), Stage(now, tuple(_FROZEN))]
                operations += [Switch(now), everything]
            case 7:
                # Refused: a record cut short, no such section, an incomplete state, nothing
                # to switch to. The active arena goes on.
                operations += [Import(now, ((_ROUND[0], b"\0\0\0"),)), Import(now, ((77, b"x"),))]
                operations += [Import(now, ()), Stage(now, (77,)), Switch(now), Export((1, 77))]
    operations += [Tick(now + 20_000 * MS), everything, Counters()]
    return Trace(configuration(CONFIG), START_NS, SECTIONS, tuple(operations))
