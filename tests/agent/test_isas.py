"""Agents on unlike ISAs, as processes under QEMU's user mode: the sessions move between them."""

from __future__ import annotations

import itertools
import json
import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from portvnf import roots
from portvnf.native_build import build_native
from tests.command import portvnf
from tests.migration.subscribers import make_image

from .agent_process import AgentProcess, free_port, write_blade

SUBSCRIBERS = 300
# script/setup compiles the artifact for mips64el ahead of time, but not for s390x.
MIXED = {"here": "jit", "mips": "native", "zed": "native"}
COMPILED = dict.fromkeys(MIXED, "jit")
ISAS = {"here": "host", "mips": "mips64el", "zed": "s390x"}


@pytest.mark.parametrize(
    "engines",
    [pytest.param(MIXED, id="mixed"), pytest.param(COMPILED, id="jit", marks=pytest.mark.slow)],
)
def test_sessions_go_round_three_isas(tmp_path: Path, engines: dict[str, str]) -> None:
    """x86-64 -> mips64el -> s390x -> x86-64; the image at the end is that of the beginning."""
    for isa in ("mips64el", "s390x"):
        if not roots.is_made(isa):
            pytest.skip(f"there is no {isa} root: python3 -m portvnf.roots make {isa}")
        if "native" in engines.values():
            build_native(isa)  # an older one would be refused
    image = tmp_path / "0.img"
    make_image(image, "thousands", SUBSCRIBERS)
    peers = {name: free_port() for name in ISAS}
    with ExitStack() as stack:
        agents = {
            name: stack.enter_context(
                AgentProcess(
                    write_blade(tmp_path, name, active=False, engine=engines[name], peers=peers),
                    isa,
                )
            )
            for name, isa in ISAS.items()
        }
        ready = {name: agent.ready() for name, agent in agents.items()}
        assert {name: about["engine"] for name, about in ready.items()} == engines
        assert len({about["artifact_sha256"] for about in ready.values()}) == 1
        assert [about["isa"] for about in ready.values()] == ["x86_64", "mips64el", "s390x"]
        agents["here"].ask("restore", path=str(image))
        route = ["here", "mips", "zed", "here"]
        for number, (source, to) in enumerate(itertools.pairwise(route), 1):
            done = move(agents[source], to)
            assert done["sessions"] == SUBSCRIBERS
            assert agents[source].ask("status")["state"] == "standby"
            assert agents[to].ask("status")["sessions"] == SUBSCRIBERS
            moved = tmp_path / f"{number}.img"
            assert agents[to].ask("export", path=str(moved))["ok"]
            assert only_time_passed(image, moved) == []
        for agent in agents.values():
            assert agent.terminate() == 0
            assert agent.errors == []


def move(agent: AgentProcess, to: str) -> dict[str, Any]:
    """`portvnf migrate`; its last line."""
    shown = portvnf("migrate", agent.control, to)
    assert shown.returncode == 0, shown.stderr
    events = [json.loads(line) for line in shown.stdout.splitlines()]
    assert [event["event"] for event in events][-4:] == ["freeze", "commit", "drain", "done"]
    done: dict[str, Any] = events[-1]
    return done


def only_time_passed(one: Path, other: Path) -> list[str]:
    """What `portvnf image diff` finds, but for how long answers are still kept."""
    found: subprocess.CompletedProcess[str] = portvnf("image", "diff", one, other)
    assert found.returncode in (0, 1), found.stderr
    return [
        line
        for line in found.stdout.splitlines()
        if "remaining_ms" not in line
        and line != "no differences"
        and not line.startswith("procedure ")
    ]
