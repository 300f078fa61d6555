"""Compiled code on disk, found again by what it was made from.

An entry is the SHA-256 of its payload followed by the payload. One that does not match is
damaged: it counts as missing and is written anew. Entries appear whole or not at all.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path

_DIGEST_BYTES = hashlib.sha256().digest_size


class CodeCache:
    """Entries in one folder, which is made when it is first needed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, key: str) -> bytes | None:
        """The payload kept under `key`, or None."""
        try:
            entry = self._path(key).read_bytes()
        except OSError:
            return None
        digest, payload = entry[:_DIGEST_BYTES], entry[_DIGEST_BYTES:]
        return payload if hashlib.sha256(payload).digest() == digest else None

    def put(self, key: str, payload: bytes) -> None:
        """Keeps `payload`. A cache that cannot be written is no error: code still runs."""
        with contextlib.suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, partial = tempfile.mkstemp(dir=self.folder, prefix=".partial-")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(hashlib.sha256(payload).digest() + payload)
                Path(partial).replace(self._path(key))
            except OSError:
                Path(partial).unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.code"


def default_folder() -> Path:
    """$PORTVNF_CACHE, or portvnf's folder in the user's cache."""
    named = os.environ.get("PORTVNF_CACHE")
    if named:
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "portvnf" / "code"
