"""portvnf-load: its requests are judged by pycrate and tshark, its verdicts by a gateway that
answers rightly, wrongly, late or not at all."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
from collections.abc import Callable
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from pycrate_mobile.TS29274_GTPC import parse_GTPC  # type: ignore[import-untyped]

from portvnf import locate
from portvnf.conform import requests, wire

from .fake_gateway import CREATE, DELETE, ENB, GATEWAY, MME, MODIFY, FakeGateway, accept, cause

OPTIONS = ["--local", MME, "--gateway", GATEWAY, "--enb", ENB, "--t3-ms", "50", "--n3", "2"]
EXTENDED = ["--ues", "10", "--window", "4", "--limit-s", "20"]

Answer = Callable[[int, int, int, int], list[bytes]]


def load(commands: str, *options: str) -> subprocess.CompletedProcess[str]:
    argv = [str(locate.load_program()), *(options or (*OPTIONS, *EXTENDED))]
    return subprocess.run(argv, input=commands, capture_output=True, text=True, timeout=30)


def run(commands: str, answer: Answer) -> tuple[int, list[dict[str, Any]], str, list[bytes]]:
    """Exit status, results, sentence and requests."""
    with FakeGateway(answer) as gateway:
        done = load(commands)
    results = [json.loads(line) for line in done.stdout.splitlines()]
    return done.returncode, results, done.stderr, gateway.received


def test_it_attaches_and_detaches() -> None:
    commands = "attach 0 10 1\ndetach 3 4 7\nattach 3 4 7\n"
    status, results, sentence, received = run(commands, accept)
    assert status == 0 and sentence == ""
    assert [(r["command"], r["accepted"]) for r in results] == [
        ("attach", 10), ("detach", 4), ("attach", 4)
    ]  # fmt: skip
    for result in results:
        for count in ("refused", "wrong", "stray", "requests", "retransmitted", "unanswered"):
            assert result[count] == 0, (count, result)
        assert result["per_second"] > 0 and not result["timed_out"]
        assert all(0 < t["p50"] <= t["p99"] <= t["max"] for t in result["latency_us"].values())
    kinds = [data[1] for data in received]
    assert [kinds.count(kind) for kind in (CREATE, MODIFY, DELETE)] == [14, 14, 4]
    assert len({data[8:11] for data in received}) == len(received), "sequence numbers differ"
    detached = {int.from_bytes(d[4:8], "big") & 0xFF for d in received if d[1] == DELETE}
    assert detached == {(3 + 7 * i) % 10 for i in range(4)}


def test_pycrate_writes_the_same_requests() -> None:
    _, _, _, received = run("attach 0 2 1\ndetach 0 2 1\n", accept)
    assert {data[1] for data in received} == {CREATE, MODIFY, DELETE}
    for data in received:
        message, error = parse_GTPC(data)
        assert error == 0
        message.reautomate()
        assert message.to_bytes() == data


def test_tshark_understands_the_requests(tmp_path: Path) -> None:
    if shutil.which("tshark") is None:
        pytest.skip("there is no tshark (Debian package tshark)")
    _, _, _, received = run("attach 7 1 1\ndetach 7 1 1\n", accept)
    ends = [IPv4Address(address).packed for address in (MME, GATEWAY)]
    capture = tmp_path / "s11.pcap"
    with capture.open("wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))
        for data in received:
            packet = wire.udp4(*ends, wire.GTPC_PORT, wire.GTPC_PORT, data)
            out.write(struct.pack("<IIII", 0, 0, len(packet), len(packet)) + packet)
    fields = ["gtpv2.message_type", "e212.imsi", "gtpv2.apn", "gtpv2.f_teid_interface_type"]
    fields += ["gtpv2.f_teid_ipv4", "gtpv2.ebi", "e164.msisdn", "gtpv2.mei", "_ws.malformed"]
    argv = ["tshark", "-r", str(capture), "-T", "fields", "-E", "separator=|"]
    for field in fields:
        argv += ["-e", field]
    read = subprocess.run(argv, capture_output=True, text=True, timeout=60)
    assert read.returncode == 0, read.stderr
    assert [line.split("|") for line in read.stdout.splitlines()] == [
        ["32", "001010000000007", "internet", "10,7", f"{MME},{GATEWAY}", "5", "447000000007",
         "3500000000000007", ""],
        ["34", "", "", "0", ENB, "5", "", "", ""],
        ["36", "", "", "", "", "5", "", "", ""],
    ]  # fmt: skip
    argv = ["tshark", "-r", str(capture), "-Y", "_ws.expert.severity >= 6291456"]  # warnings
    assert subprocess.run(argv, capture_output=True, text=True, timeout=60).stdout == ""


def test_what_is_lost_is_sent_again_as_it_was() -> None:
    def forgetful(kind: int, mme: int, sequence: int, turn: int) -> list[bytes]:
        return accept(kind, mme, sequence) if turn == 2 else []

    status, results, _, received = run("attach 0 3 1\n", forgetful)
    assert status == 0
    assert results[0]["accepted"] == 3 and results[0]["retransmitted"] == 6
    assert sorted(received)[::2] == sorted(received)[1::2], "each request came twice, unchanged"
    assert results[0]["latency_us"]["create_session"]["p50"] >= 50_000


def test_a_silent_gateway_is_given_up() -> None:
    status, results, sentence, received = run("attach 0 1 1\nattach 1 1 1\n", lambda *_: [])
    assert status == 3
    assert sentence.endswith("left requests unanswered, N3 times repeated\n")
    assert len(results) == 1 and results[0]["unanswered"] == 1 and len(received) == 3


def test_time_is_bounded() -> None:
    options = [*OPTIONS, "--ues", "1", "--t3-ms", "60000", "--limit-s", "1"]
    with FakeGateway(lambda *_: []):
        done = load("attach 0 1 1\n", *options)
    assert done.returncode == 3 and json.loads(done.stdout)["timed_out"]
    assert done.stderr.endswith("did not answer everything within --limit-s\n")


def test_refusals_are_counted_by_cause() -> None:
    def full(kind: int, mme: int, sequence: int, turn: int) -> list[bytes]:
        if mme & 1:
            return [requests.message(kind + 1, mme, sequence, cause(73))]
        return accept(kind, mme, sequence)

    status, results, sentence, _ = run("attach 0 10 1\n", full)
    assert status == 4 and "refused 5 requests and answered 0 wrongly" in sentence
    assert results[0]["accepted"] == 5 and results[0]["causes"] == {"73": 5}


def changed(kind: int, old: bytes, new: bytes) -> Answer:
    """Right answers but for one change in those to `kind`."""

    def answer(asked: int, mme: int, sequence: int, turn: int) -> list[bytes]:
        messages = accept(asked, mme, sequence)
        if asked != kind:
            return messages
        assert messages[0].count(old) == 1
        return [messages[0].replace(old, new)]

    return answer


@pytest.mark.parametrize(
    "answer",
    [
        lambda kind, mme, sequence, turn: accept(kind, mme ^ 1, sequence),
        changed(MODIFY, b"\x80\0\0\0", b"\x80\0\0\7"),
        changed(CREATE, bytes([87, 0, 9, 0, 0x80 | 11]), bytes([87, 0, 9, 0, 0x80 | 7])),
        changed(CREATE, bytes([87, 0, 9, 0, 0x80 | 1]), bytes([87, 0, 9, 0, 0x80 | 5])),
        changed(CREATE, bytes([79, 0, 5, 0, 1]), bytes([80, 0, 5, 0, 1])),
        changed(CREATE, b"\5\2\0\2\0\x10", b"\5\2\0\2\0\x49"),
    ],
    ids=["TEID", "TEID of Modify", "no S11 F-TEID", "no S1-U F-TEID", "no PAA", "bearer refused"],
)
def test_a_wrong_answer_is_not_counted_as_accepted(answer: Answer) -> None:
    status, results, _, _ = run("attach 0 1 1\n", answer)
    assert status == 4
    assert results[0]["accepted"] == 0 and results[0]["wrong"] == 1


def test_strays_change_nothing() -> None:
    def babbling(kind: int, mme: int, sequence: int, turn: int) -> list[bytes]:
        right = accept(kind, mme, sequence)
        short = right[0][:-1]  # its length does not fit
        other = accept(kind, mme, sequence + 4 & 0xFFFFFF)
        downlink = [requests.message(176, mme, 9, b"")]
        return [b"", b"\x48", short, *other, *downlink, *right, *right]

    status, results, _, received = run("attach 0 10 1\n", babbling)
    assert status == 0 and len(received) == 20
    # The answers to the very last request may find nobody who still listens.
    assert results[0]["accepted"] == 10
    assert results[0]["stray"] >= 19 * 5 and results[0]["requests"] >= 19


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--ues", "0"], '--ues must be 1 to 16000000, not "0"'),
        (["--ues", "10x"], '--ues must be 1 to 16000000, not "10x"'),
        (["--window", "6"], "--window must be a power of two: 6"),
        (["--local", "mme"], '--local must be an IPv4 address, not "mme"'),
        (["--apn", "a..b"], "--apn is no network identifier: a..b"),
        (["attach"], "unknown argument: attach"),
        ([], "--local, --gateway, --enb and --ues are needed (--help shows more)"),
        (
            ["--local", "192.0.2.1", "--gateway", GATEWAY, "--enb", ENB, "--ues", "1"],
            "cannot bind to 192.0.2.1, port 2123: Cannot assign requested address",
        ),
    ],
)
def test_bad_options_get_their_sentence(options: list[str], sentence: str) -> None:
    done = load("", *(options or ["--ues", "1"]))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"portvnf-load: {sentence}\n"


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("sing", 'a command is attach or detach, not "sing"'),
        ("", 'a command is attach or detach, not ""'),
        ("attach 0 1", "attach needs FIRST, COUNT and STEP"),
        ("attach 0 1 1 1", "attach needs FIRST, COUNT and STEP"),
        ("attach 10 1 1", 'FIRST must be 0 to 9, not "10"'),
        ("attach 0 11 1", 'COUNT must be 1 to 10, not "11"'),
        ("attach 0 2 5", "STEP 5 has a factor in common with --ues 10"),
        ("detach 4 1 1", "UE 4 is detached already"),
    ],
)
def test_bad_commands_get_their_sentence(command: str, sentence: str) -> None:
    done = load(f"{command}\n")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"portvnf-load: {sentence}\n"
