"""The replayer in Python: what the sample does, and that engines agree on it."""

from __future__ import annotations

from portvnf.trace import (
    BurstOutcome,
    ExportOutcome,
    Import,
    ImportOutcome,
    Move,
    Stage,
    Switch,
    encode_result,
    replay,
)
from portvnf.vnf import Vnf

from ..vepc.gateway import load
from .sample import sample


def test_engines_agree() -> None:
    results = [encode_result(replay(Vnf(load(engine)), sample())) for engine in ("jit", "native")]
    assert results[0] == results[1]


def test_the_fill_of_buffers_does_not_matter() -> None:
    vnf = Vnf(load("native"))
    assert replay(vnf, sample(), fill=0) == replay(vnf, sample(), fill=0xA5)


def test_what_the_sample_does() -> None:
    trace = sample()
    outcomes = replay(Vnf(load("native")), trace).outcomes
    pairs = list(zip(trace.operations, outcomes, strict=True))
    bursts = [o for o in outcomes if isinstance(o, BurstOutcome)]
    assert sum(len(o.out) for o in bursts) > 50 and not any(o.refused for o in bursts)
    assert len({reason for o in bursts for reason in o.reasons}) > 10
    moves = [o for op, o in pairs if isinstance(op, Move)]
    assert moves and all(isinstance(o, ImportOutcome) and o.status == 0 for o in moves)
    assert max(o.records for o in moves if isinstance(o, ImportOutcome)) > 10
    stages = [o.status for op, o in pairs if isinstance(op, Stage) and isinstance(o, ImportOutcome)]
    assert 0 in stages and -3 in stages  # PV_ERROR_SECTION
    ends = [o for op, o in pairs if isinstance(op, Switch | Import)]
    assert {o.status for o in ends if isinstance(o, ImportOutcome)} == {0, -3, -4, -12}


def test_a_move_changes_nothing() -> None:
    """Exports before and after a move in the sample are the same bytes."""
    trace = sample()
    outcomes = replay(Vnf(load("native")), trace).outcomes
    for at, operation in enumerate(trace.operations):
        if isinstance(operation, Move):
            before, after = outcomes[at - 1], outcomes[at + 1]
            assert isinstance(before, ExportOutcome) and before == after
