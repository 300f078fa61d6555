"""The command line: one sentence on stderr and status 2 for whatever a user can mend."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from portvnf import cli, locate, roots
from portvnf.errors import HostError, MissingPieceError
from tests.command import portvnf


def test_verify(reflect: Path) -> None:
    done = portvnf("verify", reflect, "--manifest")
    assert done.returncode == 0 and done.stderr == ""
    first, second, rest = done.stdout.split("\n", 2)
    assert first.endswith("reflect 1, host ABI 1, fit to run")
    assert second.startswith("sha256 ")
    assert json.loads(rest)["counters"] == ["reflected", "dropped"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"", "is empty"),
        (b"hello, world", "is not LLVM bitcode"),
    ],
)
def test_bad_artifact(tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "file.bc"
    if content is not None:
        path.write_bytes(content)
    done = portvnf("verify", path)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith(f"portvnf: {path} ") and said in done.stderr


def test_unknown_command() -> None:
    done = portvnf("sing")
    assert done.returncode == 2 and "Traceback" not in done.stderr


def test_every_command_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["--help"])
    assert caught.value.code == 0
    assert "verify" in capsys.readouterr().out


def test_locate(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PORTVNF_BUILD", str(tmp_path))
    monkeypatch.delenv("PORTVNF_ARTIFACT", raising=False)
    with pytest.raises(MissingPieceError, match=rf"vepc\.bc is not in {tmp_path}"):
        locate.artifact()
    (tmp_path / "vepc.bc").write_bytes(b"")
    assert locate.artifact() == tmp_path / "vepc.bc"
    monkeypatch.setenv("PORTVNF_ARTIFACT", str(tmp_path / "other.bc"))
    with pytest.raises(MissingPieceError, match="PORTVNF_ARTIFACT names"):
        locate.artifact()


def test_root_errors(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PORTVNF_ROOTS", str(tmp_path))
    with pytest.raises(HostError, match="no root is known for ISA 'vax'"):
        roots.command("vax")
    with pytest.raises(MissingPieceError, match="the s390x root is not in"):
        roots.command("s390x")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(HostError, match="mmdebstrap is not installed"):
        roots.make("s390x")


def test_root_runs_its_python(other_isa: str) -> None:
    code = "import os, platform, portvnf; print(platform.machine(), os.environ['GIVEN'])"
    argv = [*roots.command(other_isa, {"GIVEN": "a b"}), "-c", code]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    machine = {"mips64el": "mips64"}.get(other_isa, other_isa)
    assert done.stdout == f"{machine} a b\n"
    code = "from portvnf import locate; print(locate.headers()); locate.host_library()"
    module = ["-m", "portvnf.roots", "run", other_isa, "--", "-c", code]
    done = subprocess.run([sys.executable, *module], capture_output=True, text=True)
    assert done.stdout == f"{locate.headers()}\n", done.stderr
