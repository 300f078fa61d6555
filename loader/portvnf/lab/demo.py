"""The ETSI scenario: a video flows through the vEPC while it moves between ISAs and back."""

from __future__ import annotations

import json
import platform
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portvnf import locate
from portvnf.errors import LabError
from portvnf.lab import picture, report, video
from portvnf.lab.account import totals
from portvnf.lab.report import Expected, Report
from portvnf.lab.run_folder import RunFolder
from portvnf.lab.stage import VIDEO_UE, Stage
from portvnf.lab.timeline import Timeline

_RATE = 1000.0  # light packets a second each way, all UEs together
_LEAST_SESSIONS = 4096
_FIRST_MOVE, _SECOND_MOVE = 0.25, 0.6  # parts of the video's length
_SETTLE_S = 1.0
_IDLE_SAMPLE, _DETACH_SAMPLE = 20, 100
_ISA_NAMES = {"x86_64": "x86-64", "mips64el": "MIPS-64"}


@dataclass(frozen=True)
class Options:
    """What the user asked for."""

    report: Path
    picture: Path
    seconds: int
    ues: int
    isa: str


def cache_folder() -> Path:
    """Where videos and the logs of failed runs are kept."""
    checkout = locate.checkout()
    return (checkout or Path.home()) / ".cache" / ("lab" if checkout else "portvnf-lab")


def run(options: Options) -> int:
    """Runs the scenario inside the sandbox; 0 only when every expectation holds."""
    cache = cache_folder()
    folder = RunFolder(cache)
    passed = False
    try:
        found = Scenario(options, folder.path, cache).play()
        _write(options.report, found)
        print(report.text(found))
        print(f"\nwritten: {options.report}, {options.picture}")
        passed = bool(found["ok"])
    finally:
        folder.close(keep=not passed)
        if not passed:
            print(f"logs and configurations are kept in {folder.path}", flush=True)
    return 0 if passed else 1


def _write(path: Path, found: Report) -> None:
    try:
        path.write_text(json.dumps(found, indent=2) + "\n")
    except OSError as error:
        raise LabError(f"the report cannot be written to {path}: {error.strerror}") from None


class Scenario:
    """One performance."""

    def __init__(self, options: Options, folder: Path, cache: Path) -> None:
        self._options = options
        self._folder = folder
        self._cache = cache
        self._timeline = Timeline()
        self._moves: list[dict[str, Any]] = []
        self._artifact = ""  # SHA-256, as the first blade states it

    def play(self) -> Report:
        """All phases in their order; the finished report."""
        options, say = self._options, self._timeline.mark
        say("prepare", f"the video: {options.seconds} s of H.264")
        film = video.prepare(self._cache, options.seconds)
        say(
            "prepare", f"namespaces, wires, two blades ({platform.machine()}, {options.isa}), peers"
        )
        sessions = max(_LEAST_SESSIONS, 2 * options.ues)
        with Stage(self._folder, options.isa, sessions, self._timeline) as stage:
            self._say_ready(stage, "blade-a")
            ues = stage.attach(options.ues)
            say("attached", f"attached {len(ues):,} UEs over S11")
            asked, answered = stage.solicit()
            say("solicited", f"{answered} of {asked} IPv6 UEs got their router advertisement")
            if asked != answered:
                raise LabError(f"{asked - answered} IPv6 UEs got no right router advertisement")
            self._say_ready(stage, "blade-b")
            address = next(ue.address4 for ue in ues if ue.number == VIDEO_UE)
            stream = video.Stream(film, address, self._folder)
            try:
                return self._transmit(stage, stream, len(ues))
            finally:
                stream.stop()

    def _say_ready(self, stage: Stage, name: str) -> None:
        blade = stage.blades[name]
        if not blade.is_ready:
            self._timeline.mark(
                "wait", f"waiting for {name}, which compiles the VNF unless its cache has it"
            )
        status = blade.wait_ready()
        self._artifact = self._artifact or status["artifact_sha256"]
        self._timeline.mark(
            "ready",
            f"{name} is {status['state']}: {status['isa']}, engine {status['engine']}, "
            f"LLVM {status['llvm']}, artifact {status['artifact_sha256'][:16]}…",
        )

    def _transmit(self, stage: Stage, stream: video.Stream, ues: int) -> Report:
        options, say = self._options, self._timeline.mark
        stream.start_receiver()
        stage.start_traffic(_RATE, 2.0 * options.seconds + 120)
        say("traffic", f"light traffic: {_RATE:,.0f} packets/s each way, {ues - 1:,} UEs")
        time.sleep(_SETTLE_S)
        stream.start_sender()
        started = time.monotonic()
        say("video", "the video streams: server → SGi → vEPC → S1-U → eNB → UE")
        self._sleep_until(started + _FIRST_MOVE * options.seconds)
        first_move_ns = time.monotonic_ns()
        if self._move(stage, stream, "blade-a", "blade-b"):
            settled = time.monotonic() + _SETTLE_S
            self._sleep_until(max(settled, started + _SECOND_MOVE * options.seconds))
            self._move(stage, stream, "blade-b", "blade-a")
        frames_sent = stream.wait_sent()
        say("video-end", f"the video is over: {frames_sent:,} frames sent")
        time.sleep(_SETTLE_S)
        stage.stop_traffic()
        say("traffic-end", "the light traffic is over and drained")
        frames = stream.wait_received(frames_sent)
        signalling = self._aftermath(stage)
        enb, server = stage.results(first_move_ns)
        host = platform.machine()
        picture.draw(options.picture, self._timeline, enb, server, _ISA_NAMES.get(host, host))
        return report.build(
            Expected(((host, options.isa), (options.isa, host)), ues),
            self._artifact,
            self._moves,
            totals(enb["sent_by_flow"], server["seen"]),
            totals(server["sent_by_flow"], enb["seen"]),
            frames,
            signalling,
            {
                "gtpu": enb["gtpu"],
                "seconds": round(self._timeline.elapsed(), 1),
                "timeline": self._timeline.as_json(),
            },
        )

    @staticmethod
    def _sleep_until(moment: float) -> None:
        time.sleep(max(0.0, moment - time.monotonic()))

    def _move(self, stage: Stage, stream: video.Stream, origin: str, target: str) -> bool:
        """One migration; a failed one is told and leaves the scenario running."""
        isa = stage.blades[target].plan.isa
        name = _ISA_NAMES.get(isa, isa)
        number = len(self._moves) + 1
        self._timeline.mark(
            "move", f"move {number}: {origin} → {target} ({name})", number=number, to=name
        )
        try:
            for event in stage.blades[origin].migrate(target):
                kind = str(event.get("event"))
                if kind == "done":
                    self._moves.append({**event, "in_stream": stream.is_sending})
                    del self._moves[-1]["event"]
                self._timeline.mark(kind, _describe(event, name), number=number, to=name)
        except LabError as error:
            self._timeline.mark("failed", error.message, number=number, to=name)
            return False
        return True

    def _aftermath(self, stage: Stage) -> dict[str, Any]:
        """Do the moved sessions still obey the MME?"""
        mme = stage.roles["mme"]
        light = list(range(VIDEO_UE + 1, self._options.ues + 1))
        idle = mme.request("idle", numbers=light[:_IDLE_SAMPLE])
        detach = mme.request("detach", numbers=[VIDEO_UE, *light[-_DETACH_SAMPLE:]])
        counts = mme.request("counts")
        self._timeline.mark(
            "aftermath",
            f"S11 still works: {idle['accepted']} UEs went idle and back, "
            f"{detach['accepted']} detached",
        )
        keep = ("requested", "accepted")
        del counts["ok"]
        return {
            **counts,
            "idle": {key: idle[key] for key in keep},
            "detach": {key: detach[key] for key in keep},
        }


def _describe(event: dict[str, Any], target: str) -> str:
    """An agent's event as a line of the timeline."""
    match event.get("event"):
        case "round":
            what = f"{event['records']:,} records, {event['bytes']:,} bytes"
            return f"  pre-copy round {event['round']}: {what}, {event['ms']:.0f} ms"
        case "freeze":
            return "  freeze at a burst boundary; packets are held from now on"
        case "commit":
            return f"  commit: {target} owns the sessions, {event['freeze_ms']:.1f} ms after"
        case "drain":
            return f"  drain: {event['forwarded']:,} packets forwarded, in order"
        case "done":
            return f"  done: {event['sessions']:,} sessions are served on {target}"
        case other:
            return f"  {other}"
