"""Replacing a file whole or not at all, so that it survives a crash at any moment."""

from __future__ import annotations

import contextlib
import os
import uuid
from pathlib import Path


def replace(path: Path, data: bytes) -> None:
    """Puts `data` in the place of a file and on the disk; OSError leaves the old one as it is.

    The name meanwhile is one of its own: two that write one file do not get in each other's
    way, and the last one counts.
    """
    partial = path.with_name(f".{uuid.uuid4().hex}.partial")
    try:
        # Not tempfile's private mode: who may read the file is for the umask to say.
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(handle)
        partial.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def remove(path: Path) -> None:
    """Removes a file, if it is there, for good."""
    if os.path.lexists(path):
        path.unlink(missing_ok=True)
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Puts on the disk which files a folder has; OSError when that fails."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
