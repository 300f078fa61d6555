"""The picture of a demonstration: throughput, sequence gaps and delay, with the phases."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib

from portvnf.errors import LabError
from portvnf.lab.account import BIN_NS
from portvnf.lab.timeline import Timeline

_INK, _FAINT, _GRID = "#22303c", "#6b7a88", "#e3e8ec"
_VIDEO, _LIGHT, _UP, _DOWN = "#4c78a8", "#9ecae9", "#e07b39", "#3a7d5d"
_MOVE, _FREEZE = "#f3e3c3", "#c0392b"
_HOSTS = {"x86-64": "#dfe9f3", "MIPS-64": "#e6f0e2"}
_BIN_S = BIN_NS / 1e9


@dataclass(frozen=True)
class _Move:
    begun: float
    done: float
    frozen: float | None
    to: str


@dataclass(frozen=True)
class Series:
    """What the receivers saw, in tenths of a second from `start` (seconds) on."""

    seconds: list[float]
    video_mbit: list[float]
    light_mbit: list[float]
    gaps: dict[str, list[int]]
    delay_ms: dict[str, list[float]]


def series(timeline: Timeline, enb: dict[str, Any], server: dict[str, Any]) -> Series:
    """Lines the receivers' tenths of a second up on one axis."""
    seen = {"downlink": enb["seen"]["bins"], "uplink": server["seen"]["bins"]}
    every = [entry[0] for bins in (*seen.values(), enb["video_bins"]) for entry in bins]
    if not every:
        every = [timeline.start_ns]
    slots = range(min(every) // BIN_NS, max(every) // BIN_NS + 1)
    octets: dict[int, int] = defaultdict(int)
    for at_ns, count in enb["video_bins"]:
        octets[at_ns // BIN_NS] += count
    by_slot = {name: {entry[0] // BIN_NS: entry for entry in bins} for name, bins in seen.items()}
    nothing = [0, 0, 0, 0, 0]
    light = by_slot["downlink"]
    megabits = 8 / 1e6 / _BIN_S
    return Series(
        seconds=[timeline.seconds(slot * BIN_NS) + _BIN_S / 2 for slot in slots],
        video_mbit=[octets[slot] * megabits for slot in slots],
        light_mbit=[light.get(slot, nothing)[2] * megabits for slot in slots],
        gaps={name: [of.get(s, nothing)[3] for s in slots] for name, of in by_slot.items()},
        delay_ms={
            name: [of[s][4] / 1e6 if s in of else math.nan for s in slots]
            for name, of in by_slot.items()
        },
    )


def _moves(timeline: Timeline) -> list[_Move]:
    found = []
    begun: dict[int, float] = {}
    frozen: dict[int, float] = {}
    for mark in timeline.marks:
        number = mark.fields.get("number")
        if number is None:
            continue
        at = timeline.seconds(mark.at_ns)
        if mark.kind == "move":
            begun[number] = at
        elif mark.kind == "freeze":
            frozen[number] = at
        elif mark.kind == "done":
            found.append(_Move(begun[number], at, frozen.get(number), mark.fields["to"]))
    return found


def draw(
    path: Path, timeline: Timeline, enb: dict[str, Any], server: dict[str, Any], home: str
) -> None:
    """Writes the picture as PNG; `home` is the ISA that the VNF starts on."""
    matplotlib.use("Agg")
    from matplotlib import pyplot

    data = series(timeline, enb, server)
    moves = _moves(timeline)
    style: Any = {
        "font.size": 10,
        "axes.edgecolor": _FAINT,
        "axes.labelcolor": _INK,
        "text.color": _INK,
        "xtick.color": _FAINT,
        "ytick.color": _FAINT,
        "axes.spines.top": False,
        "axes.spines.right": False,
    }
    with pyplot.rc_context(style):
        figure, axes = pyplot.subplots(
            4,
            1,
            figsize=(12, 8.4),
            sharex=True,
            height_ratios=[0.34, 3, 1.6, 3],
            layout="constrained",
        )
        hosts, throughput, gaps, delay = axes
        left, right = data.seconds[0], data.seconds[-1]
        _draw_hosts(hosts, moves, left, right, home)
        _draw_throughput(throughput, data)
        _draw_gaps(gaps, data)
        _draw_delay(delay, data)
        for axis in (throughput, gaps, delay):
            axis.grid(axis="y", color=_GRID, linewidth=0.8)
            axis.set_axisbelow(True)
            _draw_phases(axis, moves)
        _label_phases(throughput, moves)
        delay.set_xlabel("seconds since the start of the demonstration")
        delay.set_xlim(left, right)
        figure.align_ylabels([throughput, gaps, delay])
        figure.suptitle(
            "One bitcode vEPC moves between ISAs while a video streams through it",
            fontsize=14,
            fontweight="bold",
            x=0.01,
            ha="left",
        )
        try:
            figure.savefig(path, dpi=130)
        except OSError as error:
            raise LabError(f"the picture cannot be written to {path}: {error.strerror}") from None
        pyplot.close(figure)


def _draw_hosts(axis: Any, moves: list[_Move], left: float, right: float, home: str) -> None:
    """The band that says which ISA serves when."""
    axis.set_axis_off()
    edges = [left, *(move.done for move in moves), right]
    names = [home, *(move.to for move in moves)]
    for name, begin, end in zip(names, edges[:-1], edges[1:], strict=True):
        axis.axvspan(begin, end, color=_HOSTS.get(name, "#eeeeee"), ec="white", lw=2)
        axis.text(
            (begin + end) / 2, 0.5, f"vEPC on {name}", ha="center", va="center", fontweight="bold"
        )
    axis.set_ylim(0, 1)


def _draw_throughput(axis: Any, data: Series) -> None:
    axis.stackplot(
        data.seconds,
        data.video_mbit,
        data.light_mbit,
        colors=[_VIDEO, _LIGHT],
        labels=["video (H.264 over MPEG-TS)", "light traffic"],
        linewidth=0,
    )
    axis.set_ylabel("throughput at the UEs\nMbit/s")
    axis.set_ylim(0, 1.22 * max(1.0, *map(sum, zip(data.video_mbit, data.light_mbit, strict=True))))
    _legend(axis)


def _legend(axis: Any) -> None:
    # Above the axes: whatever the curves do, they do not run into it.
    axis.legend(loc="lower right", bbox_to_anchor=(1.0, 0.98), ncols=2, frameon=False)


def _draw_gaps(axis: Any, data: Series) -> None:
    total = 0
    for name, colour in (("uplink", _UP), ("downlink", _DOWN)):
        values = data.gaps[name]
        total += sum(values)
        axis.plot(data.seconds, values, color=colour, linewidth=1.6, label=name)
    axis.set_ylabel("sequence gaps\nper 0.1 s")
    axis.set_ylim(-0.06 * max(4, axis.get_ylim()[1]), max(4, axis.get_ylim()[1]))
    axis.yaxis.get_major_locator().set_params(integer=True)
    axis.text(
        0.995,
        0.9,
        "no gap in either direction" if total == 0 else f"{total:,} packets out of place",
        transform=axis.transAxes,
        ha="right",
        va="top",
        color=_DOWN if total == 0 else _FREEZE,
        fontweight="bold",
    )


def _draw_delay(axis: Any, data: Series) -> None:
    for name, colour in (("uplink", _UP), ("downlink", _DOWN)):
        axis.plot(data.seconds, data.delay_ms[name], color=colour, linewidth=1.3, label=name)
    axis.set_ylabel("largest one-way delay\nin each 0.1 s, ms")
    axis.set_yscale("log")
    axis.yaxis.set_major_formatter(lambda value, _position: f"{value:g}")
    _legend(axis)


def _draw_phases(axis: Any, moves: list[_Move]) -> None:
    for move in moves:
        axis.axvspan(move.begun, move.done, color=_MOVE, alpha=0.75, linewidth=0, zorder=0)
        if move.frozen is not None:
            axis.axvline(move.frozen, color=_FREEZE, linewidth=1.1, linestyle=(0, (4, 2)))


def _label_phases(axis: Any, moves: list[_Move]) -> None:
    top = axis.get_ylim()[1]
    for number, move in enumerate(moves, start=1):
        axis.annotate(
            f"move {number} to {move.to}",
            (move.begun, top),
            xytext=(-4, -4),
            textcoords="offset points",
            ha="right",
            va="top",
            color="#8a6a1f",
            fontweight="bold",
        )
        if move.frozen is not None:
            axis.annotate(
                "freeze",
                (move.frozen, top),
                xytext=(4, -18),
                textcoords="offset points",
                ha="left",
                va="top",
                color=_FREEZE,
            )
