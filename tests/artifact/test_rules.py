"""Every rule of the verifier bites, and bites alike under each LLVM."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portvnf.artifact.rules import RULES
from portvnf.artifact.toolchain import Toolchain

HERE = Path(__file__).parent


def _cases() -> list[tuple[str, str, str, str]]:
    spec = importlib.util.spec_from_file_location("broken_rules", HERE / "broken_rules.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return list(module.CASES)


CASES = _cases()


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
        paths.append(folder / f"case{number:02}.bc")
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
    assert [rule, where] in verdicts[f"case{number:02}.bc"]


def test_sound_module_passes(verdicts: Any) -> None:
    assert verdicts["sound.bc"] == []


def test_every_rule_has_a_case() -> None:
    assert {rule.name for rule in RULES} == {case[0] for case in CASES}
    assert all(rule.what and rule.why for rule in RULES)


def test_same_verdicts_under_another_llvm(
    verdicts: Any, modules: list[Path], run_python: Callable[..., Any], other_isa: str
) -> None:
    other = run_python(other_isa, HERE / "verdicts.py", *modules)
    assert other["llvm"].startswith("14.")
    assert other["found"] == verdicts
