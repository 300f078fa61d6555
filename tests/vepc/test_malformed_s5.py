"""Damaged messages at an S-GW alone and at a P-GW alone, in the middle of their procedures.

At every step of the vectors of S5 the message that comes is given with bits changed and cut
short, checksums right. Whatever the gateway makes of it, both engines make the same, and its
state is one that another instance takes and gives back byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address

import pytest

from . import vectors
from .gateway import Gateway, load
from .packets import udp
from .program import Program

VECTORS = [
    v for path in vectors.files() if path.stem in ("s5_sgw", "s5_pgw") for v in vectors.load(path)
]
_EVERY = 11  # bits; a prime, so that every step and octet has its turn at another bit


def damaged(packet: bytes, first: int) -> Iterator[bytes]:
    """The datagram with some bits of its payload changed, or some of it cut off."""
    source, to = (str(IPv4Address(packet[i : i + 4])) for i in (12, 16))
    port, message = int.from_bytes(packet[22:24], "big"), packet[28:]
    for bit in range(first % _EVERY, 8 * len(message), _EVERY):
        changed = bytearray(message)
        changed[bit >> 3] ^= 0x80 >> (bit & 7)
        yield udp(source, to, port, bytes(changed))
    for length in range(first % _EVERY, len(message), _EVERY):
        cut = message[:length]
        if length >= 8:
            cut = cut[:2] + (length - (4 if port == 2123 else 8)).to_bytes(2, "big") + cut[4:]
        yield udp(source, to, port, cut)


def examine(program: Program) -> int:
    encoded = bytes.fromhex(program["config"])
    native, jit = (Gateway(load(engine), encoded) for engine in ("native", "jit"))
    empty = native.fresh()
    nothing, total = empty.memory(), 0
    for number, step in enumerate(program["steps"]):
        memories = native.memory(), jit.memory()
        moment = native.now_ns
        for port, packet in step["packets"]:
            for bad in damaged(bytes.fromhex(packet), number) if port != 2 else ():
                outcome = native.one(port, bad)
                assert jit.one(port, bad) == outcome
                state = native.state()
                assert jit.state() == state
                empty.restore(nothing)
                empty.now_ns = moment
                empty.take(state)
                assert empty.state() == state, "not canonical"
                total += 1
                native.restore(memories[0])
                jit.restore(memories[1])
        for gateway in (native, jit):
            gateway.run(*((p, bytes.fromhex(d)) for p, d in step["packets"]), ms=step["ms"])
    return total


@pytest.mark.parametrize("vector", VECTORS[::4], ids=lambda vector: vector.name)
def test_damaged_messages(vector: vectors.Vector) -> None:
    assert examine(vector.program()) > 50


@pytest.mark.slow
@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_damaged_messages_of_all_vectors(vector: vectors.Vector) -> None:
    assert examine(vector.program()) > 50
