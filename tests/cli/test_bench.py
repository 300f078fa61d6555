"""`portvnf bench` runs both engines and reports each; no figure is judged here."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from portvnf import cli
from portvnf.bench import kernel_path
from portvnf.errors import HostError, PortvnfError
from portvnf.lab import sandbox
from tests.command import portvnf

from .refusal import refusal

KERNEL_ROWS = {
    "pairs a second", "pair p50, µs", "pair p99, µs", "Create Session p50, µs",
    "Modify Bearer p50, µs", "gateway CPU a pair, µs", "generator CPU a pair, µs",
    "deletions a second", "retransmitted", "fill, pairs/s",
}  # fmt: skip


def check_rows(rows: list[dict[str, Any]], part: str, sessions: list[int]) -> None:
    assert rows
    assert [row["sessions"] for row in rows] == sorted(row["sessions"] for row in rows)
    assert {row["sessions"] for row in rows} == set(sessions)
    for row in rows:
        assert row["part"] == part
        if row["what"] != "retransmitted":
            assert row["jit"] > 0 and row["native"] > 0, row


@pytest.mark.parametrize("kind", [["packets"], ["control", "--part", "vnf"]])
def test_the_vnf_alone(kind: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    options = ["--sessions", "64", "--rounds", "1", "--json", "--report", str(report)]
    assert cli.main(["bench", *kind, *options]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert json.loads(report.read_text()) == printed
    assert set(printed["measured"]) == {"vnf"} and printed["host"]["cpus"] >= 1
    check_rows(printed["rows"], "vnf", [64])


def test_a_gateway_through_the_kernel() -> None:
    rootless = os.geteuid() != 0
    try:
        sandbox.require_programs(sandbox.PROGRAMS)
        sandbox.require_tun()
        sandbox.require_namespaces(rootless)
    except PortvnfError as error:
        pytest.skip(error.message)
    before = subprocess.run(["ip", "netns"], capture_output=True).stdout
    options = ["--part", "kernel", "--sessions", "96,32", "--pairs", "16", "--rounds", "2"]
    done = portvnf("bench", "control", *options, "--json")
    assert done.returncode == 0 and done.stderr == "", done.stderr
    printed = json.loads(done.stdout)
    assert (
        set(printed["measured"]) == {"kernel"} and "portvnf-load" in printed["measured"]["kernel"]
    )
    rows = [row for row in printed["rows"] if row["what"] != "slowdown"]
    check_rows(rows, "kernel", [32, 96])
    assert [row["sessions"] for row in printed["rows"] if row["what"] == "slowdown"] == [96]
    for sessions in (32, 96):
        assert {row["what"] for row in rows if row["sessions"] == sessions} == KERNEL_ROWS
    assert subprocess.run(["ip", "netns"], capture_output=True).stdout == before


def test_gateways_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    class Large:
        def arena_size(self, config: bytes) -> int:
            return 1 << 50

    with pytest.raises(HostError) as refused:
        kernel_path._check_memory({"jit": Large(), "native": Large()}, [2000, 5000], tmp_path)
    assert refused.value.message.startswith(
        "gateways with 2,000 and 5,000 sessions, 2 of each, need 4,294,968,320 MiB of memory and "
    )


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["control", "--sessions", "many"], "--sessions many must be numbers from 1 to 4,000,000"),
        (["control", "--sessions", "0"], "--sessions 0 must be numbers from 1 to 4,000,000"),
        (["packets", "--sessions", "1,,2"], "--sessions 1,,2 must be numbers from 1 to 4,000,000"),
        (["packets", "--rounds", "0"], "--rounds 0 is not within 1 to 1000"),
        (["control", "--pairs", "0"], "--pairs 0 is not within 1 to 100000"),
        (
            ["packets", "--report", "/no/such/x"],
            "--report names a file in /no/such, which is not a",
        ),
        (["packets", "--report", "/"], "--report must name a file: / is a folder"),
    ],
)
def test_bad_arguments_get_their_sentence(options: list[str], sentence: str) -> None:
    assert refusal("bench", *options).startswith(sentence)
