"""What two agents say to each other: one byte of kind, four of length, a payload.

The payload is JSON (UTF-8) for control and raw bytes for RECORDS and FORWARD. S marks what
the source sends, D what the destination sends.
"""

from __future__ import annotations

import json
import struct
from enum import IntEnum
from typing import Any

from portvnf.errors import MigrationError

PROTOCOL_VERSION = 1
HEADER = struct.Struct("!BI")
LARGEST = 1 << 24

_RECORDS = struct.Struct("!HB")


class Kind(IntEnum):
    """The kinds of message, in the order of a migration."""

    HELLO = 1  # S: identity of the source
    WELCOME = 2  # D: identity of the destination, which is prepared
    REFUSE = 3  # D or S: a sentence; the migration ends, the source serves on
    RECORDS = 4  # S: records of one section
    ROUND = 5  # S: a round ends; its number and count of records
    ROUND_TAKEN = 6  # D: it was imported
    PREPARE = 7  # S: the state is complete; how much there must be
    READY = 8  # D: it is, and was found complete
    COMMIT = 9  # S: the destination owns the sessions
    ACTIVE = 10  # D: it answers for the addresses
    FORWARD = 11  # S: packets that reached the source, in the engine's serial form
    DRAINED = 12  # S: no more packets will follow
    USAGE_END = 13  # S: the usage records that went before are all
    DONE = 14  # D: figures of its side
    QUERY = 15  # S, on a new connection: what became of a migration
    OUTCOME = 16  # D: COMMITTED or ABORTED


# What becomes of a migration.
COMMITTED = "committed"
ABORTED = "aborted"


def encode_control(content: dict[str, Any]) -> bytes:
    """A control payload."""
    return json.dumps(content, sort_keys=True).encode()


def decode_control(payload: bytes) -> dict[str, Any]:
    """Reads what encode_control wrote."""
    try:
        content = json.loads(payload)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise MigrationError("the peer sent a control message that is not a JSON object")
    return content


def encode_records(section: int, first: bool, data: bytes) -> bytes:
    """A RECORDS payload: whole records of a section, its first ones or more of them."""
    return _RECORDS.pack(section, first) + data


def decode_records(payload: bytes) -> tuple[int, bool, bytes]:
    """Reads what encode_records wrote: section, first, data."""
    if len(payload) < _RECORDS.size:
        raise MigrationError("the peer sent a records message without its header")
    section, first = _RECORDS.unpack_from(payload)
    return section, bool(first), payload[_RECORDS.size :]
