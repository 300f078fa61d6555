"""The table of docs/portability.md is what the program says on each ISA, and the rules that
the page names exist."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from portvnf.artifact.rules import RULES
from portvnf.isas import named
from portvnf.lint.rules import RULES as LINT_RULES

HERE = Path(__file__).parent
PAGE = (HERE.parents[1] / "docs" / "portability.md").read_text()
_ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.split("## The hazards are real")[1].split("\n## ")[0].splitlines()
    if line.startswith("| ")
]
TABLE = {isa: {row[0]: row[n] for row in _ROWS[1:]} for n, isa in enumerate(_ROWS[0]) if isa}


@pytest.mark.parametrize("isa", TABLE)
def test_the_table_is_what_the_program_says(isa: str, tmp_path: Path) -> None:
    about, program = named(isa), tmp_path / "hazards"
    emulator = [] if isa == platform.machine() else [about.emulator]
    for needed in (about.compiler, *emulator):
        if shutil.which(needed) is None:
            pytest.skip(f"{needed} is not installed (script/setup does it)")
    options = ["-O2", "-Wall", "-Wextra", "-Werror", "-static"]
    subprocess.run(
        [about.compiler, *options, str(HERE / "hazards.c"), "-o", str(program)], check=True
    )
    done = subprocess.run([*emulator, str(program)], capture_output=True, text=True, check=True)
    assert dict(line.split(": ") for line in done.stdout.splitlines()) == TABLE[isa]


def test_the_rules_that_the_page_names_exist() -> None:
    known = {rule.name for rule in (*RULES, *LINT_RULES)}
    practices = PAGE.split("## The practices")[1].split("## How it is measured")[0]
    caught = "".join(re.findall(r"Caught by (.*?)\n\n", practices, re.DOTALL))
    assert set(re.findall(r"`([a-z-]+)`", caught)) <= known
