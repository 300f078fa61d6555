"""`portvnf bearer` against a running agent: the order goes to the MME at once."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from scapy.layers.inet import UDP
from scapy.utils import rdpcap

from tests.command import portvnf
from tests.migration.subscribers import make_image
from tests.vepc.gtpc import decode

from .agent_process import AgentProcess, write_blade

QUALITY = ("--qci", "1", "--gbr-uplink", "41", "--gbr-downlink", "41")
FILTER = ("--filter", "both udp remote 10.13.0.30 port 5000-5010", "--filter", "up tos 0xb8")


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[AgentProcess]:
    """An agent that three UEs are attached to."""
    make_image(tmp_path / "state.img", "thousands", 3)
    with AgentProcess(write_blade(tmp_path, "solo", active=False)) as agent:
        agent.ready()
        agent.ask("restore", path=str(tmp_path / "state.img"))
        yield agent


def imsi_of_one(agent: AgentProcess) -> str:
    shown = portvnf("sessions", agent.control, "--json").stdout
    sessions = [json.loads(line) for line in shown.splitlines()]
    return str(sessions[0]["imsi"])


def test_an_order_becomes_a_request(agent: AgentProcess, tmp_path: Path) -> None:
    who = ("--imsi", imsi_of_one(agent), "--apn", "internet", "--rule", "call")
    agent.ask("record", port="s11", path=str(tmp_path / "s11.pcap"))
    done = portvnf("bearer", "add", agent.control, *who, *QUALITY, *FILTER)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    deadline = time.monotonic() + 10
    while not agent.ask("counters")["counters"]["gtpc_requests_sent"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    agent.ask("record", port="s11", path=None)
    words = decode(bytes(rdpcap(str(tmp_path / "s11.pcap"))[0][UDP].payload))
    assert words["kind"] == "create_bearer_request"
    (context,) = words["bearers"]
    assert context["bearer_qos"]["gbr"] == [41, 41]
    assert [one["direction"] for one in context["tft"]["filters"]] == ["both", "uplink"]
    for action, sentence in (
        ("add", "the PDN connection has a bearer of rule 'call' already"),
        ("change", "the MME has not yet answered an earlier request about the bearer"),
    ):
        again = portvnf("bearer", action, agent.control, *who, *QUALITY, *FILTER)
        assert (again.returncode, again.stderr) == (2, f"portvnf: bearer order: {sentence}\n")


def test_mistakes_are_sentences(agent: AgentProcess) -> None:
    who = ("--imsi", "001019999999999", "--apn", "internet", "--rule", "call")
    unknown = portvnf("bearer", "remove", agent.control, *who)
    assert unknown.stderr == "portvnf: bearer order: no UE has the IMSI 001019999999999\n"
    wrong = portvnf("bearer", "add", agent.control, *who, *QUALITY, "--filter", "both quic")
    said = "portvnf: bearer add: filter 'both quic': 'quic' is not known\n"
    assert (unknown.returncode, wrong.returncode, wrong.stderr) == (2, 2, said)
    values = {"imsi": "001019999999999", "rule": "call", "qci": 9, "filters": ["up udp"]}
    for apn in ("", "ünic", "a" * 64, "\ud800"):  # the agent checks what no command line did
        answer = agent.ask("bearer", action="add", order={**values, "apn": apn})
        assert answer["message"] == f"bearer add: {apn!r} is no APN network identifier"
