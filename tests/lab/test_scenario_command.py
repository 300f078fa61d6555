"""`portvnf lab run`: a user's file, its exit status and its complaints."""

import platform
import subprocess
import sys

import pytest

from portvnf.errors import PortvnfError
from portvnf.lab import require


def run(tmp_path, text, prefix=()):
    try:
        require.scenario(platform.machine(), captures=False)
    except PortvnfError as error:
        pytest.skip(f"{error} (script/setup makes what is missing)")
    file = tmp_path / "scenario.py"
    file.write_text(text)
    argv = [*prefix, sys.executable, "-m", "portvnf.cli", "lab", "run", str(file)]
    return subprocess.run(argv, capture_output=True, text=True, timeout=300)


@pytest.mark.parametrize(
    ("text", "status", "said"),
    [
        ("ue = lab.ue().attach()\nue.lose()\nue.ping(lab.server)", 1, ":3: UE 1 is not attached"),
        ("lab.ue().attach()\nassert lab.sgw.sessions == 2", 1, ":2: assert lab.sgw.sessions == 2"),
        ("lab.nothing()", 2, ":1: AttributeError: "),
    ],
)
def test_what_goes_wrong_is_said_with_its_line(tmp_path, text, status, said):
    done = run(tmp_path, text)
    assert done.returncode == status
    assert said in done.stderr and "Traceback" not in done.stderr


def test_a_scenario_runs_in_a_user_namespace(tmp_path):
    text = "ue = lab.ue().attach()\nlab.migrate()\nprint(ue.ping(lab.server) > 0)"
    done = run(tmp_path, text, prefix=("unshare", "--user", "--map-root-user"))
    assert (done.returncode, done.stdout) == (0, "True\n"), done.stderr
