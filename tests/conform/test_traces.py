"""What conform replays: recorded traces that are up to date, generated ones that are the same
everywhere and go everywhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portvnf import locate, roots
from portvnf.artifact.label import read_label
from portvnf.conform.generator import Generator
from portvnf.conform.scene import SCENES, Scene
from portvnf.native import load_native
from portvnf.trace import (
    BurstOutcome,
    ImportOutcome,
    Move,
    Switch,
    replay,
)
from portvnf.vnf import Vnf

from . import record
from .seed_probe import PACKETS, digests


def vnf() -> Vnf:
    return Vnf(load_native(locate.native_vnf()))


def test_recorded_traces_are_up_to_date() -> None:
    """When this fails: python3 -m tests.conform.record."""
    files = {path.stem: path.read_bytes() for path in record.FOLDER.glob("*.trace")}
    assert files == record.all_traces()


def test_same_seed_same_bytes() -> None:
    assert digests() == digests()
    first, second = (Generator(seed, SCENES[0], vnf()).trace(PACKETS) for seed in (1, 2))
    assert first != second


@pytest.mark.parametrize("isa", ["s390x", pytest.param("mips64el", marks=pytest.mark.slow)])
def test_same_seed_same_bytes_on_another_isa(run_python: Callable[..., Any], isa: str) -> None:
    if not roots.is_made(isa):
        pytest.skip(f"the {isa} root is not made (script/setup does)")
    assert run_python(isa, Path(__file__).with_name("seed_probe.py")) == digests()


# What takes a configuration or a procedure that the generator knows nothing of; the vectors
# have each, on every engine and ISA too.
IN_VECTORS = {
    "filters", "gtp_in_gtp", "no_buffer", "over_rate_downlink", "over_rate_uplink",
    "paging_barred", "peer_not_allowed", "rate_limited", "suspended", "throttled", "too_big",
}  # fmt: skip
# What takes a host without the headroom or the spare packets it owes, packets beyond 64 KiB, or a
# full buffer of one UE that drops its newest packet; and what chance rarely makes.
RARE = {"bad_source", "buffer_full", "idle", "no_headroom", "no_spare", "too_long"}


def test_vectors_have_what_is_not_generated() -> None:
    folder = Path(__file__).resolve().parent.parent / "vectors"
    text = "".join(path.read_text() for path in folder.glob("*.toml"))
    assert {
        n for n in IN_VECTORS if f'drop = "{n}"' not in text and f"drop_{n} =" not in text
    } == set()


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_generated_traffic_reaches_everything(scene: Scene) -> None:
    """Most packets are sound, and the rest finds nearly every reason to be dropped."""
    label = read_label(locate.artifact(), None)
    trace = Generator(3, scene, vnf()).trace(12_000)
    outcomes = replay(vnf(), trace).outcomes
    reasons: Counter[int] = Counter()
    ends: Counter[int] = Counter()
    for operation, outcome in zip(trace.operations, outcomes, strict=True):
        if isinstance(outcome, BurstOutcome):
            reasons.update(outcome.reasons)
            assert outcome.refused == 0
        if isinstance(operation, Move | Switch) and isinstance(outcome, ImportOutcome):
            ends[outcome.status] += 1
    assert reasons[0] > trace.packets // 2
    never = {n for n, name in enumerate(label.manifest.drop_reasons, 1) if not reasons[n]}
    names = {label.manifest.drop_reasons[n - 1] for n in never}
    assert names <= IN_VECTORS | RARE
    assert set(ends) == {0} and ends[0] > 3
