"""The corpora run clean, the fuzzers build and run, and a planted defect is found."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from . import run
from .targets import CORPUS, ROOT, TARGETS, build, prepare


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("fuzz")
    prepare(made)
    return made


@pytest.mark.parametrize("target", TARGETS)
def test_corpus_runs_clean(folder: Path, target: str) -> None:
    program = build(target, folder, fuzzer=False)
    files = sorted((CORPUS / target).iterdir())
    environment = {**os.environ, "PORTVNF_FUZZ_STATE": str(folder / "state")}
    done = subprocess.run(
        [program, *files], env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert int(done.stdout) == len(files) > 10


def test_damage_is_found(folder: Path, tmp_path: Path) -> None:
    program = build("records", folder, fuzzer=False)
    (tmp_path / "state").write_bytes((folder / "state").read_bytes()[:-3])
    environment = {**os.environ, "PORTVNF_FUZZ_STATE": str(tmp_path / "state")}
    done = subprocess.run([program, __file__], env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (2, "fuzz: the state's file is damaged\n")


@pytest.mark.slow
def test_ten_minutes_of_fuzzing(tmp_path: Path) -> None:
    assert run.fuzz(tmp_path, 600, keep=False)


def test_script_says_how_it_is_used() -> None:
    done = subprocess.run(
        [ROOT / "script" / "fuzz", "never"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2 and "script/fuzz" in done.stderr
