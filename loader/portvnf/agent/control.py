"""The control socket: an operator's commands, one JSON object a line, answered likewise.

Every command ends with one line that has "ok" or, for a migration, "event": "done" or
"error". docs/cli.md lists the commands.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from portvnf import defect
from portvnf.agent.blade import Blade
from portvnf.errors import AgentError, PortvnfError

Answer = Callable[[dict[str, Any]], None]
Message = dict[str, Any]

COMMANDS = (
    "status",
    "counters",
    "ports",
    "records",
    "export",
    "restore",
    "record",
    "bearer",
    "migrate",
    "resolve",
    "stop",
)


class _OperatorLeftError(Exception):
    """Nobody reads the answer: there is nobody to go on for."""


def serve(connection: socket.socket, blade: Blade, stop: Callable[[], None]) -> None:
    """Answers the commands of one connection until it ends."""

    def send(message: Message) -> None:
        line = json.dumps(message).encode() + b"\n"
        try:
            connection.sendall(line)
        except OSError:
            raise _OperatorLeftError from None

    def answer(message: Message) -> None:
        with contextlib.suppress(_OperatorLeftError):  # the command goes on
            send(message)

    stream = connection.makefile("r", encoding="utf-8", errors="replace")
    with connection, stream, contextlib.suppress(OSError, _OperatorLeftError):
        for line in stream:
            _obey(line, blade, answer, send, stop)


def _obey(line: str, blade: Blade, answer: Answer, send: Answer, stop: Callable[[], None]) -> None:
    command = ""
    try:
        request = _request(line)
        command = request["command"]
        if command == "migrate":
            answer(blade.migrate(_text(request, "to"), answer))
        elif command == "stop":
            answer({"ok": True})
            stop()
        elif command == "records":
            _stream(blade, _text(request, "section"), send)
        else:
            answer({"ok": True, **_result(command, request, blade)})
    except PortvnfError as error:
        answer(_refusal(command, error))
    except _OperatorLeftError:
        raise
    except Exception as error:  # an agent with sessions must not end, whatever it is
        doing = f"{blade.spec.name}: the command {command!r}"
        answer(_refusal(command, defect.told(doing, error)))


def _refusal(command: str, error: PortvnfError) -> Message:
    kind: Message = {"event": "error"} if command == "migrate" else {"ok": False}
    return {**kind, "message": error.message}


def _stream(blade: Blade, section: str, send: Answer) -> None:
    """A section's records as they are, piece by piece, until the operator has seen enough and
    leaves."""
    schema = blade.selection.schema
    records = blade.view.records(section)
    stated = {"name": schema.name, "version": schema.version, "sha256": schema.sha256()}
    send({"event": "schema", **stated})
    for chunk in records:
        data = base64.b64encode(chunk.data).decode("ascii")
        send({"event": "records", "section": section, "records": chunk.records, "data": data})
    send({"ok": True})


def _request(line: str) -> Message:
    try:
        request = json.loads(line)
    except (ValueError, RecursionError):
        request = None
    if not isinstance(request, dict) or not isinstance(request.get("command"), str):
        raise AgentError('a command is one JSON object a line, such as {"command": "status"}')
    if request["command"] not in COMMANDS:
        known = ", ".join(COMMANDS)
        raise AgentError(f"there is no command {request['command']!r}, only {known}")
    return request


def _text(request: Message, key: str) -> str:
    value = request.get(key)
    if not isinstance(value, str) or not value:
        raise AgentError(f"the command {request['command']!r} needs {key!r}, a string")
    try:
        name = os.fsencode(value)
    except UnicodeEncodeError:  # JSON can write half a character
        name = b"\0"
    if b"\0" in name:
        raise AgentError(f"the command {request['command']!r}: {key} = {value!r} is no name")
    return value


def _result(command: str, request: Message, blade: Blade) -> Message:
    if command == "status":
        return blade.status()
    if command == "counters":
        return {"counters": blade.counters()}
    if command == "ports":
        return {"ports": blade.view.ports(), "engine": blade.view.engine()}
    if command == "export":
        return {"bytes": blade.export(Path(_text(request, "path")))}
    if command == "restore":
        sessions, note = blade.restore(Path(_text(request, "path")))
        return {"sessions": sessions, "note": note}
    if command == "bearer":
        order = request.get("order")
        if not isinstance(order, dict):
            raise AgentError("the command 'bearer' needs 'order', an object")
        blade.order_bearer(_text(request, "action"), order)
        return {}
    if command == "record":
        path = request.get("path")
        blade.record(_text(request, "port"), None if path is None else Path(_text(request, "path")))
        return {}
    keep = request.get("keep")
    if not isinstance(keep, bool):
        raise AgentError("the command 'resolve' needs 'keep', true or false")
    blade.resolve(keep)
    return {}


def exchange(control: Path, request: Message, timeout_s: float | None = None) -> Iterator[Message]:
    """The operator's side: sends one command and yields the answers up to the last. An
    AgentError also when the agent says nothing for `timeout_s`."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(timeout_s)
            connection.connect(str(control))
            connection.sendall(json.dumps(request).encode() + b"\n")
            with connection.makefile("r", encoding="utf-8") as stream:
                for line in stream:
                    message = _answer(line)
                    yield message
                    if "ok" in message or message.get("event") in ("done", "error"):
                        return
    except TimeoutError:
        raise AgentError(f"the agent on {control} gave no answer within {timeout_s} s") from None
    except (ValueError, RecursionError):
        raise AgentError(f"what answers on {control} is no agent") from None
    except OSError as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise AgentError(f"no agent answers on {control}: {reason}") from None
    raise AgentError(f"the agent on {control} ended without an answer")


def _answer(line: str) -> Message:
    """One line of an agent's; a ValueError or RecursionError when it is none."""
    message = json.loads(line)
    if not isinstance(message, dict):
        raise ValueError("an answer is a JSON object")
    return message
