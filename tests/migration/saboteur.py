"""Breaks one message of a migration, in one of several ways."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from portvnf.migration.channel import Channel
from portvnf.migration.messages import HEADER, LARGEST, Kind

Send = Callable[[Channel, Kind, bytes], None]


def _break(channel: Channel) -> None:
    """Ends the TCP connection under TLS, as a network does."""
    socket.socket.shutdown(channel._connection, socket.SHUT_RDWR)


def _close(channel: Channel, kind: Kind, payload: bytes, send: Send) -> None:
    """The connection ends before the message."""
    _break(channel)
    send(channel, kind, payload)


def _cut(channel: Channel, kind: Kind, payload: bytes, send: Send) -> None:
    """The connection ends within the message."""
    message = HEADER.pack(kind, len(payload)) + payload
    channel._connection.sendall(message[: len(message) // 2])
    _close(channel, kind, payload, send)


def _lose(channel: Channel, kind: Kind, payload: bytes, send: Send) -> None:
    """The connection ends after the message, which arrives; any answer is lost."""
    send(channel, kind, payload)
    _break(channel)
    channel.close()  # the answer may be there already


def _garbage(channel: Channel, kind: Kind, payload: bytes, send: Send) -> None:
    """Bytes that are no message."""
    channel._connection.sendall(b"\xee" * (HEADER.size + len(payload)))


def _wrong(channel: Channel, kind: Kind, payload: bytes, send: Send) -> None:
    """A message of another kind."""
    send(channel, Kind.OUTCOME, b"{}")


def _oversized(channel: Channel, kind: Kind, payload: bytes, send: Send) -> None:
    """The right kind, and a length beyond all reason."""
    channel._connection.sendall(HEADER.pack(kind, LARGEST + 1))


def _empty(channel: Channel, kind: Kind, payload: bytes, send: Send) -> None:
    """The right kind without what belongs into it."""
    send(channel, kind, b"")


def _silence(channel: Channel, kind: Kind, payload: bytes, send: Send) -> None:
    """Nothing at all; the peer waits until its patience ends."""


FAULTS = {
    "close": _close,
    "cut": _cut,
    "lose": _lose,
    "garbage": _garbage,
    "wrong": _wrong,
    "oversized": _oversized,
    "empty": _empty,
    "silence": _silence,
}


@dataclass
class Saboteur:
    """Applies the fault to the `nth` message of that kind; `log` has what was sent."""

    kind: Kind
    fault: str
    nth: int = 1
    also: Callable[[], None] | None = None  # done once, before the fault
    log: list[Kind] = field(default_factory=list)

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        original: Send = Channel.send

        def send(channel: Channel, kind: Kind, payload: bytes = b"") -> None:
            self.log.append(kind)
            if kind == self.kind and self.log.count(kind) == self.nth:
                if self.also is not None:
                    self.also()
                FAULTS[self.fault](channel, kind, payload, original)
            else:
                original(channel, kind, payload)

        monkeypatch.setattr(Channel, "send", send)

    @property
    def struck(self) -> bool:
        return self.log.count(self.kind) >= self.nth
