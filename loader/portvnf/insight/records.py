"""Records of a running gateway as its agent streams them over the control socket."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import construct as cs

from portvnf.agent import control
from portvnf.errors import AgentError
from portvnf.state.schema import Schema, load_schema
from portvnf.state.skim import Skimmer

Stream = Callable[[str], Iterator[bytes]]
"""Whole records of a section, piece by piece, in order."""

Wanted = Callable[[list[bytes]], bool]


def of_agent(socket_path: Path) -> Stream:
    """The records of the blade with this control socket. An AgentError when it has none or is
    of another schema. A stream that is left early ends at the agent too."""

    def stream(section: str) -> Iterator[bytes]:
        request = {"command": "records", "section": section}
        for message in control.exchange(socket_path, request):
            if message.get("ok") is False:
                raise AgentError(str(message.get("message", "the agent gives no reason")))
            if message.get("event") == "schema":
                _check_schema(socket_path, message)
            elif message.get("event") == "records":
                yield _octets(socket_path, message)

    return stream


def _check_schema(socket_path: Path, message: dict[str, Any]) -> None:
    own = load_schema("vepc")
    if message.get("sha256") != own.sha256():
        raise AgentError(
            f"the agent on {socket_path} has the state schema {message.get('name')} version "
            f"{message.get('version')}; this program knows {own.name} version {own.version}"
        )


def _octets(socket_path: Path, message: dict[str, Any]) -> bytes:
    try:
        return base64.b64decode(message["data"], validate=True)
    except (KeyError, TypeError, binascii.Error):
        raise AgentError(f"the agent on {socket_path} sent records that are none") from None


class Records:
    """The sections of one gateway, looked through record by record."""

    def __init__(self, stream: Stream, schema: Schema) -> None:
        self._stream = stream
        self._schema = schema

    def all(self, section: str) -> Iterator[Any]:
        """Every record of a section, by construct."""
        return self.where(section, (), lambda _: True)

    def where(self, section: str, names: tuple[str, ...], wanted: Wanted) -> Iterator[Any]:
        """The records for whose fields `names` (their octets) `wanted` is true, by construct."""
        record = self._schema.section(section).record
        for data, begin, end, found in self._skim(section, names):
            if wanted(found):
                try:
                    yield record.parse(data[begin:end])
                except cs.ConstructError as error:
                    raise AgentError(f"a record of section {section} is none: {error}") from None

    def values(self, section: str, *names: str) -> Iterator[list[bytes]]:
        """The octets of some fields of every record."""
        for _, _, _, found in self._skim(section, names):
            yield found

    def _skim(
        self, section: str, names: tuple[str, ...]
    ) -> Iterator[tuple[bytes, int, int, list[bytes]]]:
        skimmer = Skimmer(self._schema.section(section).record, *names)
        for data in self._stream(section):
            for begin, end, found in skimmer.skim(data):
                yield data, begin, end, found
