"""Each expectation, broken alone, must make the verdict "not ok" and say why."""

import copy

import pytest

from portvnf.lab import report
from portvnf.lab.account import Totals
from portvnf.lab.report import Expected
from portvnf.lab.video import Comparison, compare, last_frame_count, read_hashes

SHA = "ab" * 32
X86 = {"isa": "x86_64", "engine": "jit", "llvm": "22.1.0", "artifact_sha256": SHA}
MIPS = {"isa": "mips64el", "engine": "jit", "llvm": "14.0.6", "artifact_sha256": SHA}
EXPECTED = Expected((("x86_64", "mips64el"), ("mips64el", "x86_64")), 1001)


def move(origin, target):
    return {
        "from": origin,
        "to": target,
        "sessions": 1001,
        "image_bytes": 200_000,
        "freeze_ms": 12.5,
        "held_packets": 40,
        "rounds": 3,
        "in_stream": True,
    }


def good():
    clean = Totals(5000, 5000, 0, 0, 0, 0, 0, 1000, 31.2, 1.1)
    signalling = {
        "requests": 2100,
        "answered": 2100,
        "refused": 0,
        "retransmitted": 0,
        "unanswered": 0,
        "echo_requests": 40,
        "echo_answered": 40,
        "causes": {"16": 2060},
        "idle": {"requested": 20, "accepted": 20},
        "detach": {"requested": 101, "accepted": 101},
    }
    moves = [move(X86, MIPS), move(MIPS, X86)]
    return report.build(
        EXPECTED, SHA, moves, clean, clean, Comparison(1000, 1000, 0), signalling, {}
    )


def test_a_clean_run_is_ok():
    found = good()
    assert found["ok"] is True
    assert found["failures"] == []
    assert "OK: every expectation holds" in report.text(found)
    assert "NOT OK" not in report.text(found)


BREAKS = [
    (("traffic", direction, kind), value, f"{direction} packets")
    for direction in ("uplink", "downlink")
    for kind, value in (
        ("lost", 1),
        ("duplicated", 1),
        ("reordered", 1),
        ("misdelivered", 1),
        ("damaged", 1),
        ("received", 4999),
        ("sent", 0),
    )
] + [
    (("video", "frames_corrupt"), 1, "corrupt"),
    (("video", "frames_received"), 999, "999 video frames"),
    (("video", "frames_sent"), 0, "no video frames"),
    (("moves", 0, "sessions"), 1000, "1000 sessions instead of 1001"),
    (("moves", 1, "in_stream"), False, "while the video"),
    (("moves", 0, "to", "isa"), "x86_64", "instead of from x86_64 to mips64el"),
    (("moves", 1, "from", "artifact_sha256"), "cd" * 32, "another artifact"),
    (("moves", 0, "to", "artifact_sha256"), "cd" * 32, "another artifact"),
    (("moves", 0, "from", "engine"), "native", "move 1: the blade it went from ran engine native"),
    (("moves", 1, "to", "engine"), "native", "move 2: the blade it went to ran engine native"),
    (("signalling", "refused"), 1, "refused"),
    (("signalling", "unanswered"), 1, "never answered"),
    (("signalling", "detach", "accepted"), 100, "100 of 101 UEs could detach"),
    (("signalling", "idle", "accepted"), 19, "19 of 20 UEs could idle"),
    (("signalling", "detach"), {"requested": 0, "accepted": 0}, "0 of 0"),
]


@pytest.mark.parametrize(("path", "value", "sentence"), BREAKS, ids=lambda v: str(v)[:60])
def test_one_broken_expectation_is_enough(path, value, sentence):
    broken = copy.deepcopy(good())
    *way, last = path
    place = broken
    for step in way:
        place = place[step]
    place[last] = value
    found = report.failures(broken, EXPECTED)
    assert any(sentence in failure for failure in found), found


@pytest.mark.parametrize("count", [0, 1, 3])
def test_two_moves_are_asked_for(count):
    broken = good()
    broken["moves"] = [move(X86, MIPS), move(MIPS, X86), move(X86, MIPS)][:count]
    assert f"{count} moves were made instead of 2" in report.failures(broken, EXPECTED)


def test_the_text_names_every_failure():
    broken = good()
    broken["traffic"]["uplink"]["lost"] = 3
    broken["failures"] = report.failures(broken, EXPECTED)
    broken["ok"] = False
    assert "3 uplink packets were lost" in report.text(broken)
    assert "NOT OK" in report.text(broken)


SENT = {10: "aa", 11: "bb", 12: "cc"}


@pytest.mark.parametrize(
    ("received", "figures"),
    [
        ([(10, "aa"), (11, "bb"), (12, "cc")], (3, 0)),
        ([(10, "aa"), (12, "cc")], (2, 0)),
        ([(10, "aa"), (11, "xx"), (12, "cc")], (3, 1)),
        ([(10, "aa"), (11, "cc"), (12, "bb")], (3, 2)),
        ([(10, "aa"), (10, "aa"), (11, "bb")], (3, 1)),
        ([(10, "aa"), (11, "bb"), (99, "cc")], (3, 1)),
        ([], (0, 0)),
    ],
)
def test_frames_are_compared_in_their_place(received, figures):
    found = compare(SENT, received, 3)
    assert (found.frames_received, found.frames_corrupt) == figures


def test_hash_lists_and_progress_are_read():
    lines = ["#format: frame checksums", "", "0,   37,   37,   1,  345600, b327", "#x"]
    assert read_hashes(lines) == [(37, "b327")]
    assert last_frame_count("frame=1\nfps=2\nframe=300\nprogress=end\n") == 300
