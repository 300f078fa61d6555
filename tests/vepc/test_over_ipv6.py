"""The vector set over IPv6 transport: the same packets, said with other addresses."""

from __future__ import annotations

import pytest

from . import ipv6_transport, vectors
from .gateway import S1U, S11, configuration
from .moving import every_step
from .program import Program, execute

# What is about IPv4 itself, about moments that follow from addresses, or about the order in
# which IPv4 identifications are given out.
_NOT = ("transport", "paths", "mtu")
_NOT_ALL = (
    # User packets for the gateway's IPv4 address, which it does not have there.
    "protection: no UE speaks GTP with the gateway through its tunnel",
    # Answers with IPv4 identifications, which outer headers take there as well.
    "sgi: echo of a UE to the gateway",
    "sgi: echo of a UE that the gateway answers waits for the UE when it is idle",
)
VECTORS = [
    vector
    for vector in vectors.load_all()
    if vector.config == "vepc" and not vector.malformed and vector.name.split(":")[0] not in _NOT
    if vector.name not in _NOT_ALL
]


def _over_ipv6(listed: list[tuple[int, str]]) -> list[tuple[int, str]]:
    return [
        (port, ipv6_transport.packet(bytes.fromhex(data)).hex() if port in (S11, S1U) else data)
        for port, data in listed
    ]


@pytest.mark.parametrize("engine", ["jit", "native"])
@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_same_words_over_ipv6(vector: vectors.Vector, engine: str) -> None:
    program = vector.program()
    translated: Program = {
        "config": configuration("vepc6").hex(),
        "steps": [{**step, "packets": _over_ipv6(step["packets"])} for step in program["steps"]],
    }
    expected = vector.recording.result
    got = execute(translated, engine, every_step if engine == "jit" else None)
    for number, (one, other) in enumerate(zip(got["steps"], expected["steps"], strict=True)):
        assert one["reasons"] == other["reasons"], f"burst {number}"
        assert one["out"] == _over_ipv6(other["out"]), f"burst {number}"


def test_there_are_many() -> None:
    assert len(VECTORS) > 60
