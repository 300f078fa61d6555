"""The file of charging records: JSON lines, appended whole and safely, or not at all.

It is opened anew for each batch, so that it may be renamed away at any time (log rotation).
Nothing but whole lines is ever left in it: a batch that does not fit is taken back, and what a
crash left of one is removed, for the VNF has those records still.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from portvnf import durable
from portvnf.charging.cdr import Cdr
from portvnf.errors import AgentError

_MODE = 0o640  # who used what is nobody else's business
_BACK = 1 << 16


class Journal:
    """The file of one blade. Every error is an AgentError that names the file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def check(self) -> None:
        """Whether there is a file to append to: makes an empty one."""
        try:
            with self._opened():
                pass
        except BlockingIOError:
            pass  # it can be written, if by another process just now
        except OSError as error:
            raise AgentError(f"cannot write {self.path}: {error.strerror or error}") from None

    def append(self, cdrs: Sequence[Cdr]) -> None:
        """Puts records on the disk, all of them or none."""
        text = "".join(json.dumps(cdr, separators=(",", ":")) + "\n" for cdr in cdrs)
        try:
            with self._opened() as handle:
                _append(handle, text.encode("ascii"))
        except BlockingIOError:
            raise AgentError(f"cannot write {self.path}: another process is writing it") from None
        except OSError as error:
            raise AgentError(f"cannot write {self.path}: {error.strerror or error}") from None

    def records(self) -> list[Cdr]:
        """All that are in the file, in order. While a blade appends, what follows the last end
        of a line is not a record yet."""
        try:
            lines = self.path.read_bytes().split(b"\n")[:-1]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise AgentError(f"cannot read {self.path}: {error.strerror or error}") from None
        return [self._record(number, line) for number, line in enumerate(lines, 1)]

    def _record(self, number: int, line: bytes) -> Cdr:
        try:
            cdr = json.loads(line)
        except ValueError:
            cdr = None
        if not isinstance(cdr, dict):
            raise AgentError(f"{self.path}, line {number}: not a charging record")
        return cdr

    def written(self, node: str, serials: set[int]) -> list[Cdr]:
        """Those of the records with these numbers of a node that are in the file already."""
        try:
            with self.path.open("rb") as lines:
                return list(_matching(lines, node, serials))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise AgentError(f"cannot read {self.path}: {error.strerror or error}") from None

    @contextlib.contextmanager
    def _opened(self) -> Iterator[int]:
        fresh = not self.path.exists()
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, _MODE)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield handle
            if fresh:
                durable.sync_folder(self.path.parent)
        finally:
            os.close(handle)


def _append(handle: int, data: bytes) -> None:
    size = _whole_lines(handle)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(handle, rest) :]
        os.fsync(handle)
    except OSError:
        with contextlib.suppress(OSError):  # the next attempt finds what was left over
            os.ftruncate(handle, size)
        raise


def _whole_lines(handle: int) -> int:
    """The file's size, without a last line that a crash cut off."""
    size = end = os.fstat(handle).st_size
    while end:
        begin = max(end - _BACK, 0)
        found = os.pread(handle, end - begin, begin).rfind(b"\n")
        if found >= 0:
            end = begin + found + 1
            break
        end = begin
    if end != size:
        os.ftruncate(handle, end)
    return end


def _matching(lines: Any, node: str, serials: set[int]) -> Iterator[Cdr]:
    mark = f'"nodeID":"{node}"'.encode()
    for line in lines:
        if mark not in line:
            continue
        try:
            cdr = json.loads(line)
        except ValueError:
            continue  # not of our making
        if isinstance(cdr, dict) and cdr.get("localSequenceNumber") in serials:
            yield cdr
