"""The report of a demonstration: its figures, what was expected of them, and the verdict."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from portvnf.lab.account import Totals
from portvnf.lab.video import Comparison

Report = dict[str, Any]

# What runs the VNF on every blade of the demonstration. "auto" would fall back to GCC's
# build, which is not the one file that the demonstration is about.
ENGINE = "jit"


@dataclass(frozen=True)
class Expected:
    """What the scenario set out to show."""

    route: tuple[tuple[str, str], ...]  # (from ISA, to ISA) of each move
    sessions: int


def build(
    expected: Expected,
    artifact: str,
    moves: list[dict[str, Any]],
    uplink: Totals,
    downlink: Totals,
    video: Comparison,
    signalling: dict[str, Any],
    extra: dict[str, Any],
) -> Report:
    """Puts the figures together; `ok` and `failures` say what came of the expectations."""
    report: Report = {
        "ok": False,
        "failures": [],
        "artifact": {"sha256": artifact},
        "moves": moves,
        "traffic": {"uplink": asdict(uplink), "downlink": asdict(downlink)},
        "video": asdict(video),
        "signalling": signalling,
        **extra,
    }
    report["failures"] = failures(report, expected)
    report["ok"] = not report["failures"]
    return report


def failures(report: Report, expected: Expected) -> list[str]:
    """Every expectation that does not hold, a sentence each."""
    return [
        *_moves(report, expected),
        *_traffic(report["traffic"]),
        *_video(report["video"]),
        *_signalling(report["signalling"]),
    ]


def _moves(report: Report, expected: Expected) -> list[str]:
    found = []
    moves = report["moves"]
    if len(moves) != len(expected.route):
        found.append(f"{len(moves)} moves were made instead of {len(expected.route)}")
    for number, (move, (origin, target)) in enumerate(
        zip(moves, expected.route, strict=False), start=1
    ):
        actual = move["from"]["isa"], move["to"]["isa"]
        if actual != (origin, target):
            found.append(
                f"move {number} went from {actual[0]} to {actual[1]} "
                f"instead of from {origin} to {target}"
            )
        for side in ("from", "to"):
            if move[side]["artifact_sha256"] != report["artifact"]["sha256"]:
                found.append(f"move {number}: the blade it went {side} ran another artifact")
            if move[side]["engine"] != ENGINE:
                found.append(
                    f"move {number}: the blade it went {side} ran engine "
                    f"{move[side]['engine']} instead of {ENGINE}"
                )
        if move["sessions"] != expected.sessions:
            found.append(
                f"move {number} took {move['sessions']} sessions instead of {expected.sessions}"
            )
        if not move.get("in_stream", False):
            found.append(f"move {number} did not happen while the video was streaming")
    return found


def _traffic(traffic: dict[str, dict[str, Any]]) -> list[str]:
    found = []
    for direction, totals in traffic.items():
        if totals["sent"] == 0:
            found.append(f"no {direction} packets were sent")
        elif totals["received"] != totals["sent"]:
            found.append(
                f"{totals['received']} {direction} packets were received of "
                f"{totals['sent']} that were sent"
            )
        for kind in ("lost", "duplicated", "reordered", "misdelivered", "damaged"):
            if totals[kind]:
                found.append(f"{totals[kind]} {direction} packets were {kind}")
    return found


def _video(video: dict[str, int]) -> list[str]:
    found = []
    if video["frames_sent"] == 0:
        found.append("no video frames were sent")
    if video["frames_received"] != video["frames_sent"]:
        found.append(
            f"{video['frames_received']} video frames were received of "
            f"{video['frames_sent']} that were sent"
        )
    if video["frames_corrupt"]:
        found.append(f"{video['frames_corrupt']} video frames were corrupt")
    return found


def _signalling(counts: dict[str, Any]) -> list[str]:
    found = []
    if counts["refused"]:
        found.append(f"{counts['refused']} S11 requests were refused: {counts['causes']}")
    if counts["unanswered"]:
        found.append(f"{counts['unanswered']} S11 requests were never answered")
    for what in ("idle", "detach"):
        done = counts[what]
        if done["accepted"] != done["requested"] or not done["requested"]:
            found.append(
                f"{done['accepted']} of {done['requested']} UEs could {what} after the moves"
            )
    return found


def text(report: Report) -> str:
    """The report for people: aligned, the verdict last."""
    lines = ["", "Report", "------", f"artifact   sha256 {report['artifact']['sha256']}"]
    for number, move in enumerate(report["moves"], start=1):
        origin, target = move["from"], move["to"]
        lines += [
            "",
            f"move {number}     {_engine(origin)}  →  {_engine(target)}",
            f"           {move['sessions']:,} sessions in {move['image_bytes']:,} bytes, "
            f"{move.get('rounds', 0)} rounds",
            f"           frozen {move['freeze_ms']:.1f} ms, "
            f"at most {move['held_packets']:,} packets held",
        ]
    columns = ("sent", "received", "lost", "duplicated", "reordered", "max_added_delay_ms")
    titles = ("sent", "received", "lost", "duplicated", "reordered", "added delay, max")
    widths = (9, 9, 7, 11, 10, 17)
    lines += ["", "traffic    " + "".join(t.rjust(w) for t, w in zip(titles, widths, strict=True))]
    for direction, totals in report["traffic"].items():
        cells = [f"{totals[c]:,}" for c in columns[:-1]]
        cells.append(f"{totals['max_added_delay_ms']:.1f} ms")
        cells = [cell.rjust(width) for cell, width in zip(cells, widths, strict=True)]
        lines.append(f"{direction:<11}" + "".join(cells))
    video, counts = report["video"], report["signalling"]
    lines += [
        "",
        f"video      {video['frames_sent']:,} frames sent, {video['frames_received']:,} received, "
        f"{video['frames_corrupt']:,} corrupt",
        f"S11        {counts['requests']:,} requests, {counts['answered']:,} answered, "
        f"{counts['refused']:,} refused, {counts['retransmitted']:,} sent again",
        f"           {counts['echo_answered']:,} of {counts['echo_requests']:,} echoes answered; "
        f"afterwards {counts['idle']['accepted']:,} UEs went idle and back, "
        f"{counts['detach']['accepted']:,} detached",
        "",
    ]
    if report["ok"]:
        lines.append("OK: every expectation holds; the only effect of the moves was delay.")
    else:
        lines.append("NOT OK:")
        lines += [f"  - {sentence}" for sentence in report["failures"]]
    return "\n".join(lines)


def _engine(side: dict[str, Any]) -> str:
    return f"{side['isa']} ({side['engine']}, LLVM {side['llvm']})"
