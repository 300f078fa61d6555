"""`portvnf agent` as a process, and the commands that speak to it."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from portvnf.state import image
from portvnf.state.vepc import SCHEMA
from tests.command import portvnf
from tests.migration.subscribers import make_image, s11
from tests.vepc import packets

from .agent_process import AgentProcess, free_port, write_blade

SUBSCRIBERS = 30


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[AgentProcess]:
    """An active agent with "mem" ports."""
    with AgentProcess(write_blade(tmp_path, "solo")) as agent:
        agent.ready()
        yield agent


def test_ready_status_and_stop(tmp_path: Path) -> None:
    with AgentProcess(write_blade(tmp_path, "solo")) as agent:
        ready = agent.ready()
        assert ready["state"] == "active" and ready["name"] == "solo" and ready["note"] == ""
        assert ready["engine"] == "jit" and ready["isa"] == "x86_64" and ready["sessions"] == 0
        assert agent.control.stat().st_mode & 0o777 == 0o600
        shown = portvnf("status", agent.control)
        status = json.loads(shown.stdout)
        assert {**status, "event": "ready"} == ready
        listed = portvnf("counters", agent.control, "--json")
        groups = json.loads(listed.stdout)
        drops = {f"drop_{name}": value for name, value in groups["drops"].items()}
        assert {**groups["counters"], **drops} == agent.ask("counters")["counters"]
        assert groups["counters"]["sessions"] == 0 and groups["engine"]["held"] == 0
        text = portvnf("counters", agent.control).stdout
        assert re.search(r"^sessions +0$", text, re.MULTILINE)
        assert re.search(r"^s11( +0){7}$", text, re.MULTILINE)
        assert agent.ask("ports")["ports"]["s11"]["rx_packets"] == 0
        stopped = portvnf("stop", agent.control)
        assert (stopped.returncode, stopped.stderr) == (0, "")
        assert agent.finish() == 0 and agent.errors == []
        assert not agent.control.exists()


def test_sigterm_ends_it_cleanly(agent: AgentProcess) -> None:
    assert agent.terminate() == 0
    assert not agent.control.exists() and agent.errors == []


def test_restart_counter_goes_up_at_each_start(tmp_path: Path) -> None:
    configuration = write_blade(tmp_path, "solo")
    seen = []
    for _ in range(3):
        with AgentProcess(configuration) as agent:
            agent.ready()
            agent.ask("export", path=str(tmp_path / "state.img"))
            assert agent.terminate() == 0
        done = portvnf("image", "show", tmp_path / "state.img", "--section", "gateway", "--json")
        seen.append(json.loads(done.stdout)["restart_counter"])
    assert seen == [1, 2, 3]
    (tmp_path / "solo.state" / "restart-counter").write_text("255\n")
    with AgentProcess(configuration) as agent:
        agent.ready()
    assert (tmp_path / "solo.state" / "restart-counter").read_text() == "0\n"


def test_a_second_agent_on_the_same_socket_is_refused(agent: AgentProcess) -> None:
    before = agent.control.parent.joinpath("solo.state", "restart-counter").read_text()
    with AgentProcess(agent.control.with_suffix(".toml")) as second:
        assert second.finish() == 2
        assert second.errors == [f"portvnf: another agent serves {agent.control}\n"]
    assert agent.ask("status")["state"] == "active"
    after = agent.control.parent.joinpath("solo.state", "restart-counter").read_text()
    assert after == before


def test_a_stale_socket_is_replaced(tmp_path: Path) -> None:
    configuration = write_blade(tmp_path, "solo")
    with AgentProcess(configuration) as killed:
        killed.ready()
        killed.process.kill()
        killed.process.wait(10)
        assert killed.control.is_socket()
        with AgentProcess(configuration) as agent:
            assert agent.ready()["state"] == "active"


def test_a_file_in_the_socket_s_place_is_left_alone(tmp_path: Path) -> None:
    configuration = write_blade(tmp_path, "solo")
    precious = configuration.with_suffix(".sock")
    precious.write_text("precious")
    with AgentProcess(configuration) as agent:
        assert agent.finish() == 2
        assert agent.errors == [f"portvnf: {precious} is there and is no socket\n"]
    assert precious.read_text() == "precious"


def test_a_charging_file_that_cannot_be_is_refused_at_once(tmp_path: Path) -> None:
    wrong = '[charging]\nfile = "none/cdr.jsonl"\n'
    with AgentProcess(write_blade(tmp_path, "solo", more=wrong)) as agent:
        assert agent.finish() == 2
        where = tmp_path / "none" / "cdr.jsonl"
        assert agent.errors == [f"portvnf: cannot write {where}: No such file or directory\n"]


def test_a_taken_port_is_refused(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        configuration = write_blade(tmp_path, "solo", peers={"solo": port})
        with AgentProcess(configuration) as agent:
            assert agent.finish() == 2
            (sentence,) = agent.errors
            assert f"cannot listen on 127.0.0.1:{port}: Address already in use" in sentence
    assert not agent.control.exists()


def test_export_and_restore(tmp_path: Path) -> None:
    make_image(tmp_path / "before.img", "thousands", SUBSCRIBERS)
    with AgentProcess(write_blade(tmp_path, "spare", active=False)) as agent:
        assert agent.ready()["state"] == "standby"
        restored = portvnf("image", "restore", tmp_path / "before.img", "--control", agent.control)
        assert restored.stdout == f"{SUBSCRIBERS} sessions in service\n"
        assert agent.ask("status")["sessions"] == SUBSCRIBERS
        exported = portvnf("image", "export", agent.control, tmp_path / "after.img")
        size = (tmp_path / "after.img").stat().st_size
        assert exported.stdout == f"{tmp_path / 'after.img'}: {size} bytes\n"
        again = portvnf("image", "restore", tmp_path / "before.img", "--control", agent.control)
        assert again.returncode == 2
        assert again.stderr == "portvnf: spare is active: it has sessions\n"
    compared = portvnf("image", "diff", tmp_path / "before.img", tmp_path / "after.img")
    lines = compared.stdout.splitlines()
    assert all(line.endswith(("no differences",)) or "remaining_ms" in line for line in lines)


def test_a_damaged_image_leaves_the_blade_on_standby(tmp_path: Path) -> None:
    image = tmp_path / "damaged.img"
    make_image(image, "thousands", 2)
    data = bytearray(image.read_bytes())
    data[200] ^= 1
    image.write_bytes(data)
    with AgentProcess(write_blade(tmp_path, "spare", active=False)) as agent:
        agent.ready()
        for path, said in (
            (image, "is damaged: its SHA-256 is not the one that it states"),
            (tmp_path / "none.img", "No such file or directory"),
        ):
            done = portvnf("image", "restore", path, "--control", agent.control)
            assert done.returncode == 2 and str(path) in done.stderr and said in done.stderr
        assert agent.ask("status")["state"] == "standby"


def test_an_image_that_does_not_fit_is_refused_by_name(tmp_path: Path) -> None:
    make_image(tmp_path / "big.img", "thousands", SUBSCRIBERS)
    small = tmp_path / "small.toml"
    original = (Path(__file__).parents[1] / "data" / "thousands.toml").read_text()
    small.write_text(original.replace("sessions = 8192", "sessions = 5"))
    with AgentProcess(write_blade(tmp_path, "spare", active=False, config=small)) as agent:
        agent.ready()
        done = portvnf("image", "restore", tmp_path / "big.img", "--control", agent.control)
        assert done.returncode == 2
        assert done.stderr == (
            f"portvnf: {tmp_path / 'big.img'}: section gateway, record 0 (byte 0), field ue.next: "
            "this instance is configured too small for the record\n"
        )
        assert agent.ask("status")["state"] == "standby"


def test_an_image_that_lacks_something_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "part.img"
    make_image(path, "thousands", 2)
    whole = image.read(path, SCHEMA)
    parts = [part for part in whole.sections if part.number != SCHEMA.section("pool").number]
    image.write(path, image.build(SCHEMA, whole.artifact_sha256, parts))
    with AgentProcess(write_blade(tmp_path, "spare", active=False)) as agent:
        agent.ready()
        done = portvnf("image", "restore", path, "--control", agent.control)
    assert (done.returncode, done.stderr) == (
        2,
        f"portvnf: {path}: the state is not whole: the gateway's record, the record of a pool, "
        "a UE's session or a session's default bearer is missing\n",
    )


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark (Debian's package) is missing")
def test_a_recording_is_a_capture_that_tshark_reads(tmp_path: Path) -> None:
    requests = tmp_path / "requests.pcap"
    frames = [s11(packets.echo(1, sequence=number)) for number in range(20)]
    write_capture(requests, frames)
    ports = """[[port]]
name = "s11"
driver = "pcap"
rx = "requests.pcap"
"""
    ports += "".join(
        f'[[port]]\nname = "{n}"\ndriver = "mem"\nslots = 64\n' for n in ("s1u", "sgi")
    )
    with AgentProcess(write_blade(tmp_path, "spare", active=False, ports=ports)) as agent:
        # A blade on standby has no instance to record.
        agent.ready()
        done = portvnf("record", agent.control, "s11", tmp_path / "x.pcap")
        assert done.returncode == 2
        assert done.stderr == "portvnf: spare is on standby: it has no sessions\n"
    recorded = tmp_path / "recorded.pcap"
    with AgentProcess(write_blade(tmp_path, "solo")) as agent:
        agent.ready()
        for port, path, said in (
            ("s12", recorded, "solo has no port 's12'"),
            ("s11", tmp_path / "none" / "x.pcap", "No such file or directory"),
        ):
            refused = portvnf("record", agent.control, port, path)
            assert refused.returncode == 2 and said in refused.stderr
        assert portvnf("record", agent.control, "s11", recorded).returncode == 0
        ended = portvnf("record", agent.control, "s11")
        assert (ended.returncode, ended.stderr) == (0, "")
    read = subprocess.run(["tshark", "-r", str(recorded)], capture_output=True, text=True)
    assert read.returncode == 0, read.stderr


def write_capture(path: Path, frames: list[bytes]) -> None:
    from scapy.layers.inet import IP
    from scapy.utils import wrpcap

    wrpcap(str(path), [IP(frame) for frame in frames])


def test_commands_that_make_no_sense(agent: AgentProcess) -> None:
    assert agent.ask("sing")["message"].startswith("there is no command 'sing', only status, ")
    assert agent.ask("migrate")["message"] == "the command 'migrate' needs 'to', a string"
    assert agent.ask("export", path=7)["message"] == "the command 'export' needs 'path', a string"
    for path in ("a\0b", "/tmp/\ud800.img"):
        for command in ("export", "restore"):
            answer = agent.ask(command, path=path)
            assert answer == {
                "ok": False,
                "message": f"the command {command!r}: path = {path!r} is no name",
            }
    assert agent.ask("resolve")["message"] == "the command 'resolve' needs 'keep', true or false"
    assert "not in doubt" in agent.ask("resolve", keep=True)["message"]
    for line in (b"{", b"[1]", b'{"command": 1}', b"\xff\xfe\xfd", b"[" * 10_000):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(agent.control))
            connection.sendall(line + b"\n")
            answer = connection.makefile().readline()
        assert json.loads(answer)["ok"] is False, line
    assert agent.ask("status")["state"] == "active"
    assert agent.terminate() == 0 and agent.errors == []


def test_an_operator_who_leaves_does_no_harm(agent: AgentProcess) -> None:
    for _ in range(20):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(agent.control))
            connection.sendall(b'{"command": "status"}\n' * 50)
    assert agent.ask("status")["state"] == "active"
    assert agent.terminate() == 0 and agent.errors == []


def test_migrate_says_what_is_wrong(tmp_path: Path) -> None:
    peers = {"one": free_port(), "two": free_port()}
    with AgentProcess(write_blade(tmp_path, "one", peers=peers)) as agent:
        agent.ready()
        for peer, said in (
            ("three", "one has no peer 'three' in its configuration"),
            ("two", f"cannot reach two at 127.0.0.1:{peers['two']}: Connection refused"),
        ):
            done = portvnf("migrate", agent.control, peer)
            assert (done.returncode, done.stdout) == (2, "")
            assert done.stderr == f"portvnf: {said}\n"
        assert agent.ask("status")["state"] == "active"


def test_stopping_does_not_wait_for_silent_peers(tmp_path: Path) -> None:
    peers = {"one": free_port(), "two": free_port()}
    with AgentProcess(write_blade(tmp_path, "one", peers=peers)) as agent:
        agent.ready()
        with socket.create_connection(("127.0.0.1", peers["one"])) as silent:
            silent.sendall(b"\x16")
            assert agent.terminate() == 0
