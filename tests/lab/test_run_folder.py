"""What runs of the lab leave behind, and what they do not."""

import os
import subprocess
import sys

import pytest

from portvnf.errors import LabError
from portvnf.lab.run_folder import KEPT, PKI, RunFolder


def with_keys(folder):
    (folder.path / PKI).mkdir()
    (folder.path / PKI / "ca.key").write_text("secret")
    (folder.path / "agent.log").write_text("log")
    return folder.path


def test_a_run_that_passed_leaves_nothing(tmp_path):
    folder = RunFolder(tmp_path / "cache")
    with_keys(folder)
    folder.close(keep=False)
    assert not list((tmp_path / "cache").iterdir())


def test_failed_runs_leave_logs_without_keys_and_only_the_newest(tmp_path):
    paths = []
    for age in range(KEPT + 3):
        folder = RunFolder(tmp_path)
        paths.append(with_keys(folder))
        folder.close(keep=True)
        os.utime(paths[-1], ns=(age, age))
        assert [path.name for path in paths[-1].iterdir()] == ["agent.log"]
    RunFolder(tmp_path).close(keep=False)
    assert sorted(tmp_path.iterdir()) == sorted(paths[-KEPT:])


def test_keys_of_a_killed_run_go_when_the_next_one_starts(tmp_path):
    code = (
        "import os, pathlib, sys; from portvnf.lab.run_folder import RunFolder, PKI;"
        "f = RunFolder(pathlib.Path(sys.argv[1])); (f.path / PKI).mkdir();"
        "print(f.path, flush=True); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True
    )
    killed = tmp_path / done.stdout.strip()
    assert (killed / PKI).is_dir()
    RunFolder(tmp_path).close(keep=False)
    assert killed.is_dir() and not (killed / PKI).exists()


def test_a_run_beside_it_keeps_its_keys(tmp_path):
    first = RunFolder(tmp_path)
    keys = with_keys(first) / PKI / "ca.key"
    os.utime(first.path, ns=(0, 0))
    for _ in range(KEPT + 1):
        RunFolder(tmp_path).close(keep=True)
    assert keys.read_text() == "secret"
    first.close(keep=False)


def test_a_cache_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(LabError, match=r"no folder can be made in .*/file: "):
        RunFolder(tmp_path / "file")
