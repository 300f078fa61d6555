"""The memory that all of a VNF's state lies in."""

from __future__ import annotations

import contextlib
import mmap
from typing import Any

from cffi import FFI

from portvnf.errors import HostError

_ffi = FFI()


class Arena:
    """Zeroed, page-aligned memory; it belongs to this object and lives as long as it does.

    Pages are taken from the system when they are first touched.
    """

    def __init__(self, length: int) -> None:
        self.length = length
        try:
            self._memory = mmap.mmap(-1, max(length, 1), flags=mmap.MAP_PRIVATE)
        except (OSError, OverflowError, ValueError) as error:
            raise HostError(f"there is no memory for an arena of {length} bytes: {error}") from None
        with contextlib.suppress(OSError):
            # Sessions are looked up at random: large pages save most address translations.
            self._memory.madvise(mmap.MADV_HUGEPAGE)
        self._view: Any = _ffi.from_buffer(self._memory, require_writable=True)
        self.address = int(_ffi.cast("uintptr_t", self._view))
