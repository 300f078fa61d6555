"""Artifacts that are damaged, altered or break a rule are refused by every command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from portvnf import locate
from portvnf.artifact import container
from portvnf.artifact.label import read_label
from portvnf.errors import ArtifactError, PortvnfError
from tests.conftest import SAMPLE, build_sample

from .refusal import CONFIG, refusal, untouched, write_blade


def tampered(data: bytes) -> bytes:
    """The manifest says something else; nothing else has changed."""
    return data.replace(b'"name":"vepc"', b'"name":"vepd"', 1)


def flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


SPOIL: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "empty": (lambda data: b"", "is empty"),
    "text": (lambda data: b"int main(void) { return 0; }\n", "is not LLVM bitcode"),
    "elf": (lambda data: b"\x7fELF" + data[4:], "is not LLVM bitcode"),
    "truncated": (lambda data: data[:-100], "is truncated: "),
    "header-only": (lambda data: data[:4], "is truncated: it holds no bitcode block"),
    "flipped": (flipped, "was altered after it was built"),
    "tampered": (tampered, "was altered after it was built"),
    "longer": (lambda data: data + bytes(4), "is damaged|is truncated"),
    "seal": (
        lambda data: data.replace(container.SEAL_KEY.encode(), b"c0de_sha256"),
        "carries no portvnf manifest",
    ),
}


@pytest.mark.parametrize("name", SPOIL)
def test_a_spoilt_file(tmp_path: Path, name: str) -> None:
    spoil, said = SPOIL[name]
    data = locate.artifact().read_bytes()
    spoilt = spoil(data)
    assert spoilt != data
    path = tmp_path / "spoilt.bc"
    path.write_bytes(spoilt)
    with pytest.raises(ArtifactError) as caught:
        read_label(path)
    sentence = caught.value.message
    assert sentence.startswith(f"{path} ") and any(part in sentence for part in said.split("|"))
    assert refusal("verify", path) == sentence


@pytest.mark.parametrize("engine", ["jit", "native", "auto"])
def test_no_engine_takes_a_spoilt_file(tmp_path: Path, engine: str) -> None:
    path = tmp_path / "spoilt.bc"
    path.write_bytes(flipped(locate.artifact().read_bytes()))
    for arguments in (
        ("agent", write_blade(tmp_path, artifact=path, engine=engine)),
        ("image", "restore", tmp_path / "x.img", "--vnf-config", CONFIG, "--artifact", path,
         "--engine", engine),
    ):  # fmt: skip
        assert "was altered after it was built" in refusal(*arguments)
    untouched(tmp_path)


BROKEN = {
    "import": ("int puts(const char *); ", 'puts("x");', "puts"),
    "global": ("static int seen; ", "seen++;", "seen"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_code_that_breaks_a_rule(tmp_path: Path, name: str) -> None:
    """The build refuses it; so that nobody could build the artifact with our tools."""
    before, within, said = BROKEN[name]
    source = tmp_path / "reflect.c"
    text = (SAMPLE / "reflect.c").read_text()
    start = text.index("{", text.index("i64 vnf_burst("))
    text = text[: start + 1] + within + text[start + 1 :]
    at = text.index("i64 vnf_abi_version(")
    source.write_text(text[:at] + before + text[at:])
    with pytest.raises(PortvnfError) as caught:
        build_sample(source, tmp_path / "broken.bc")
    assert said in caught.value.message
    assert not (tmp_path / "broken.bc").exists()


def test_another_vnf(tmp_path: Path, reflect: Path) -> None:
    """A sound artifact, whose state schema this host lacks."""
    said = refusal("agent", write_blade(tmp_path, artifact=reflect))
    assert str(reflect) in said and "state schema" in said
    untouched(tmp_path)
