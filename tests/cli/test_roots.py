"""Making Debian roots, with a program in mmdebstrap's place that writes a small one."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from portvnf import roots
from portvnf.errors import HostError

# A root as mmdebstrap writes it: of other owners, with a device and an absolute link.
SCRIPT = f"""#!{sys.executable}
import io, sys, tarfile
sys.stderr.write("I: fine\\n")
with tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as root:
    def add(name, kind=tarfile.REGTYPE, content=b"", link=""):
        entry = tarfile.TarInfo("./" + name)
        entry.type, entry.linkname, entry.size, entry.mode = kind, link, len(content), 0o755
        entry.uid = entry.gid = 100000
        root.addfile(entry, io.BytesIO(content))
    add("dev", tarfile.DIRTYPE)
    add("dev/null", tarfile.CHRTYPE)
    add("usr", tarfile.DIRTYPE)
    add("usr/lib", tarfile.DIRTYPE)
    add("usr/lib/ld64.so.1", content=b"loader")
    add("lib", tarfile.DIRTYPE)
    add("lib/ld64.so.1", tarfile.SYMTYPE, link="/usr/lib/ld64.so.1")
{{}}
"""


@pytest.fixture
def mmdebstrap(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The program in mmdebstrap's place; roots are kept in its folder's `roots`."""
    program = tmp_path / "bin" / "mmdebstrap"
    program.parent.mkdir()
    program.write_text(SCRIPT.format(""))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("PORTVNF_ROOTS", str(tmp_path / "roots"))
    return program


def test_a_root_belongs_to_who_made_it(mmdebstrap: Path) -> None:
    made = roots.make("s390x")
    assert made == roots.root("s390x") and not made.with_suffix(".partial").exists()
    assert (made / "lib" / "ld64.so.1").read_bytes() == b"loader"  # by a relative link
    assert not (made / "dev").exists()
    owners = {path.lstat().st_uid for path in [made, *made.rglob("*")]}
    assert owners == {os.geteuid()}
    said: list[str] = []
    assert roots.make("s390x", said.append) == made
    assert said == ["root s390x: there already"]


def test_an_outdated_root_is_made_anew(
    mmdebstrap: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = roots.make("s390x")
    assert roots.main(["check", "s390x"]) == 0
    assert capsys.readouterr().out == f"root s390x: in {made}\n"
    (made / "portvnf.stamp").write_text("of another version\n")
    (made / "old").touch()
    assert roots.main(["check", "s390x"]) == 2
    assert "the s390x root is not in" in capsys.readouterr().err
    assert not (roots.make("s390x") / "old").exists()
    assert roots.main(["check", "s390x"]) == 0


def test_a_failure_is_one_sentence(mmdebstrap: Path, tmp_path: Path) -> None:
    mmdebstrap.write_text(SCRIPT.format("sys.stderr.write('E: no mirror\\n'); sys.exit(25)"))
    with pytest.raises(HostError, match=r"s390x root cannot be made: mmdebstrap: E: no mirror"):
        roots.make("s390x")
    mmdebstrap.write_text("#!/bin/sh\necho nonsense\n")
    with pytest.raises(HostError, match=r"s390x root cannot be made: tar: .*not look like a tar"):
        roots.make("s390x")
    assert not roots.is_made("s390x")
    mmdebstrap.write_text(SCRIPT.format(""))
    roots.make("s390x")  # what the failures left is no hindrance


def test_a_folder_that_cannot_be_made(
    mmdebstrap: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("PORTVNF_ROOTS", str(tmp_path / "file"))
    with pytest.raises(HostError, match=r"cannot be made: .*/file.*: (Not a dir|File exists)"):
        roots.make("s390x")
