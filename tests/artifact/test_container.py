"""A damaged file is refused before LLVM sees it."""

from __future__ import annotations

from pathlib import Path

import pytest

from portvnf.artifact import Artifact, container
from portvnf.errors import ArtifactError


def refusal(data: bytes) -> str | None:
    return container.defect(data) or container.broken_seal(data)


def test_sound(reflect: Path) -> None:
    assert refusal(reflect.read_bytes()) is None


def test_every_truncation(reflect: Path) -> None:
    data = reflect.read_bytes()
    for length in range(len(data)):
        assert refusal(data[:length]), f"{length} bytes were accepted"


def test_every_changed_bit(reflect: Path) -> None:
    data = bytearray(reflect.read_bytes())
    for bit in range(8 * len(data)):
        data[bit // 8] ^= 1 << bit % 8
        assert refusal(bytes(data)), f"a change of bit {bit} was accepted"
        data[bit // 8] ^= 1 << bit % 8


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda data: b"", "is empty"),
        (lambda data: b"\x7fELF" + data, "is not LLVM bitcode"),
        (lambda data: data[:-100], "is truncated: 100 bytes are missing"),
        (lambda data: data + b"more", "is truncated"),
        (lambda data: data + bytes(8), "is damaged: there is no bitcode block"),
        (lambda data: data.replace(b'"reflected"', b'"Reflected"'), "was altered after"),
        (lambda data: data.replace(b"code_sha256", b"code_sha257"), "carries no portvnf manifest"),
    ],
)
def test_sentences(reflect: Path, tmp_path: Path, change, sentence: str) -> None:
    path = tmp_path / "changed.bc"
    path.write_bytes(change(reflect.read_bytes()))
    with pytest.raises(ArtifactError, match=sentence) as caught:
        Artifact.read(path)
    assert str(path) in str(caught.value)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="cannot be read: No such file"):
        Artifact.read(tmp_path / "none.bc")


def test_seal_needs_one_blank(reflect: Path) -> None:
    with pytest.raises(ValueError, match="no blank seal"):
        container.seal(reflect.read_bytes())
