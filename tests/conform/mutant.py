"""Seeded mutants of the vEPC: small edits of a copy of its sources, as tests/conform/mutants
declares them, and what is expected to catch each.

`lint`: rules of `portvnf lint` that report it; `verifier`: a part of the name of the rule by
which the artifact is refused, "" when it passes; `conform`: what the first difference between
`cells` says, as a regular expression, absent when there is nothing that could differ.
"""

from __future__ import annotations

import shutil
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portvnf import locate
from portvnf.conform.cells import Cell
from portvnf.conform.gcc_build import Sources

FOLDER = Path(__file__).resolve().parent / "mutants"


@dataclass(frozen=True)
class Mutant:
    """One mutant."""

    name: str
    lint: tuple[str, ...]
    verifier: str
    conform: str
    cells: tuple[Cell, ...]
    edits: tuple[dict[str, str], ...]

    def apply(self, root: Path) -> Sources:
        """Copies the sources to a folder and edits the copy."""
        checkout = locate.checkout()
        assert checkout is not None
        for part in ("vnfsrc", "portable_rt/include"):
            shutil.copytree(checkout / part, root / part)
        for edit in self.edits:
            path = root / edit["file"]
            text = path.read_text()
            assert text.count(edit["old"]) == 1, f"{self.name}: {path.name} has changed"
            path.write_text(text.replace(edit["old"], edit["new"]))
        return Sources(root)


def load_all() -> list[Mutant]:
    """Every mutant, by name."""
    return [_read(path) for path in sorted(FOLDER.glob("*.toml"))]


def _read(path: Path) -> Mutant:
    table: dict[str, Any] = tomllib.loads(path.read_text())
    return Mutant(
        path.stem,
        tuple(table["lint"]),
        table["verifier"],
        table.get("conform", ""),
        tuple(_cell(name) for name in table["cells"]),
        tuple(table["edit"]),
    )


def _cell(name: str) -> Cell:
    isa, engine, level = name.split("/")
    return Cell(isa, engine, int(level.removeprefix("O")))
