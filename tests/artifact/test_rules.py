"""Every rule of the verifier bites, and bites alike under each LLVM."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portvnf.artifact.rules import RULES
from portvnf.artifact.toolchain import Toolchain

HERE = Path(__file__).parent
BROKEN = runpy.run_path(str(HERE / "broken_rules.py"))
CASES: list[tuple[str, str, str, str]] = BROKEN["CASES"]
ALONE: list[tuple[str, str, str, str]] = BROKEN["ALONE"]
DISSOLVED = {f"case{CASES.index(case):03}.bc" for case in BROKEN["DISSOLVED"]}


@pytest.fixture(scope="module")
def modules(reflect: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """One bitcode file a case, by LLVM 14, and the sound one as the last."""
    tools = Toolchain.find()
    folder = tmp_path_factory.mktemp("broken")
    text = tools.to_text(reflect.read_bytes())
    paths = []
    for number, (_, _, old, new) in enumerate(CASES):
        assert old in text
        changed = text.replace(old, new, 1) if old else f"{text}\n{new}"
        paths.append(folder / f"case{number:03}.bc")
        paths[-1].write_bytes(tools.to_bitcode(changed))
    paths.append(folder / "sound.bc")
    paths[-1].write_bytes(reflect.read_bytes())
    return paths


@pytest.fixture(scope="module")
def verdicts(modules: list[Path], run_python: Callable[..., Any]) -> Any:
    return run_python("host", HERE / "verdicts.py", *modules)["found"]


@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda n: f"{CASES[n][0]}-{n}")
def test_bites(verdicts: Any, number: int) -> None:
    rule, where, _, _ = CASES[number]
    name = f"case{number:03}.bc"
    if name in DISSOLVED:
        pytest.skip("only LLVM 14 still has these; test_same_verdicts_under_another_llvm looks")
    assert [rule, where] in verdicts[name]
    if number < len(ALONE):
        assert {found for found, _ in verdicts[name]} == {rule}


def test_sound_module_passes(verdicts: Any) -> None:
    assert verdicts["sound.bc"] == []


def test_every_rule_has_a_case() -> None:
    alone = {case[0] for case in ALONE + BROKEN["DISSOLVED"]}
    assert alone == {rule.name for rule in RULES}
    assert all(rule.what and rule.why for rule in RULES)


def test_same_verdicts_under_another_llvm(
    verdicts: Any, modules: list[Path], run_python: Callable[..., Any], other_isa: str
) -> None:
    other = run_python(other_isa, HERE / "verdicts.py", *modules)
    assert other["llvm"].startswith("14.")
    for name in DISSOLVED:
        rule, where, _, _ = CASES[int(name[4:7])]
        assert other["found"].pop(name) == [[rule, where]]
    assert other["found"] == {k: v for k, v in verdicts.items() if k not in DISSOLVED}
