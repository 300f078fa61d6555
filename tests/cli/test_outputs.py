"""Names that are odd, links that go in circles, and an output that takes no more."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from portvnf import locate
from tests.command import portvnf
from tests.vepc.gateway import DATA

from .refusal import refusal


@pytest.fixture
def circle(tmp_path: Path) -> Path:
    """A symbolic link to itself."""
    path = tmp_path / "circle"
    path.symlink_to(path.name)
    return path


def test_links_that_go_in_circles(tmp_path: Path, circle: Path) -> None:
    gone, inside = tmp_path / "gone.sock", circle / "x"
    no_agent = f"no agent answers on {gone}: No such file or directory"
    assert refusal("record", gone, "s11", circle) == no_agent
    assert refusal("image", "export", gone, circle) == no_agent
    assert refusal("image", "restore", circle, "--control", gone) == no_agent
    no_folder = f"--report names a file in {circle}, which is not a folder"
    assert refusal("bench", "packets", "--report", inside) == no_folder
    assert refusal("lab", "demo", "--report", inside) == no_folder
    assert refusal("conform", "--report", inside) == no_folder
    for command in (("verify",), ("image", "check"), ("agent",), ("lint",), ("trace", "show")):
        assert str(circle) in refusal(*command, circle)


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "-", "a b", "ä"])
def test_names_that_no_key_can_have(tmp_path: Path, name: str) -> None:
    said = refusal("keygen", tmp_path / "keys", "--", name)
    assert said.startswith(f"{name!r} cannot be a key's name: ")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this machine has no /dev/full")
@pytest.mark.parametrize("command", [["schema", "describe", "vepc"], ["--version"], ["--help"]])
def test_an_output_that_takes_no_more(command: list[str]) -> None:
    argv = [sys.executable, "-m", "portvnf.cli", *command]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(argv, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2
    assert done.stderr == "portvnf: cannot write the output: No space left on device\n"


def test_a_closed_output() -> None:
    argv = f"{sys.executable} -m portvnf.cli config encode {DATA / 'vepc.toml'} -o /dev/null"
    done = subprocess.run(["sh", "-c", f"exec {argv} >&-"], stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_names_that_the_terminal_cannot_show(tmp_path: Path) -> None:
    """Of octets that are no text, or of letters that its encoding lacks."""
    path = os.fsencode(tmp_path) + b"/\xff\xc3\xa4.bc"
    Path(os.fsdecode(path)).write_bytes(locate.artifact().read_bytes())
    for encoding in ("utf-8", "ascii"):
        done = portvnf("verify", os.fsdecode(path), PYTHONIOENCODING=encoding)
        assert done.returncode == 0 and done.stderr == ""
        assert ".bc: vepc " in done.stdout
