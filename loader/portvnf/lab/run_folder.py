"""The folder of one performance: its logs, configurations and, while it runs, its keys.

A run that passed leaves nothing. Of those that failed the newest few stay, without their
private keys; those that were killed are treated so when the next one starts.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from portvnf.errors import LabError

KEPT = 3
_PREFIX = "run-"
PKI = "pki"


class RunFolder:
    """One run's folder, its owner's until close()."""

    def __init__(self, cache: Path) -> None:
        try:
            cache.mkdir(parents=True, exist_ok=True)
            _tidy(cache)
            self.path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=cache))
            self._lock = os.open(self.path, os.O_RDONLY)
        except OSError as error:
            raise LabError(f"no folder can be made in {cache}: {error.strerror}") from None
        # The lock tells other runs that this one is alive; the kernel drops it at our end.
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def close(self, keep: bool) -> None:
        """Ends the run: the folder stays, without its keys, only when `keep`."""
        shutil.rmtree(self.path / PKI if keep else self.path, ignore_errors=True)
        os.close(self._lock)


def _tidy(cache: Path) -> None:
    dead = []
    for path in cache.glob(f"{_PREFIX}*"):
        # Another run may tidy at the same time.
        with contextlib.suppress(OSError), _locked(path) as alone:
            if alone:
                shutil.rmtree(path / PKI, ignore_errors=True)
                dead.append((path.stat().st_mtime_ns, path))
    for _, path in sorted(dead, reverse=True)[KEPT:]:
        shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[bool]:
    lock = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(lock)
