"""The whole demonstration with the real vEPC, agents and migration, only shorter."""

import json
import os
import platform
import subprocess
import sys

import pytest

from portvnf.errors import PortvnfError
from portvnf.lab import require, sandbox

ISA = "mips64el"


def demo(*arguments, prefix=()):
    argv = [*prefix, sys.executable, "-m", "portvnf.cli", "lab", "demo", *map(str, arguments)]
    return subprocess.run(argv, capture_output=True, text=True, timeout=400)


def can_run(rootless):
    try:
        require.everything(ISA)
        sandbox.require_tun()
        sandbox.require_namespaces(rootless)
    except PortvnfError as error:
        pytest.skip(f"{error} (script/setup makes what is missing)")


@pytest.mark.parametrize(
    ("prefix", "seconds", "ues"),
    [
        pytest.param((), 12, 200, id="as-the-user-that-tests"),
        pytest.param(("unshare", "--user", "--map-root-user"), 10, 20, id="in-a-user-namespace"),
    ],
)
def test_a_video_survives_both_moves(prefix, seconds, ues, tmp_path):
    can_run(rootless=bool(prefix) or os.geteuid() != 0)
    report, picture = tmp_path / "report.json", tmp_path / "report.png"
    done = demo(
        *("--duration", seconds, "--ues", ues, "--report", report, "--picture", picture),
        prefix=prefix,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(report.read_text())
    assert found["ok"] is True
    host = platform.machine()
    assert [(m["from"]["isa"], m["to"]["isa"]) for m in found["moves"]] == [
        (host, ISA),
        (ISA, host),
    ]
    for move in found["moves"]:
        assert move["sessions"] == ues + 1
        assert move["image_bytes"] > 0
        assert move["freeze_ms"] > 0
        assert move["held_packets"] >= 0
        for side in ("from", "to"):
            assert move[side]["artifact_sha256"] == found["artifact"]["sha256"]
            assert move[side]["engine"] == "jit"
            assert move[side]["llvm"]
    for direction in ("uplink", "downlink"):
        totals = found["traffic"][direction]
        # A thousand packets a second while the video runs, and a little before and after.
        assert totals["sent"] == totals["received"] >= 1000 * seconds
        assert totals["lost"] == totals["duplicated"] == totals["reordered"] == 0
        assert 0 < totals["max_added_delay_ms"] < 5000
    assert found["video"] == {
        "frames_sent": 25 * seconds,
        "frames_received": 25 * seconds,
        "frames_corrupt": 0,
    }
    assert picture.read_bytes().startswith(b"\x89PNG")
    for phase in ("pre-copy round 1", "freeze", "commit", "drain", "OK: every expectation"):
        assert phase in done.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--duration", 5), "--duration 5 is not within"),
        (("--ues", 0), "--ues 0 is not within"),
        (("--report", "/no/such/folder/r.json"), "/no/such/folder, which is not a folder"),
        (("--report", "/"), "--report must name a file: / is a folder"),
        (("--picture", "/usr"), "--picture must name a file: /usr is a folder"),
        (("--isa", "pdp11"), "'pdp11'"),
    ],
)
def test_a_wrong_option_is_one_sentence(arguments, sentence, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = demo(*arguments)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_missing_program_is_one_sentence(tmp_path):
    can_run(rootless=False)
    for name in ("unshare", "nsenter", "mount", "ip"):
        (tmp_path / name).symlink_to("/bin/true")
    done = subprocess.run(
        [sys.executable, "-m", "portvnf.cli", "lab", "demo"],
        capture_output=True,
        text=True,
        env={**os.environ, "PATH": str(tmp_path)},
    )
    assert done.returncode == 2
    assert "needs the program ffmpeg" in done.stderr
