"""What every refusal of the command line looks like."""

from __future__ import annotations

import contextlib
import io
import subprocess
from pathlib import Path

from portvnf import cli, locate
from tests.command import portvnf
from tests.vepc.gateway import DATA

CONFIG = DATA / "thousands.toml"


def _here(*arguments: object) -> subprocess.CompletedProcess[str]:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = cli.main([str(argument) for argument in arguments])
    return subprocess.CompletedProcess([], status, out.getvalue(), err.getvalue())


def refusal(*arguments: object, **environment: str) -> str:
    """Runs a command that must be refused: status 2, nothing on stdout, one sentence on
    stderr, which is returned."""
    # An agent takes over its process's signals; the other commands can run in this one.
    in_process = not environment and arguments[0] != "agent"
    done = _here(*arguments) if in_process else portvnf(*arguments, **environment)
    assert done.returncode == 2, (done.returncode, done.stdout, done.stderr)
    assert done.stdout == "" and "Traceback" not in done.stderr
    assert done.stderr.startswith("portvnf: ") and done.stderr.count("\n") == 1, done.stderr
    return done.stderr.removeprefix("portvnf: ").rstrip("\n")


def write_blade(
    folder: Path,
    *,
    artifact: Path | None = None,
    vnf_config: Path = CONFIG,
    ports: str = "",
    engine: str = "auto",
    state: str = "state",
    more: str = "",
    top: str = "port = []",
) -> Path:
    """A blade's configuration; without `ports` it has those of `top`: none."""
    path = folder / "blade.toml"
    path.write_text(f"""{"" if ports else top}
[blade]
name = "blade"
artifact = "{artifact or locate.artifact()}"
vnf_config = "{vnf_config}"
engine = "{engine}"
control = "blade.sock"
state_dir = "{state}"
{more}
{ports}
""")
    return path


def untouched(folder: Path) -> None:
    """The refused agent has left nothing behind."""
    assert not (folder / "blade.sock").exists()
    assert not (folder / "state").exists()
