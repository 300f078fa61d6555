"""The vector set with migrations in it: peers must notice nothing.

Each packet that is sent, each drop and the state at the end are those of a gateway that never
moved; only the counters begin anew.
"""

from __future__ import annotations

import pytest

from . import vectors
from .judging import judge
from .moving import Delta, chosen_delta, every_step
from .program import Move, execute

VECTORS = vectors.load_all()
by_name = pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)


def check(vector: vectors.Vector, engine: str, move: Move) -> None:
    """The vector's expectations hold, and all is as without the migration."""
    program = vector.program()
    moved, stayed = execute(program, engine, move), execute(program, engine)
    judge(vector, moved, counters=False)
    assert moved["steps"] == stayed["steps"]
    assert moved["state"] == stayed["state"]


@by_name
def test_moved_after_every_step(vector: vectors.Vector) -> None:
    """Whole images, from engine to engine and back."""
    check(vector, "jit", every_step)


@by_name
def test_moved_in_rounds(vector: vectors.Vector) -> None:
    """Two rounds with one step between them, somewhere in the vector."""
    steps = len(vector.program()["steps"])
    for engine in ("jit", "native"):
        check(vector, engine, chosen_delta(f"{engine} {vector.name}", steps))


@pytest.mark.slow
@by_name
def test_moved_in_rounds_anywhere(vector: vectors.Vector) -> None:
    for at in range(len(vector.program()["steps"])):
        for late in (False, True):
            check(vector, "native", Delta(at, late=late))
