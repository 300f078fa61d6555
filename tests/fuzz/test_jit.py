"""The JIT and GCC's build agree on whatever hypothesis makes of the corpora's packets."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.vepc.gateway import START_NS, Gateway, configuration, load
from tests.vepc.malformed import populate

from .targets import CORPUS

_PASSES = 0x80
_LONGEST = 3900  # of what fits a test's packet buffer


def packets_of(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The packets of an input of fuzz_bursts that are whole IP packets."""
    at = 0
    while at + 3 <= len(data):
        control, length = data[at], int.from_bytes(data[at + 1 : at + 3], "big")
        at += 3
        if control & _PASSES:
            continue
        if not control & 4 and data[at : at + length]:
            yield control & 3, data[at : at + length]
        at += length


SEEDS = sorted(
    {p for path in sorted((CORPUS / "bursts").iterdir()) for p in packets_of(path.read_bytes())}
)


@st.composite
def damaged(draw: st.DrawFn) -> tuple[int, bytes]:
    """A packet that was cut, overwritten here and there, or continued by another one."""
    port, data = draw(st.sampled_from(SEEDS))
    changed = bytearray(data)
    for at, octet in draw(
        st.lists(st.tuples(st.integers(0, len(data) - 1), st.integers(0, 255)), max_size=6)
    ):
        changed[at] = octet
    if draw(st.booleans()):
        changed = changed[: draw(st.integers(1, len(changed)))]
    if draw(st.integers(0, 4)) == 0:
        changed += draw(st.sampled_from(SEEDS))[1][:600]
    return port, bytes(changed[:_LONGEST])


@cache
def engines() -> tuple[list[Gateway], list[bytes]]:
    gateways = [Gateway(load(engine), configuration("vepc")) for engine in ("jit", "native")]
    for gateway in gateways:
        populate(gateway)
    return gateways, [gateway.memory() for gateway in gateways]


@settings(max_examples=300, deadline=None, derandomize=True)
@given(run=st.lists(st.tuples(damaged(), st.integers(0, 4000)), min_size=1, max_size=12))
def test_engines_agree(run: list[tuple[tuple[int, bytes], int]]) -> None:
    gateways, memories = engines()
    results = []
    for gateway, memory in zip(gateways, memories, strict=True):
        gateway.restore(memory)
        gateway.now_ns = START_NS
        steps = [gateway.run(packet, ms=ms) for packet, ms in run]
        outcome = [(step.reasons, [(p.port, p.data) for p in step.out]) for step in steps]
        results.append((outcome, gateway.state(), gateway.counters()))
    assert results[0] == results[1]
