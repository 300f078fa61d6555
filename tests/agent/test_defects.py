"""An exception that nobody foresaw is answered and logged, and the agent serves on."""

from __future__ import annotations

import http.client
from pathlib import Path

from tests.command import portvnf

from .agent_process import AgentProcess, free_port, write_blade

NOBODY_FORESAW = """
from portvnf.agent.view import View

def ports(self):
    raise ZeroDivisionError("in the\\nmiddle")

View.ports = ports
"""

SAID = (
    "failed by a defect of portvnf (ZeroDivisionError: in the middle): "
    "the agent serves on, and its log has the traceback"
)


def logged(agent: AgentProcess, sentence: str) -> None:
    """The agent's log has the sentence, once, and then the traceback."""
    log = "".join(agent.errors)
    assert log.count(f"portvnf: {sentence}\nTraceback (most recent call last):\n") == 1, log
    assert "in ports\n" in log and "\nZeroDivisionError: in the\nmiddle\n" in log


def test_a_command(tmp_path: Path) -> None:
    configuration = write_blade(tmp_path, "solo", engine="native")
    with AgentProcess(configuration, before=NOBODY_FORESAW) as agent:
        agent.ready()
        sentence = f"solo: the command 'ports' {SAID}"
        assert agent.ask("ports") == {"ok": False, "message": sentence}
        assert agent.ask("status")["state"] == "active"
        done = portvnf("stop", agent.control)
        assert (done.returncode, done.stderr) == (0, "")
        assert agent.finish() == 0
        logged(agent, sentence)


def test_the_command_line_says_so(tmp_path: Path) -> None:
    configuration = write_blade(tmp_path, "solo", engine="native")
    with AgentProcess(configuration, before=NOBODY_FORESAW) as agent:
        agent.ready()
        done = portvnf("counters", agent.control)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == f"portvnf: solo: the command 'ports' {SAID}\n"


def test_a_scrape(tmp_path: Path) -> None:
    port = free_port()
    more = f'[metrics]\nlisten = "127.0.0.1:{port}"\n'
    configuration = write_blade(tmp_path, "solo", engine="native", more=more)
    with AgentProcess(configuration, before=NOBODY_FORESAW) as agent:
        agent.ready()
        for path, status in (("/metrics", 500), ("/other", 404)):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("GET", path)
            answer = connection.getresponse()
            assert answer.status == status
            assert (SAID in answer.read().decode()) == (status == 500)
            connection.close()
        assert agent.ask("status")["state"] == "active"
        assert agent.terminate() == 0
        logged(agent, f"a scrape of the metrics {SAID}")


ONCE = """
from portvnf.instance import Instance

complete = Instance.complete_import

def ports(self):
    Instance.complete_import = complete
    raise ZeroDivisionError("in the\\nmiddle")

Instance.complete_import = ports
"""


def test_a_peer(tmp_path: Path) -> None:
    """The destination fails before COMMIT: it says so, the source serves on, and the next
    migration succeeds."""
    peers = {"one": free_port(), "two": free_port()}
    with (
        AgentProcess(write_blade(tmp_path, "one", engine="native", peers=peers)) as one,
        AgentProcess(
            write_blade(tmp_path, "two", active=False, engine="native", peers=peers), before=ONCE
        ) as two,
    ):
        one.ready()
        two.ready()
        sentence = f"two: what one asked for {SAID}"
        done = portvnf("migrate", one.control, "two")
        assert done.returncode == 2
        assert done.stderr == f"portvnf: two refuses: {sentence}; one serves on\n"
        assert [agent.ask("status")["state"] for agent in (one, two)] == ["active", "standby"]
        assert portvnf("migrate", one.control, "two").returncode == 0
        assert [agent.ask("status")["state"] for agent in (one, two)] == ["standby", "active"]
        assert two.terminate() == 0
        logged(two, sentence)
