"""The vector set, on each engine and ISA."""

from __future__ import annotations

import pytest

from . import vectors
from .judging import judge
from .program import execute
from .remote import Remote

VECTORS = vectors.load_all()


@pytest.mark.parametrize("engine", ["jit", "native"])
@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_vector(vector: vectors.Vector, engine: str) -> None:
    judge(vector, execute(vector.program(), engine))


def test_other_isas_agree(remote: Remote) -> None:
    """One process of the other ISA runs the whole set: same packets, reasons and state."""
    programs = [vector.program() for vector in VECTORS]
    results = remote.run("tests.vepc.program", "jit", programs=programs)
    assert len(results) == len(VECTORS)
    failed = []
    for vector, program, result in zip(VECTORS, programs, results, strict=True):
        try:
            judge(vector, result)
            here = execute(program, "jit")
            assert [step["reasons"] for step in result["steps"]] == [
                step["reasons"] for step in here["steps"]
            ]
            assert [[tuple(o) for o in step["out"]] for step in result["steps"]] == [
                step["out"] for step in here["steps"]
            ]
            assert result["state"] == here["state"]
            assert result["counters"] == here["counters"]
        except AssertionError as error:
            failed.append(f"{vector.name}: {error}")
    assert not failed, "\n".join(failed)
