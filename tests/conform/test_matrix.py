"""The small matrix of every test run, and what becomes of cells that cannot run."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from portvnf import locate
from portvnf.cli import main
from portvnf.conform import cells, report, traces
from portvnf.conform.cells import REQUIRED, Cell
from portvnf.conform.engines import Subject, fill_of
from portvnf.conform.matrix import AGREES, DIFFERS, MISSING, Matrix, Row, run_matrix
from portvnf.conform.page import page
from portvnf.conform.traces import NamedTrace

from .record import FOLDER

SMALL = (
    Cell("x86_64", "gcc", 3),
    Cell("x86_64", "jit", 3),
    Cell("mips64el", "gcc", 3),
    Cell("mips64", "gcc", 3),
    Cell("s390x", "gcc", 3),
)


def test_engines_and_isas_agree(generated_traces: Callable[[int], list[NamedTrace]]) -> None:
    listed = [*traces.recorded(FOLDER), *generated_traces(2000)]
    matrix = run_matrix(Subject(locate.artifact()), SMALL, listed)
    for row in matrix.rows:
        if row.verdict == MISSING:
            pytest.skip(f"{row.cell.name}: {row.reason}")
        assert row.verdict == AGREES, row.reason
    assert matrix.packets > 2500
    assert len({row.digests for row in matrix.rows}) == 1
    assert len({fill_of(row.cell) for row in matrix.rows}) > 1


@pytest.mark.slow
def test_the_quick_matrix(tmp_path: Path) -> None:
    """Every required cell, as `portvnf conform --quick` runs it."""
    path = tmp_path / "r.json"
    assert main(["conform", "--quick", "--report", str(path)]) == 0
    facts = json.loads(path.read_text())
    there = {(cell["isa"], cell["engine"]) for cell in facts["cells"]}
    assert there == {(isa, engine) for isa, engines in REQUIRED for engine in engines}
    assert facts["ok"] and not facts["differences"]


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = {name: tmp_path / name for name in ("r.json", "r.html")}
    arguments = ["conform", "--cell", "x86_64/gcc/O[03]", "--packets", "500", "--seed", "5"]
    arguments += ["--report", str(paths["r.json"]), "--html", str(paths["r.html"])]
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    assert printed.count("agrees") == 2 and "GCC" in printed
    facts = json.loads(paths["r.json"].read_text())
    assert [cell["verdict"] for cell in facts["cells"]] == [AGREES, AGREES]
    assert facts["packets"] >= 500 and len(facts["artifact"]["sha256"]) == 64
    html = paths["r.html"].read_text()
    assert "2 of 2 cells agree" in html and "http" not in html


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--cell", "vax/*"], "no cell is called 'vax/*'"),
        (["--traces", "/nowhere"], "/nowhere holds no trace"),
        (["--packets", "-1"], "-1 packets cannot be generated"),
        (["--artifact", "/nowhere.bc"], "/nowhere.bc"),
        (["--report", "/nowhere/x"], "--report names a file in /nowhere, which is not a folder"),
        (["--html", "/"], "--html must name a file: / is a folder"),
        (["--reproducers", "/dev/null"], "--reproducers must name a folder: /dev/null is none"),
    ],
)
def test_errors(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["conform", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_a_cell_that_cannot_run_is_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without QEMU the row says so, and the exit status is 1."""
    real = shutil.which
    monkeypatch.setattr(
        shutil, "which", lambda name, *rest, **more: None
        if "qemu" in str(name) else real(name, *rest, **more)
    )  # fmt: skip
    html = tmp_path / "r.html"
    arguments = ["conform", "--cell", "mips64/gcc/O3", "--cell", "x86_64/gcc/O3", "--packets", "0"]
    assert main([*arguments, "--html", str(html)]) == 1
    wanted = "qemu-mips64-static is not installed"
    assert wanted in capsys.readouterr().out and wanted in html.read_text()


def row(isa: str, got: str) -> Row:
    return Row(Cell(isa, "gcc", 3), "GCC", None, (got,), 1.0, AGREES)


def test_required_cells_that_are_missing_are_named() -> None:
    matrix = Matrix((row("x86_64", "d"),), ())
    assert matrix.missing([Cell("x86_64", "gcc", 3), Cell("s390x", "jit", 0)]) == ["s390x/jit"]
    assert matrix.missing([Cell("x86_64", "gcc", 0)]) == []


def test_every_required_cell_is_in_both_plans() -> None:
    required = {(isa, engine) for isa, engines in REQUIRED for engine in engines}
    for plan in (cells.quick(), cells.everything()):
        assert {(cell.isa, cell.engine) for cell in plan if cell.level == 3} == required
    levels = {cell.level for cell in cells.everything() if cell.isa == "x86_64"}
    assert levels == {0, 1, 2, 3}


def test_a_difference_stands_out_in_the_reports() -> None:
    other = Row(Cell("s390x", "gcc", 3), "GCC <2>", None, ("e",), 1.0, DIFFERS, "in trace t")
    named = NamedTrace("t", Path("t.trace"), 10)
    matrix = Matrix((row("x86_64", "d"), other), (named,), ("d",))
    assert not matrix.ok
    assert any("differs: in trace t" in line for line in report.text(matrix, []))
    html = page(matrix, [], "ab" * 32, False)
    assert '<tr class="differs">' in html and "GCC &lt;2&gt;" in html
    assert report.to_json(matrix, [], "ab" * 32, False)["ok"] is False
