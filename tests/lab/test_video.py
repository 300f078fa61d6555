"""The video is made once, decodes to the same frames every time, and damage shows."""

import shutil
import subprocess

import pytest

from portvnf.lab import video
from portvnf.lab.video import compare, prepare, read_hashes

SECONDS = 2


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed: install Debian's package ffmpeg")
    return prepare(tmp_path_factory.mktemp("cache"), SECONDS)


def decode(path):
    source = ["-v", "quiet", "-nostdin", "-copyts", "-i", str(path), "-map", "0:v"]
    target = ["-fps_mode", "passthrough", "-f", "framemd5", "-"]
    done = subprocess.run(["ffmpeg", *source, *target], capture_output=True, text=True)
    return read_hashes(done.stdout.splitlines())


def test_every_frame_is_different(film):
    assert len(film.frames) == SECONDS * video.FRAMES_PER_S
    assert len(set(film.frames.values())) == len(film.frames)


def test_the_cache_is_used(film):
    before = film.path.stat().st_mtime_ns
    again = prepare(film.path.parent, SECONDS)
    assert again == film
    assert again.path.stat().st_mtime_ns == before
    assert not list(film.path.parent.glob("*partial*"))


def test_an_undamaged_copy_has_no_corrupt_frame(film):
    found = compare(film.frames, decode(film.path), len(film.frames))
    assert (found.frames_received, found.frames_corrupt) == (len(film.frames), 0)


def test_a_lost_packet_shows(film, tmp_path):
    data = film.path.read_bytes()
    packets = [data[at : at + 1316] for at in range(0, len(data), 1316)]
    del packets[len(packets) // 2]
    copy = tmp_path / "lossy.ts"
    copy.write_bytes(b"".join(packets))
    found = compare(film.frames, decode(copy), len(film.frames))
    assert found.frames_corrupt > 0 or found.frames_received < len(film.frames)
