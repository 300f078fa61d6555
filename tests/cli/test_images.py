"""`portvnf image`: sound images go round without a difference, others are refused."""

from __future__ import annotations

import hashlib
import json
import struct
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from portvnf import roots
from portvnf.errors import ConfigError
from portvnf.native_build import build_native
from portvnf.state import image
from portvnf.state.schema import load_schema
from tests.command import portvnf
from tests.migration.subscribers import make_image

from .refusal import CONFIG, refusal

SUBSCRIBERS = 50
SCHEMA = load_schema("vepc")
HEADER, SECTION, TRAILER = (part.sizeof() for part in (image.HEADER, image.SECTION, image.TRAILER))


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("images") / "sound.img"
    make_image(path, "thousands", SUBSCRIBERS)
    return path


def sealed(body: bytes) -> bytes:
    """The header and sections with a trailer that fits them."""
    return body + image.END + hashlib.sha256(body).digest()


def resealed(data: bytes) -> bytes:
    """Makes the CRC of the first section and the digest of the whole right again."""
    length = struct.unpack_from(">Q", data, HEADER + 16)[0]
    records = data[HEADER + SECTION : HEADER + SECTION + length]
    crc = struct.pack(">I", zlib.crc32(records))
    return sealed(data[: HEADER + 4] + crc + data[HEADER + 8 : -TRAILER])


def changed(at: int, new: bytes) -> Callable[[bytes], bytes]:
    return lambda data: data[:at] + new + data[at + len(new) :]


GATEWAY_AT = HEADER + SECTION
S11_AT = GATEWAY_AT + 1  # behind the mode; an IPv4 address is the end of a mapped one
UE_NEXT_AT = S11_AT + 6 * 16 + 1  # behind six addresses and the restart counter
FOREIGN = {
    "empty": (lambda data: b"", "is not a portvnf image"),
    "text": (lambda data: b"an image\n" * 50, "is not a portvnf image"),
    "seven-bit": (lambda data: bytes(b & 0x7F for b in data), "is not a portvnf image"),
    "line-ends": (lambda data: data.replace(b"\r\n", b"\n"), "is not a portvnf image"),
    "in-header": (lambda data: data[:50], "ends in its header: it is cut short"),
    "after-header": (lambda data: data[: HEADER + 1], "ends in its header: it is cut short"),
    "cut": (lambda data: data[:-1], "has no end mark: it is cut short or was added to"),
    "longer": (lambda data: data + b"x", "has no end mark: it is cut short or was added to"),
    "flipped": (changed(300, b"\xa5"), "is damaged: its SHA-256 is not the one that it states"),
    "format": (changed(8, b"\0\x09"), "has image format 9; this host reads 1"),
    "byte-order": (changed(16, bytes(8)), "is damaged: its byte-order sentinel is wrong"),
    "schema": (
        changed(24, bytes(32)),
        f"is of another state schema (version {SCHEMA.version}, 000000000000)",
    ),
    "crc": (
        lambda data: sealed(changed(GATEWAY_AT, b"\x01")(data)[:-TRAILER]),
        "section 1: its CRC-32 is wrong",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FOREIGN)
def test_a_damaged_or_foreign_image(tmp_path: Path, sound: Path, name: str) -> None:
    spoil, said = FOREIGN[name]
    path, output = tmp_path / "bad.img", tmp_path / "out.img"
    path.write_bytes(spoil(sound.read_bytes()))
    sentence = refusal("image", "check", path)
    assert str(path) in sentence and said in sentence
    assert refusal("image", "show", path) == sentence
    assert refusal("image", "diff", sound, path) == sentence
    restore = ("image", "restore", path, "--vnf-config", CONFIG, "--engine", "native")
    assert refusal(*restore, "--output", output) == sentence
    assert list(tmp_path.iterdir()) == [path]


RECORDS = {
    "other-address": (changed(S11_AT + 12, b"\x0a\x0b\x00\x02"), None, "an address or APN that"),
    "allocator": (changed(UE_NEXT_AT, bytes(4)), "canonical|0", "no encoder writes"),
}


@pytest.mark.parametrize("name", RECORDS)
def test_records_that_do_not_belong_here(tmp_path: Path, sound: Path, name: str) -> None:
    """The framing is sound, what is in it is not: for any VNF, or for this configuration."""
    spoil, checked, said = RECORDS[name]
    path, output = tmp_path / "bad.img", tmp_path / "out.img"
    path.write_bytes(resealed(spoil(sound.read_bytes())))
    if checked is None:
        assert portvnf("image", "check", path).returncode == 0
    else:
        sentence = refusal("image", "check", path)
        assert "section gateway, record 0 (byte 0)" in sentence
    restore = ("image", "restore", path, "--vnf-config", CONFIG, "--engine", "native")
    sentence = refusal(*restore, "--output", output)
    assert str(path) in sentence and "gateway" in sentence and said in sentence, sentence
    assert not output.exists()


def test_files_that_cannot_be_read_or_written(tmp_path: Path, sound: Path) -> None:
    gone = tmp_path / "gone.img"
    for command in (("check", gone), ("show", gone), ("diff", sound, gone)):
        assert refusal("image", *command) == f"cannot read {gone}: No such file or directory"
    assert refusal("image", "check", tmp_path) == f"cannot read {tmp_path}: Is a directory"
    out = tmp_path / "none" / "out.img"
    done = portvnf("image", "restore", sound, "--vnf-config", CONFIG, "--output", out)
    assert done.returncode == 2
    assert done.stderr == f"portvnf: cannot write {out}: No such file or directory\n"
    assert refusal("image", "restore", sound) == (
        "image restore needs --control SOCKET or --vnf-config FILE"
    )
    assert "there is no section 'gate', only " in refusal(
        "image", "show", sound, "--section", "gate"
    )


def test_show_check_and_diff(tmp_path: Path, sound: Path) -> None:
    assert portvnf("image", "check", sound).stdout.startswith(f"{sound}: sound, ")
    shown = portvnf("image", "show", sound, "--json", "--section", "session").stdout.splitlines()
    assert len(shown) == SUBSCRIBERS
    assert json.loads(shown[0])["apn"] == "internet"
    text = portvnf("image", "show", sound).stdout
    assert f"session: {SUBSCRIBERS} records" in text
    other = tmp_path / "other.img"
    make_image(other, "thousands", SUBSCRIBERS + 1)
    done = portvnf("image", "diff", sound, other)
    assert done.returncode == 1 and "only in the second" in done.stdout
    same = portvnf("image", "diff", sound, sound)
    assert (same.returncode, same.stdout) == (0, "no differences\n")


@pytest.mark.parametrize("engine", ["jit", "native"])
def test_a_round_trip_changes_nothing(tmp_path: Path, sound: Path, engine: str) -> None:
    output = tmp_path / "again.img"
    done = portvnf(
        "image", "restore", sound, "--vnf-config", CONFIG, "--engine", engine, "--output", output
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{SUBSCRIBERS} sessions restored ({engine}, x86_64)\n")
    assert output.read_bytes() == sound.read_bytes()


def test_a_round_trip_on_other_isas_changes_nothing(
    tmp_path: Path, sound: Path, other_isa: str
) -> None:
    build_native(other_isa)  # an older one would be refused
    output = tmp_path / "again.img"
    command = roots.command(other_isa)
    command += ["-m", "portvnf.cli", "image", "restore", str(sound), "--vnf-config", str(CONFIG)]
    command += ["--engine", "native", "--output", str(output)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    assert f"(native, {other_isa})" in done.stdout
    assert output.read_bytes() == sound.read_bytes()


def test_schemas_are_those_of_a_table() -> None:
    with pytest.raises(ConfigError, match=r"no state schema 'fields' is known, only vepc"):
        load_schema("fields")  # a module of the package, but of no VNF
