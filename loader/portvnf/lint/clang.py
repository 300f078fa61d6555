"""Runs clang on one source: its syntax tree, its warnings, its static analyser."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portvnf.artifact.toolchain import TARGET
from portvnf.errors import BuildError, HostError

_LANGUAGE = (
    f"--target={TARGET}",
    "-std=c11",
    "-x",
    "c",
    "-ffreestanding",
    "-nostdinc",
    "-fno-color-diagnostics",
    "-fno-caret-diagnostics",
)
_WARNINGS = (
    "-Wall",
    "-Wextra",
    "-Wvla",
    "-Wuninitialized",
    "-Wconditional-uninitialized",
    "-Wsometimes-uninitialized",
    "-Wno-pragma-once-outside-header",
    "-Wno-unused-function",
)
# The analyser looks at this many states of a function and no more: enough for its paths,
# and a whole VNF stays a matter of seconds.
_ANALYSER = (
    "--analyze",
    "--analyzer-no-default-checks",
    "--analyzer-output",
    "text",
    "-Xclang",
    "-analyzer-config",
    "-Xclang",
    "max-nodes=20000",
    "-Xclang",
    "-analyzer-checker=core.uninitialized",
)
_DIAGNOSTIC = re.compile(
    r"^(.+?):(\d+):(\d+): (warning|error|fatal error): (.*?)(?: \[([-\w.,+=]+)\])?$"
)


@dataclass(frozen=True)
class Diagnostic:
    """One line of clang's."""

    file: str
    line: int
    column: int
    severity: str  # "warning", "error" or "fatal error"
    message: str
    flag: str  # "-Wvla", "core.uninitialized.Assign", or ""


@dataclass(frozen=True)
class Clang:
    """clang, and where it looks for headers."""

    program: str
    includes: tuple[Path, ...]

    @classmethod
    def find(cls, program: str, includes: Sequence[Path]) -> Clang:
        """Looks for the compiler on the path; a HostError when it is missing."""
        path = shutil.which(program)
        if path is None:
            raise HostError(f"{program} is not installed: install Debian's clang-14")
        return cls(path, tuple(includes))

    def tree(self, source: Path) -> tuple[dict[str, Any], list[Diagnostic]]:
        """The syntax tree, as clang's JSON, and what clang says of the source."""
        said = self._run(source, "-fsyntax-only", *_WARNINGS, "-Xclang", "-ast-dump=json")
        try:
            parsed = json.loads(said.stdout)
        except ValueError:
            parsed = None
        if not isinstance(parsed, dict):
            lines = said.stderr.strip().splitlines()
            raise BuildError(f"{source}: {self.program} gives no tree: {(lines or ['?'])[0]}")
        return parsed, _diagnostics(said.stderr)

    def analysis(self, source: Path) -> list[Diagnostic]:
        """What the static analyser finds of reads before writes."""
        return _diagnostics(self._run(source, *_ANALYSER).stderr)

    def _run(self, source: Path, *flags: str) -> subprocess.CompletedProcess[str]:
        where = [f"-I{path}" for path in self.includes]
        argv = [self.program, *_LANGUAGE, *flags, *where, str(source)]
        return subprocess.run(argv, capture_output=True, text=True, errors="replace", check=False)


def _diagnostics(text: str) -> list[Diagnostic]:
    found = []
    for line in text.splitlines():
        match = _DIAGNOSTIC.match(line)
        if match:
            file, row, column, severity, message, flag = match.groups()
            found.append(Diagnostic(file, int(row), int(column), severity, message, flag or ""))
    return found
