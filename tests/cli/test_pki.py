"""`portvnf pki` makes an authority and certificates, and never replaces an authority."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from portvnf import cli

from .refusal import refusal


def test_keys_are_for_their_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "pki"
    assert cli.main(["pki", "init", str(folder)]) == 0
    assert cli.main(["pki", "issue", str(folder), "blade-a.example"]) == 0
    assert {path.name for path in folder.iterdir()} == {
        "ca.crt", "ca.key", "blade-a.example.crt", "blade-a.example.key"
    }  # fmt: skip
    for key in folder.glob("*.key"):
        assert key.stat().st_mode & 0o777 == 0o600


def test_an_authority_is_made_once(tmp_path: Path) -> None:
    assert cli.main(["pki", "init", str(tmp_path)]) == 0
    before = (tmp_path / "ca.key").read_bytes()
    assert refusal("pki", "init", tmp_path) == f"{tmp_path} has an authority already"
    assert (tmp_path / "ca.key").read_bytes() == before


@pytest.mark.parametrize("name", ["ca", "", "../x", "a b", "a_b", "-a", "a" * 64, "ä", "a..b"])
def test_names_that_no_blade_can_have(tmp_path: Path, name: str) -> None:
    assert cli.main(["pki", "init", str(tmp_path)]) == 0
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    said = refusal("pki", "issue", tmp_path, "--", name)
    assert said == f"{name!r} cannot be a blade's name in a certificate"
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_no_authority_or_a_damaged_one(tmp_path: Path) -> None:
    said = refusal("pki", "issue", tmp_path, "a")
    assert said == f"cannot read {tmp_path / 'ca.crt'}: No such file or directory"
    (tmp_path / "ca.crt").write_text("none")
    (tmp_path / "ca.key").write_text("none")
    said = refusal("pki", "issue", tmp_path, "a")
    assert said == f"the authority in {tmp_path} is damaged or has a password"
    file = tmp_path / "ca.crt"
    assert refusal("pki", "init", file).startswith(f"cannot make {file}: ")


def test_nothing_is_replaced(tmp_path: Path) -> None:
    assert cli.main(["pki", "init", str(tmp_path)]) == 0
    assert cli.main(["pki", "issue", str(tmp_path), "a"]) == 0
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    said = refusal("pki", "issue", tmp_path, "a")
    assert said == f"{tmp_path / 'a.crt'} is there already; it is never replaced"
    (tmp_path / "b.key").symlink_to(tmp_path / "elsewhere")
    said = refusal("pki", "issue", tmp_path, "b")
    assert said == f"{tmp_path / 'b.key'} is there already; it is never replaced"
    (tmp_path / "b.key").unlink()
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before
    for name in ("ca.key", "a.key"):
        (tmp_path / name).unlink()
    said = refusal("pki", "init", tmp_path)
    assert said == f"{tmp_path / 'ca.crt'} is there already; it is never replaced"
    assert not (tmp_path / "ca.key").exists()


def test_keys_are_private_whatever_the_umask(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        assert cli.main(["pki", "init", str(tmp_path)]) == 0
    finally:
        os.umask(old)
    assert (tmp_path / "ca.key").stat().st_mode & 0o777 == 0o600
