"""`portvnf sessions|session|peers` against a running agent, and what they cost it."""

from __future__ import annotations

import contextlib
import io
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from portvnf import cli
from portvnf.agent import control
from portvnf.errors import AgentError
from portvnf.insight.records import of_agent
from portvnf.state import image
from portvnf.state.schema import load_schema
from tests.agent.agent_process import AgentProcess, write_blade
from tests.command import portvnf
from tests.migration.subscribers import make_image

SUBSCRIBERS = 3000


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AgentProcess]:
    """A blade with thousands of sessions."""
    folder = tmp_path_factory.mktemp("blade")
    make_image(folder / "many.img", "thousands", SUBSCRIBERS)
    with AgentProcess(write_blade(folder, "solo", active=False, engine="native")) as agent:
        agent.ready()
        agent.ask("restore", path=str(folder / "many.img"))
        yield agent


def rows(agent: AgentProcess, *options: object) -> list[dict[str, object]]:
    """The list as the command prints it, in this process."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        assert cli.main(["sessions", str(agent.control), "--json", *map(str, options)]) == 0
    return [json.loads(line) for line in printed.getvalue().splitlines()]


def test_all_sessions_are_those_of_the_state(agent: AgentProcess, tmp_path: Path) -> None:
    path = tmp_path / "state.img"
    agent.ask("export", path=str(path))
    state = image.read(path, load_schema("vepc"))
    expected = {f"{s.s5c_teid:#010x}": (s.apn, s.ipv4) for s in image.records(state, "session")}
    listed = rows(agent, "--limit", 0)
    assert {str(row["teid"]): (row["apn"], row["ipv4"]) for row in listed} == expected
    assert len({row["imsi"] for row in listed}) == len(listed) == SUBSCRIBERS
    assert all(row["connected"] and row["bearers"] == 1 for row in listed)


def test_pages_follow_each_other(agent: AgentProcess) -> None:
    everything = rows(agent, "--limit", 0)
    assert len(rows(agent)) == 100
    first = rows(agent, "--limit", 7)
    second = rows(agent, "--limit", 7, "--after", first[-1]["teid"])
    assert first + second == everything[:14]
    text = portvnf("sessions", agent.control, "--limit", 7).stdout.splitlines()
    assert len(text) == 9 and text[-1] == f"… and more: --after {first[-1]['teid']} goes on"
    assert "connected to 10.12.0.20" in text[1]


def test_one_subscriber_of_many(agent: AgentProcess) -> None:
    (row,) = rows(agent, "--imsi", rows(agent, "--after", "0x800", "--limit", 1)[0]["imsi"])
    done = portvnf("session", agent.control, row["imsi"], "--json")
    ue = json.loads(done.stdout)
    assert ue["imsi"] == row["imsi"]
    assert ue["sessions"][0]["addresses"] == [row["ipv4"], row["prefix"]]
    text = portvnf("session", agent.control, row["imsi"])
    assert text.returncode == 0 and f"IMSI          {row['imsi']}" in text.stdout
    missing = portvnf("session", agent.control, "999999999999999")
    assert missing.returncode == 2
    assert missing.stderr == "portvnf: no UE has the IMSI 999999999999999\n"


def test_filters_that_choose_none(agent: AgentProcess) -> None:
    assert rows(agent, "--idle") == [] == rows(agent, "--apn", "ims.operator")
    assert len(rows(agent, "--connected", "--apn", "INTERNET", "--limit", 5)) == 5


def test_peers(agent: AgentProcess) -> None:
    done = portvnf("peers", agent.control, "--json")
    assert {p["plane"] for p in json.loads(done.stdout)} == {"GTP-C", "GTP-U"}
    assert portvnf("peers", agent.control).stdout.startswith("PEER")


def test_a_reader_that_leaves_or_sleeps_delays_nobody(agent: AgentProcess) -> None:
    """The agent answers others while a stream stands still, and forgets one that ended."""
    request = json.dumps({"command": "records", "section": "ue"}).encode() + b"\n"
    sleepers = []
    for _ in range(3):
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(str(agent.control))
        connection.sendall(request)
        sleepers.append(connection)
    time.sleep(0.2)
    began = time.monotonic()
    assert agent.ask("status")["sessions"] == SUBSCRIBERS
    assert time.monotonic() - began < 2
    for connection in sleepers:
        connection.close()
    stream = of_agent(agent.control)("bearer")
    assert next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert agent.ask("status")["state"] == "active" and agent.errors == []


@pytest.mark.parametrize("section", ["cleared", "bearer_order", "other", ""])
def test_only_sections_of_the_state_are_given(agent: AgentProcess, section: str) -> None:
    (answer,) = control.exchange(agent.control, {"command": "records", "section": section})
    assert answer["ok"] is False


def test_what_is_refused(agent: AgentProcess, tmp_path: Path) -> None:
    for options, said in (
        (("--limit", "-1"), "--limit must not be negative, as -1 is"),
        (("--imsi", "12x"), "--imsi takes digits, not '12x'"),
        (("--after", "tea"), "--after takes a TEID, such as 0x0000002a, not 'tea'"),
    ):
        done = portvnf("sessions", agent.control, *options)
        assert (done.returncode, done.stderr) == (2, f"portvnf: {said}\n")
    nobody = portvnf("peers", tmp_path / "none.sock")
    assert nobody.returncode == 2 and nobody.stderr.startswith("portvnf: no agent answers on")


def test_a_blade_on_standby_has_none(tmp_path: Path) -> None:
    with AgentProcess(write_blade(tmp_path, "idle", active=False, engine="native")) as agent:
        agent.ready()
        done = portvnf("sessions", agent.control)
        assert done.stderr == "portvnf: idle is on standby: it has no sessions\n"
        with pytest.raises(AgentError, match="on standby"):
            list(of_agent(agent.control)("ue"))
