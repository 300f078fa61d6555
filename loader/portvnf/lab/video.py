"""The video: made once, streamed in real time by ffmpeg, and compared frame by frame.

Every frame of the source is different and bears its number. Sender and receiver keep the
source's time stamps, so that a received frame is compared with the frame that was sent for
its very place; the MD5 of the decoded picture shows the least damage.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from portvnf.errors import LabError
from portvnf.lab import addresses as at
from portvnf.lab.network import inside

FRAMES_PER_S = 25
_SIZE = "640x360"
_RATE = "1500k"
_VERSION = 1  # raised when the recipe changes, so that cached videos are made anew

# The receiver ends when nothing has come for so long; longer than any stall it must survive.
_SILENCE_S = 6
_SOCKET_BYTES = 4 << 20
_FIFO_TS_PACKETS = 200_000
_RUNS_ON_S = 60


@dataclass(frozen=True)
class Video:
    """A video file and the hash of each decoded frame, by its time stamp."""

    path: Path
    frames: dict[int, str]

    @property
    def seconds(self) -> float:
        return len(self.frames) / FRAMES_PER_S


@dataclass(frozen=True)
class Comparison:
    """What became of the frames; `corrupt` frames arrived, but not as they were sent."""

    frames_sent: int
    frames_received: int
    frames_corrupt: int


def prepare(cache: Path, seconds: int) -> Video:
    """The video of this length: from the cache, or made now and put there."""
    stem = f"video-v{_VERSION}-{_SIZE}-{seconds}s"
    stream, hashes = cache / f"{stem}.ts", cache / f"{stem}.framemd5"
    if not (stream.is_file() and hashes.is_file()):
        cache.mkdir(parents=True, exist_ok=True)
        partial_stream = cache / f"{stem}.{os.getpid()}.partial.ts"
        partial_hashes = cache / f"{stem}.{os.getpid()}.partial.framemd5"
        _ffmpeg(_make_arguments(seconds, partial_stream))
        _ffmpeg(["-copyts", "-i", str(partial_stream), *_hash_arguments(partial_hashes)])
        partial_hashes.rename(hashes)
        partial_stream.rename(stream)
    frames = dict(read_hashes(hashes.read_text().splitlines()))
    if len(frames) != seconds * FRAMES_PER_S:
        raise LabError(
            f"the video {stream} has {len(frames)} frames instead of "
            f"{seconds * FRAMES_PER_S}: remove it, so that it is made anew"
        )
    return Video(stream, frames)


def _make_arguments(seconds: int, target: Path) -> list[str]:
    source = f"testsrc2=size={_SIZE}:rate={FRAMES_PER_S}:duration={seconds}"
    encoder = ["-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-g", "25"]
    rate = ["-b:v", _RATE, "-maxrate", _RATE, "-bufsize", _RATE]
    return ["-f", "lavfi", "-i", source, *encoder, *rate, "-f", "mpegts", str(target)]


def _hash_arguments(target: Path) -> list[str]:
    return ["-map", "0:v", "-fps_mode", "passthrough", "-f", "framemd5", str(target)]


def _ffmpeg(arguments: list[str]) -> None:
    done = subprocess.run(
        ["ffmpeg", "-v", "error", "-nostdin", "-y", *arguments], capture_output=True, text=True
    )
    if done.returncode != 0:
        raise LabError(f"ffmpeg cannot make the video: {' '.join(done.stderr.split())}")


def read_hashes(lines: Iterable[str]) -> list[tuple[int, str]]:
    """(time stamp, hash) of each frame in a framemd5 list, in its order."""
    frames = []
    for line in lines:
        if line.startswith("#") or not line.strip():
            continue
        fields = [field.strip() for field in line.split(",")]
        if len(fields) != 6:
            raise LabError(f"a framemd5 list has a line that is none: {line.strip()!r}")
        frames.append((int(fields[2]), fields[5]))
    return frames


def compare(sent: dict[int, str], received: list[tuple[int, str]], frames_sent: int) -> Comparison:
    """Compares by time stamp; a repeated, invented or damaged frame is corrupt."""
    corrupt = 0
    seen: set[int] = set()
    for stamp, digest in received:
        corrupt += stamp in seen or sent.get(stamp) != digest
        seen.add(stamp)
    return Comparison(frames_sent, len(received), corrupt)


class Stream:
    """One transmission, from the namespace `sender` to the `receiver`, which has the address;
    its files are in the folder."""

    def __init__(
        self,
        video: Video,
        address: str,
        folder: Path,
        sender: str = "server",
        receiver: str = "ue",
    ) -> None:
        self._from, self._to = sender, receiver
        self._video = video
        self._address = address
        self._hashes = folder / "received.framemd5"
        self._sender_log = folder / "video-sender.log"
        self._receiver_log = folder / "video-receiver.log"
        self._progress = folder / "video-sender.progress"
        self._sender: subprocess.Popen[bytes] | None = None
        self._receiver: subprocess.Popen[bytes] | None = None

    def start_receiver(self) -> None:
        """Starts the receiver and waits until its socket is open."""
        options = f"timeout={_SILENCE_S * 1_000_000}&buffer_size={_SOCKET_BYTES}"
        url = f"udp://{self._address}:{at.VIDEO_PORT}?fifo_size={_FIFO_TS_PACKETS}&{options}"
        arguments = ["-copyts", "-i", url, *_hash_arguments(self._hashes)]
        self._receiver = self._start(self._to, arguments, self._receiver_log)
        deadline = time.monotonic() + 5
        while not self._is_listening():
            if self._receiver.poll() is not None or time.monotonic() > deadline:
                raise LabError(f"the video receiver does not listen: {self._last_line()}")
            time.sleep(0.05)

    def start_sender(self) -> None:
        """Starts to send, at the video's own pace."""
        url = f"udp://{self._address}:{at.VIDEO_PORT}?pkt_size=1316"
        source = ["-re", "-copyts", "-i", str(self._video.path), "-map", "0:v", "-c", "copy"]
        target = ["-muxdelay", "0", "-muxpreload", "0", "-f", "mpegts", url]
        arguments = ["-progress", str(self._progress), *source, *target]
        self._sender = self._start(self._from, arguments, self._sender_log)

    def _start(self, namespace: str, arguments: list[str], log: Path) -> subprocess.Popen[bytes]:
        argv = ["ffmpeg", "-v", "error", "-nostdin", "-y", *arguments]
        with log.open("wb") as errors:
            return subprocess.Popen(
                inside(namespace, argv), stdin=subprocess.DEVNULL, stdout=errors, stderr=errors
            )

    def _is_listening(self) -> bool:
        done = subprocess.run(
            inside(self._to, ["cat", "/proc/net/udp"]), capture_output=True, text=True
        )
        return f":{at.VIDEO_PORT:04X} " in done.stdout

    def _last_line(self) -> str:
        lines = self._receiver_log.read_text(errors="replace").split("\n")
        return next((line for line in reversed(lines) if line.strip()), "no reason given")

    @property
    def is_sending(self) -> bool:
        """Whether the sender still runs."""
        return self._sender is not None and self._sender.poll() is None

    def wait_sent(self) -> int:
        """Waits for the end of the video; the number of frames sent."""
        if self._sender is None:
            raise LabError("the video was never started")
        try:
            status = self._sender.wait(self._video.seconds + _RUNS_ON_S)
        except subprocess.TimeoutExpired:
            raise LabError("the video sender does not come to an end") from None
        if status != 0:
            cause = " ".join(self._sender_log.read_text(errors="replace").split())
            raise LabError(f"the video sender failed: {cause or f'exit status {status}'}")
        return last_frame_count(self._progress.read_text())

    def wait_received(self, frames_sent: int) -> Comparison:
        """Waits for the receiver, which ends by itself, and compares the frames."""
        if self._receiver is None:
            raise LabError("the video receiver was never started")
        try:
            self._receiver.wait(_SILENCE_S + _RUNS_ON_S)
        except subprocess.TimeoutExpired:
            raise LabError("the video receiver does not come to an end") from None
        text = self._hashes.read_text() if self._hashes.is_file() else ""
        return compare(self._video.frames, read_hashes(text.splitlines()), frames_sent)

    def stop(self) -> None:
        """Ends whatever still runs."""
        for process in (self._sender, self._receiver):
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()


def last_frame_count(progress: str) -> int:
    """The last frame=N of ffmpeg's progress report."""
    counts = [line[6:] for line in progress.splitlines() if line.startswith("frame=")]
    if not counts:
        raise LabError("the video sender reported no frames")
    return int(counts[-1])
