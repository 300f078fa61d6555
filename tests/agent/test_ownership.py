"""A blade that gave its sessions away remembers it, whatever happens to its agent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from portvnf.agent.ownership import Gone, Ownership
from portvnf.agent.recovery import RestartCounter
from portvnf.errors import AgentError
from tests.command import portvnf
from tests.migration.subscribers import make_image

from .agent_process import AgentProcess, free_port, write_blade


def test_a_restarted_source_is_no_second_owner(tmp_path: Path) -> None:
    peers = {"one": free_port(), "two": free_port()}
    one = write_blade(tmp_path, "one", peers=peers)
    two = write_blade(tmp_path, "two", peers=peers, active=False)
    make_image(tmp_path / "state.img", "thousands", 3)
    with AgentProcess(two) as other:
        other.ready()
        with AgentProcess(one) as agent:
            agent.ready()
            assert portvnf("migrate", agent.control, "two").returncode == 0
            assert portvnf("stop", agent.control).returncode == 0
            assert agent.finish() == 0
        with AgentProcess(one) as agent:
            assert agent.ready()["state"] == "standby"
            assert other.ask("status")["state"] == "active"
            # It can take them back, and then it owns them, also after another start.
            assert portvnf("migrate", other.control, "one").returncode == 0
            assert agent.terminate() == 0
        assert agent.errors == [
            "portvnf: one starts on standby: it gave its sessions to two; "
            "--take-ownership starts it with none\n"
        ]
        with AgentProcess(one) as agent:
            assert agent.ready()["state"] == "active"


def test_an_operator_overrides_the_record(tmp_path: Path) -> None:
    path = write_blade(tmp_path, "one")
    ownership = Ownership(tmp_path / "one.state")
    ownership.write(Gone("two", certain=False))
    with AgentProcess(path) as agent:
        assert agent.ready()["state"] == "standby"
        assert agent.terminate() == 0
    assert len(agent.errors) == 1 and "in doubt whether two took its sessions" in agent.errors[0]
    with AgentProcess(path, arguments=("--take-ownership",)) as agent:
        assert agent.ready()["state"] == "active"
        assert agent.terminate() == 0
    assert ownership.read() is None


def test_a_restore_takes_ownership_and_keeps_the_recovery_value(tmp_path: Path) -> None:
    make_image(tmp_path / "state.img", "thousands", 3)
    shown = portvnf("image", "show", tmp_path / "state.img", "--section", "gateway", "--json")
    imported = json.loads(shown.stdout)["restart_counter"]
    path = write_blade(tmp_path, "spare")
    counter = RestartCounter(tmp_path / "spare.state", 0)
    counter.write((imported + 77) % 256)
    Ownership(tmp_path / "spare.state").write(Gone("two", certain=True))
    with AgentProcess(path) as agent:
        agent.ready()
        restored = portvnf("image", "restore", tmp_path / "state.img", "--control", agent.control)
        assert restored.returncode == 0, restored.stderr
        agent.process.kill()
    assert counter.read() == imported
    with AgentProcess(path) as agent:
        assert agent.ready()["state"] == "active"
    assert counter.read() == (imported + 1) % 256


def test_the_record_is_what_was_written(tmp_path: Path) -> None:
    ownership = Ownership(tmp_path / "state")
    assert ownership.read() is None
    ownership.clear()
    for gone in (Gone("two", certain=False), Gone("blade-b.example", certain=True)):
        ownership.write(gone)
        assert ownership.read() == gone
    assert [path.name for path in (tmp_path / "state").iterdir()] == ["ownership"]
    ownership.clear()
    assert ownership.read() is None and list((tmp_path / "state").iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"given to", b"given to a b\n", b"given to x", b"\xff\n"])
def test_a_damaged_record_is_no_leave_to_serve(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "ownership").write_bytes(content)
    with pytest.raises(AgentError, match="ownership does not say who has the sessions"):
        Ownership(tmp_path).read()


@pytest.mark.parametrize("content", [b"", b"256\n", b"-1\n", b"seven\n", b"\xff\n", b"9" * 5000])
def test_a_damaged_restart_counter_is_an_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "restart-counter").write_bytes(content)
    with pytest.raises(AgentError, match="restart-counter must hold a number from 0 to 255"):
        RestartCounter(tmp_path, 7).count()
    assert (tmp_path / "restart-counter").read_bytes() == content
