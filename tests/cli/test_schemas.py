"""`portvnf schema`, and the commands that take an image of an earlier version."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from portvnf import locate
from portvnf.state.schema import load_schema
from portvnf.state.versions import vepc_v1
from tests.command import portvnf
from tests.vepc.gateway import DATA

from .refusal import refusal

OLD = DATA / "vepc-v1.img"
SCHEMA = load_schema("vepc")
NOTE = (
    f"portvnf: {OLD} is of vepc state schema version 1: "
    f"it was upgraded to version {SCHEMA.version} as it was read\n"
)


def test_describe_prints_what_the_hash_is_of(tmp_path: Path) -> None:
    printed = portvnf("schema", "describe", "vepc@1")
    assert printed.returncode == 0
    text = printed.stdout.removesuffix("\n")
    assert hashlib.sha256(text.encode()).hexdigest() == vepc_v1.SHA256
    path = tmp_path / "vepc.txt"
    assert portvnf("schema", "describe", "vepc", "--output", path).returncode == 0
    assert path.read_text() == SCHEMA.describe() + "\n"
    for named in (path, OLD, locate.artifact()):
        text = vepc_v1.SCHEMA.describe() if named == OLD else SCHEMA.describe()
        assert portvnf("schema", "describe", named).stdout == text + "\n"


def test_compare_says_what_loads() -> None:
    done = portvnf("schema", "compare", "vepc@1", "vepc")
    assert done.returncode == 0 and done.stderr == ""
    *_, there, back = done.stdout.splitlines()
    assert there == "an image of vepc@1 loads in vepc@2: yes, by upgrade from version 1 to 2"
    assert back.startswith("an image of vepc@2 loads in vepc@1: no: vepc@2 is newer")
    assert "path.ipv4: renamed to peer\n" in done.stdout
    assert portvnf("schema", "compare", "vepc", "vepc@1").returncode == 1
    same = portvnf("schema", "compare", "vepc@1", OLD)
    assert (same.returncode, same.stdout.splitlines()[0]) == (0, "no differences")


def test_compare_with_a_file_of_another_release(tmp_path: Path) -> None:
    """A field more and the version forgotten: what a build should stop at."""
    path = tmp_path / "next.txt"
    path.write_text(SCHEMA.describe().replace("\nconfig\n", "\n  more: u8\nconfig\n"))
    done = portvnf("schema", "compare", "vepc", path, "--json")
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert report["new"]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    (finding,) = report["findings"]
    assert finding["kind"] == "added" and finding["where"] == "records_taken.more"
    assert report["old_loads_in_new"] == {
        "loads": False,
        "reason": f"both say version {SCHEMA.version}, but differ: raise the newer's",
    }


def test_what_is_no_schema_is_refused(tmp_path: Path) -> None:
    assert refusal("schema", "describe", "vepc@9") == "no version 9 of vepc is known, only 1, 2"
    assert "no state schema 'other' is known" in refusal("schema", "compare", "other", "vepc")
    gone = tmp_path / "gone.txt"
    assert refusal("schema", "describe", gone) == f"cannot read {gone}: No such file or directory"
    broken = tmp_path / "broken.txt"
    broken.write_text("schema vepc 2\nsection 1 gateway once\n  a: float\nconfig\n")
    assert refusal("schema", "compare", "vepc", broken) == f"{broken}, line 3: 'float' is no type"
    foreign = tmp_path / "foreign.img"
    foreign.write_bytes(OLD.read_bytes()[:24] + bytes(32) + OLD.read_bytes()[56:])
    assert "state schema 000000000000, which is not known" in refusal("schema", "describe", foreign)
    out = tmp_path / "none" / "x.txt"
    assert "cannot write" in refusal("schema", "describe", "vepc", "--output", out)


def test_every_image_command_upgrades_and_says_so(tmp_path: Path) -> None:
    new = tmp_path / "new.img"
    done = portvnf("image", "upgrade", OLD, new)
    assert (done.returncode, done.stderr) == (0, NOTE)
    assert done.stdout == f"{new}: {new.stat().st_size} bytes, vepc version {SCHEMA.version}\n"
    checked = portvnf("image", "check", OLD)
    assert (checked.returncode, checked.stderr) == (0, NOTE)
    assert f"in {len(SCHEMA.image_sections)} sections" in checked.stdout
    shown = portvnf("image", "show", OLD, "--section", "path", "--json")
    assert json.loads(shown.stdout.splitlines()[0])["peer"] == "10.11.0.10"
    assert shown.stderr == NOTE
    same = portvnf("image", "diff", OLD, new)
    assert (same.returncode, same.stdout, same.stderr) == (0, "no differences\n", NOTE)
    assert portvnf("image", "check", new).stderr == ""


def test_an_upgraded_image_is_restored(tmp_path: Path) -> None:
    new, out = tmp_path / "new.img", tmp_path / "out.img"
    assert portvnf("image", "upgrade", OLD, new).returncode == 0
    fresh = ("--vnf-config", DATA / "thousands.toml", "--engine", "native", "--output", out)
    done = portvnf("image", "restore", OLD, *fresh)
    assert done.returncode == 0 and done.stderr == NOTE, done.stderr
    assert done.stdout.startswith("10 sessions restored (native, ")
    assert out.read_bytes() == new.read_bytes()
