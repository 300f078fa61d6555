"""`portvnf bench` runs both engines and reports each; no figure is judged here."""

from __future__ import annotations

import json

import pytest

from portvnf import cli


@pytest.mark.parametrize("kind", ["packets", "control"])
def test_bench_reports_both_engines(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["bench", kind, "--sessions", "64", "--rounds", "1", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert rows
    for row in rows:
        assert row["sessions"] == 64
        assert row["jit"] > 0 and row["native"] > 0
