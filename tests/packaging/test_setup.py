"""script/setup makes a checkout ready wherever it lies, and one that was copied anew."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from portvnf import roots

ROOT = Path(__file__).resolve().parent.parent.parent


def set_up(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    surroundings = {**os.environ, "PORTVNF_ROOTS": str(roots.folder()), **environment}
    for name in ("PORTVNF_BUILD", "PORTVNF_ARTIFACT", "PYTHONPATH", "VIRTUAL_ENV"):
        surroundings.pop(name, None)
    return subprocess.run(
        [folder / "script" / "setup"], env=surroundings, capture_output=True, text=True
    )


def ask_launcher(folder: Path) -> str:
    """Where the checkout's `portvnf` takes its own code from."""
    code = "import portvnf, sys; sys.stdout.write(portvnf.__file__)"
    done = subprocess.run(
        [folder / ".venv" / "bin" / "python", "-c", code],
        capture_output=True, text=True, check=True, cwd="/",
    )  # fmt: skip
    shown = subprocess.run(
        [folder / ".venv" / "bin" / "portvnf", "verify", folder / "build" / "vepc.bc"],
        capture_output=True, text=True, cwd="/",
    )  # fmt: skip
    assert "fit to run" in shown.stdout, shown.stderr
    return done.stdout


@pytest.mark.slow
def test_a_checkout_in_a_path_with_a_space_and_its_copy(tmp_path: Path) -> None:
    first, second = tmp_path / "one checkout", tmp_path / "two"
    names = subprocess.run(
        ["git", "ls-files", "-z", "-co", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")[:-1]
    for name in names:
        if (ROOT / name).is_file():
            (first / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, first / name)
    done = set_up(first)
    assert done.returncode == 0, done.stdout + done.stderr
    assert ask_launcher(first).startswith(f"{first}/")

    shutil.copytree(first, second, symlinks=True)
    done = set_up(second)
    assert done.returncode == 0, done.stdout + done.stderr
    assert ask_launcher(second).startswith(f"{second}/")
    built = (second / "build" / "meson-info" / "meson-info.json").read_text()
    assert str(first) not in built

    done = set_up(second, PORTVNF_ROOTS=str(tmp_path / "none"), PATH=no_mmdebstrap(tmp_path))
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stderr.endswith("setup: a Debian root could not be made: mips64el s390x\n")


def no_mmdebstrap(folder: Path) -> str:
    """A PATH on which mmdebstrap fails."""
    program = folder / "failing" / "mmdebstrap"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho 'E: no mirror' >&2\nexit 25\n")
    program.chmod(0o755)
    return f"{program.parent}:{os.environ['PATH']}"
