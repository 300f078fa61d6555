"""Signing, and refusing what is not signed by a trusted key."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from portvnf import cli, llvm, locate
from portvnf.artifact import Artifact, trust
from portvnf.errors import TrustError


@pytest.fixture
def signed(tmp_path: Path) -> Path:
    """A signed artifact in a folder of its own; the keys lie in tmp_path/keys."""
    artifact = tmp_path / "vepc.bc"
    shutil.copy(locate.artifact(), artifact)
    trust.generate(tmp_path / "keys", "isv")
    trust.sign(artifact, tmp_path / "keys" / "isv.key")
    return artifact


def test_a_signed_artifact_is_trusted(signed: Path) -> None:
    keys = trust.load_keys(signed.parent / "keys")
    assert Artifact.read(signed, keys).manifest.name == "vepc"


def test_openssl_s_view_of_the_signature_agrees(signed: Path) -> None:
    """The statement and signature verify with the bare primitive, outside our code."""
    pem = (signed.parent / "keys" / "isv.pub").read_bytes()
    lines = trust.signature_path(signed).read_bytes().splitlines(keepends=True)
    signature = bytes.fromhex(lines[3].split()[1].decode())
    serialization.load_pem_public_key(pem).verify(signature, b"".join(lines[:3]))


@pytest.mark.parametrize("change", ["unsigned", "unknown", "renamed", "foreign"])
def test_refusals_name_their_reason(signed: Path, change: str) -> None:
    keys = trust.load_keys(signed.parent / "keys")
    signature = trust.signature_path(signed)
    reason = {"unsigned": "is not signed", "unknown": "is not trusted"}.get(change, "")
    if change == "unsigned":
        signature.unlink()
    elif change == "unknown":
        trust.generate(signed.parent / "others", "other")
        keys = trust.load_keys(signed.parent / "others")
    elif change == "renamed":
        signature.write_text(signature.read_text().replace("portvnf-signature 1", "sig 1"))
        reason = "is not a portvnf signature"
    else:
        other = signed.parent / "other.bc"
        other.write_bytes(b"something else")
        shutil.copy(signature, trust.signature_path(other))
        with pytest.raises(TrustError, match="is not the file that was signed"):
            Artifact.read(other, keys)
        return
    with pytest.raises(TrustError, match=reason):
        Artifact.read(signed, keys)


@pytest.mark.parametrize("stride", [23, pytest.param(1, marks=pytest.mark.slow)])
def test_every_flipped_byte_is_refused_before_parsing(
    signed: Path, monkeypatch: pytest.MonkeyPatch, stride: int
) -> None:
    """Every byte of the signature; every byte of the artifact in the slow run."""
    keys = trust.load_keys(signed.parent / "keys")

    def never(*_: object) -> None:
        raise AssertionError("bitcode was parsed")

    monkeypatch.setattr(llvm, "parse", never)
    data = bytearray(signed.read_bytes())
    for at in range(0, len(data), stride):
        data[at] ^= 0x01
        with pytest.raises(TrustError):
            trust.check(signed, bytes(data), keys)
        data[at] ^= 0x01
    signature = trust.signature_path(signed)
    text = bytearray(signature.read_bytes())
    for at in range(len(text)):
        for mask in (0x01, 0x20, 0x80):
            text[at] ^= mask
            signature.write_bytes(text)
            with pytest.raises(TrustError):
                Artifact.read(signed, keys)
            text[at] ^= mask


def test_verify_command_demands_the_signature(
    signed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = str(signed.parent / "keys")
    assert cli.main(["verify", str(signed), "--trust", keys]) == 0
    trust.signature_path(signed).unlink()
    assert cli.main(["verify", str(signed), "--trust", keys]) == 2
    assert "is not signed" in capsys.readouterr().err


@pytest.mark.parametrize(
    "command",
    [
        ["compile", "{artifact}"],
        ["translate", "--isa", "x86_64", "{artifact}", "-o", "{folder}/out.o"],
        ["image", "restore", "x.img", "--vnf-config", "{config}", "--artifact", "{artifact}"],
        ["inspect", "{artifact}"],
    ],
    ids=lambda command: command[0],
)
def test_every_command_that_loads_demands_the_signature(
    signed: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    """An artifact of another key's is refused before anything else is done."""
    trust.generate(signed.parent / "others", "other")
    config = Path(__file__).parents[1] / "data" / "vepc.toml"
    places = {"artifact": signed, "folder": signed.parent, "config": config}
    arguments = [word.format(**places) for word in command]
    assert cli.main([*arguments, "--trust", str(signed.parent / "others")]) == 2
    assert "which is not trusted" in capsys.readouterr().err
    assert not (signed.parent / "out.o").exists()


def test_inspect_tells_what_the_artifact_is(
    signed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = str(signed.parent / "keys")
    assert cli.main(["inspect", str(signed), "--trust", keys, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["verdict"] == "fit to run"
    assert "vnf_burst" in facts["exports"]
    assert set(facts["imports"]) <= {"memcpy", "memmove", "memset", "memcmp"}
    assert "(trusted)" in facts["signature"]


def test_a_key_is_never_replaced(tmp_path: Path) -> None:
    trust.generate(tmp_path, "isv")
    with pytest.raises(TrustError, match="is there already"):
        trust.generate(tmp_path, "isv")
    assert (tmp_path / "isv.key").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("content", [b"", b"no key", b"-----BEGIN PUBLIC KEY-----\n"])
def test_what_is_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.pub"
    path.write_bytes(content)
    with pytest.raises(TrustError, match="is no Ed25519 public key"):
        trust.load_keys(path)
