"""The artifact as a file: whole or not, altered or not, before LLVM ever reads it.

The manifest lies inside the bitcode as a plain string, so its text is found in the file's
bytes. One of its keys, `code_sha256`, is the SHA-256 of the whole file with the 64 digits
of that very key set to zeros. seal() fills it in, broken_seal() recomputes it: a change of
any byte, the digits included, shows. It guards against accidents and careless edits; who
may publish an artifact is not its matter.
"""

from __future__ import annotations

import hashlib
import re
import struct

MAGIC = b"BC\xc0\xde"
SEAL_KEY = "code_sha256"
BLANK_SEAL = "0" * 64

_SEAL = re.compile(rb'"' + SEAL_KEY.encode() + rb'":"([0-9a-f]{64})"')
_ENTER_SUBBLOCK = 1
_HEADER_BYTES = 8


def defect(data: bytes) -> str | None:
    """Why `data` is not one whole bitcode file, as the end of a sentence, or None."""
    if not data:
        return "is empty"
    if not data.startswith(MAGIC):
        return "is not LLVM bitcode (it does not begin with its magic number)"
    position = len(MAGIC)
    while position < len(data):
        end = _end_of_block(data, position)
        if end is None:
            return f"is damaged: there is no bitcode block at byte {position}"
        if end > len(data):
            return f"is truncated: {end - len(data)} bytes are missing at its end"
        position = end
    return "is truncated: it holds no bitcode block" if position == len(MAGIC) else None


def _end_of_block(data: bytes, position: int) -> int | None:
    # A top-level block: abbreviation id (2 bits), block id (8), new abbreviation width (4),
    # padding to a 32-bit word; then its length in such words.
    if position + _HEADER_BYTES > len(data):
        return position + _HEADER_BYTES
    word, length = struct.unpack_from("<II", data, position)
    if word & 3 != _ENTER_SUBBLOCK:
        return None
    return position + _HEADER_BYTES + 4 * int(length)


def seal(data: bytes) -> bytes:
    """`data` with its blank seal filled in."""
    match = _only_seal(data)
    if match is None or match.group(1) != BLANK_SEAL.encode():
        raise ValueError("the bitcode holds no blank seal, or more than one")
    digest = hashlib.sha256(data).hexdigest().encode()
    return data[: match.start(1)] + digest + data[match.end(1) :]


def broken_seal(data: bytes) -> str | None:
    """Why the seal of `data` does not hold, as the end of a sentence, or None."""
    match = _only_seal(data)
    if match is None:
        return f"carries no portvnf manifest with one {SEAL_KEY}"
    blank = data[: match.start(1)] + BLANK_SEAL.encode() + data[match.end(1) :]
    if hashlib.sha256(blank).hexdigest().encode() != match.group(1):
        return f"was altered after it was built (its {SEAL_KEY} does not match its bytes)"
    return None


def _only_seal(data: bytes) -> re.Match[bytes] | None:
    found = list(_SEAL.finditer(data))
    return found[0] if len(found) == 1 else None
