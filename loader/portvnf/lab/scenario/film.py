"""A real video from one host to another, frame by frame."""

from __future__ import annotations

from pathlib import Path

from portvnf.errors import LabError
from portvnf.lab import sandbox, video


class Film:
    """Starts with the `with` and is waited for at its end; `frames` arrived, all of them."""

    def __init__(self, sender: str, receiver: str, address: str, files: Path, seconds: int) -> None:
        sandbox.require_programs({"ffmpeg": "ffmpeg"})
        self.frames = 0
        self._video = video.prepare(files, seconds)
        self._stream = video.Stream(self._video, address, files, sender, receiver)

    def __enter__(self) -> Film:
        try:
            self._stream.start_receiver()
            self._stream.start_sender()
        except BaseException:
            self._stream.stop()
            raise
        return self

    def __exit__(self, kind: object, *rest: object) -> None:
        try:
            if kind is None:
                self._compare()
        finally:
            self._stream.stop()

    def _compare(self) -> None:
        found = self._stream.wait_received(self._stream.wait_sent())
        self.frames = found.frames_received
        if found.frames_corrupt or not found.frames_sent == found.frames_received > 0:
            raise LabError(
                f"of {found.frames_sent} frames of the video, {found.frames_received} arrived "
                f"and {found.frames_corrupt} were corrupt"
            )
