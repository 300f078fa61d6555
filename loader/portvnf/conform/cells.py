"""The cells of the matrix: engine x ISA x optimisation level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from portvnf.errors import ConfigError

ENGINES = ("jit", "gcc", "aot")
LEVELS = range(4)


@dataclass(frozen=True)
class Cell:
    """One way to run the VNF. `jit`: the artifact, in Python on that ISA; `aot`: the artifact,
    translated here and run by portvnf-host; `gcc`: the same sources by GCC, likewise."""

    isa: str
    engine: str
    level: int

    @property
    def name(self) -> str:
        """Such as x86_64/jit/O3."""
        return f"{self.isa}/{self.engine}/O{self.level}"


# Every one of these must run and agree, at level 3 at least. Big-endian MIPS-64 has no JIT:
# no Debian has a Python for it.
REQUIRED = (
    ("x86_64", ("gcc", "jit", "aot")),
    ("mips64el", ("gcc", "jit", "aot")),
    ("mips64", ("gcc", "aot")),
    ("s390x", ("gcc", "jit", "aot")),
    ("aarch64", ("gcc", "jit", "aot")),
)


def quick() -> list[Cell]:
    """Level 3 everywhere and level 0 of each engine here and of GCC on both byte orders."""
    cells = [Cell(isa, engine, 3) for isa, engines in REQUIRED for engine in engines]
    cells += [Cell("x86_64", engine, 0) for engine in ENGINES]
    return [*cells, Cell("mips64", "gcc", 0), Cell("mips64el", "gcc", 0)]


def everything() -> list[Cell]:
    """All levels; of a JIT that compiles under emulation only the lowest and the highest."""
    return [
        Cell(isa, engine, level)
        for isa, engines in REQUIRED
        for engine in engines
        for level in LEVELS
        if engine != "jit" or isa == "x86_64" or level in (0, 3)
    ]


def matching(cells: Sequence[Cell], patterns: Sequence[str]) -> list[Cell]:
    """The cells whose names match one of the patterns, such as 'mips64*/*/O3'."""
    chosen = [cell for cell in cells if any(fnmatchcase(cell.name, p) for p in patterns)]
    for pattern in patterns:
        if not any(fnmatchcase(cell.name, pattern) for cell in cells):
            raise ConfigError(f"no cell is called {pattern!r}: {', '.join(c.name for c in cells)}")
    return chosen
