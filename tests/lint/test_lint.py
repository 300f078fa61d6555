"""Each sample breaks the rule that its name begins with, and no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from portvnf import cli
from portvnf.errors import BuildError, HostError
from portvnf.lint import docgen
from portvnf.lint.lint import lint
from portvnf.lint.rules import RULES

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
SAMPLES = sorted(path for path in (HERE / "samples").glob("*.c") if path.stem != "sound")
NAMES = {rule.name for rule in RULES}


def rule_of(sample: Path) -> str:
    return max((name for name in NAMES if sample.stem.startswith(name)), key=len)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_bites_alone(sample: Path) -> None:
    findings = lint([sample], [])
    assert {finding.rule for finding in findings} == {rule_of(sample)}
    assert all(finding.file == str(sample) and finding.line > 1 for finding in findings)
    assert all(finding.column > 0 and finding.sentence for finding in findings)


def test_every_rule_has_a_sample() -> None:
    assert {rule_of(sample) for sample in SAMPLES} == NAMES


def test_sound_source_passes() -> None:
    assert lint([HERE / "samples" / "sound.c"], []) == []


def test_place_is_exact() -> None:
    (finding,) = lint([HERE / "samples" / "bit-field.c"], [])[:1]
    assert (finding.line, finding.column) == (5, 8)


def test_header_is_judged_through_its_user(tmp_path: Path) -> None:
    (tmp_path / "record.h").write_text("struct record {\n    unsigned flag : 1;\n};\n")
    (tmp_path / "use.c").write_text('#include "record.h"\n')
    (finding,) = lint([tmp_path], [])
    assert finding.rule == "bit-field"
    assert Path(finding.file).name == "record.h"


def test_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["lint", str(HERE / "samples" / "union.c")]) == 1
    assert ": union: a union of " in capsys.readouterr().out
    assert cli.main(["lint", str(HERE / "samples" / "sound.c")]) == 0
    assert cli.main(["lint", "--list"]) == 0
    listed = capsys.readouterr().out
    assert all(f"{name}: " in listed for name in NAMES)


def test_errors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sound = HERE / "samples" / "sound.c"
    with pytest.raises(HostError, match="clang-none is not installed"):
        lint([sound], [], "clang-none")
    with pytest.raises(BuildError, match="is not there"):
        lint([tmp_path / "none.c"], [])
    other = tmp_path / "other.cpp"
    other.write_text("int x;\n")
    with pytest.raises(BuildError, match=r"other\.cpp is no C source"):
        lint([other], [])
    broken = tmp_path / "broken.c"
    broken.write_text("int f(void) { return }\n")
    with pytest.raises(BuildError, match=r"broken\.c:1:22: expected expression"):
        lint([broken], [])
    assert cli.main(["lint", str(broken)]) == 2
    assert "expected expression" in capsys.readouterr().err


def test_page_is_current() -> None:
    page = ROOT / "docs" / "lint-rules.md"
    assert page.read_text() == docgen.document(), (
        "run python -m portvnf.lint.docgen --output docs/lint-rules.md"
    )
