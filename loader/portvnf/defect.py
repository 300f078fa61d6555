"""What nobody foresaw, while the agent did something for somebody: told, and lived through."""

from __future__ import annotations

import sys
import traceback

from portvnf.errors import DefectError


def found(doing: str, error: Exception) -> DefectError:
    """The error for whoever asked: one line, whatever `error` says."""
    text = " ".join(str(error).split())
    kind = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return DefectError(
        f"{doing} failed by a defect of portvnf ({kind}): "
        "the agent serves on, and its log has the traceback"
    )


def tell(defect: DefectError, error: Exception) -> None:
    """Writes the sentence and the traceback to the agent's log, stderr."""
    lines = "".join(traceback.format_exception(error))
    # In one piece: other threads write there too.
    sys.stderr.write(f"portvnf: {defect.message}\n{lines}")
    sys.stderr.flush()


def told(doing: str, error: Exception) -> DefectError:
    """Both."""
    defect = found(doing, error)
    tell(defect, error)
    return defect
