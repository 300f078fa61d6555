"""Runs a user's scenario file with a `lab` ready."""

from __future__ import annotations

import runpy
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path

from portvnf.errors import ConfigError, LabError
from portvnf.lab.scenario.lab import Lab


@dataclass(frozen=True)
class Options:
    """What the user asked for: ISA and engine are those of blade b (chained: also of d)."""

    file: Path
    isa: str
    engine: str
    chained: bool
    captures: Path | None


def run(options: Options) -> int:
    """Runs the file inside the sandbox; 0 when nothing in it failed, 1 when an expectation did.

    A ConfigError says what else is wrong with the file, and where."""
    second = ("b", "d") if options.chained else ("b",)
    with Lab(
        sgw=("a", "b") if options.chained else (),
        pgw=("c", "d") if options.chained else (),
        isas=dict.fromkeys(second, options.isa),
        engines=dict.fromkeys(second, options.engine),
        capture=options.captures is not None,
    ) as lab:
        try:
            return _play(options.file, lab)
        finally:
            if lab.capture is not None and options.captures is not None:
                lab.capture.stop()
                lab.capture.keep(options.captures)


def _play(file: Path, lab: Lab) -> int:
    try:
        runpy.run_path(str(file), init_globals={"lab": lab}, run_name="__main__")
    except LabError as error:
        return _failed(file, error, error.message)
    except AssertionError as error:
        line = file.read_text().split("\n")[_line(file, error) - 1].strip()
        journal = "\n  ".join(["the last messages:", *lab.reactor.journal()])
        return _failed(file, error, f"{str(error) or line} does not hold; {journal}")
    except SyntaxError as error:
        raise ConfigError(f"{file}:{error.lineno}: {error.msg}") from None
    except Exception as error:
        raise ConfigError(f"{file}:{_line(file, error)}: {type(error).__name__}: {error}") from None
    return 0


def _line(file: Path, error: Exception) -> int:
    """The line of the file from which the error came."""
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == str(file)]
    return (lines[-1] or 0) if lines else 0


def _failed(file: Path, error: Exception, what: str) -> int:
    print(f"portvnf: {file}:{_line(file, error)}: {what}", file=sys.stderr)
    return 1
