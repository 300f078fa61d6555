"""`portvnf agent`, `portvnf status`, `portvnf migrate` and the other operator's commands."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from portvnf.agent import configuration, control, server
from portvnf.artifact import trust
from portvnf.errors import AgentError, MigrationError


def register(commands: Any) -> None:
    """Adds the commands to the parser."""
    agent = commands.add_parser("agent", help="run a blade: its VNF, its ports, its agent")
    agent.add_argument("configuration", type=Path, help="the blade's TOML file")
    agent.add_argument(
        "--take-ownership",
        action="store_true",
        help="be active with no sessions, though they were given to another blade",
    )
    trust.add_option(agent)
    agent.set_defaults(run=_agent)

    status = _operator(commands, "status", "what a blade is and how many sessions it has")
    status.set_defaults(run=lambda a: _print(a.control, {"command": "status"}))
    migrate = _operator(commands, "migrate", "move all sessions to another blade, live")
    migrate.add_argument("peer", help="the blade's name in [agent.peers]")
    migrate.set_defaults(run=_migrate)
    record = _operator(commands, "record", "record what passes a port into a pcap file")
    record.add_argument("port")
    record.add_argument("file", nargs="?", type=Path, help="without it the recording ends")
    record.set_defaults(run=_record)
    resolve = _operator(commands, "resolve", "end a doubt about who owns the sessions")
    resolve.add_argument("owner", choices=("here", "peer"))
    resolve.set_defaults(
        run=lambda a: _print(a.control, {"command": "resolve", "keep": a.owner == "here"})
    )
    stop = _operator(commands, "stop", "stop a blade's agent")
    stop.set_defaults(run=lambda a: _print(a.control, {"command": "stop"}))


def _agent(arguments: argparse.Namespace) -> int:
    spec = configuration.load(arguments.configuration)
    if arguments.trust is not None:
        spec = replace(spec, trust=arguments.trust)
    return server.run(spec, arguments.take_ownership)


def _operator(commands: Any, name: str, text: str) -> Any:
    parser = commands.add_parser(name, help=text)
    parser.add_argument("control", type=Path, help="the agent's control socket")
    return parser


def ask(socket_path: Path, request: dict[str, Any], **parts: type) -> dict[str, Any]:
    """One command with one answer, in which `parts` are what the caller needs, and their types;
    a refusal becomes an AgentError."""
    answer = next(control.exchange(socket_path, request))
    if not answer.pop("ok", False):
        raise AgentError(str(answer.get("message", "the agent refuses without a reason")))
    for name, kind in parts.items():
        if not isinstance(answer.get(name), kind):
            raise AgentError(f"the agent on {socket_path} answers without its {name}")
    return answer


def _print(socket_path: Path, request: dict[str, Any]) -> int:
    answer = ask(socket_path, request)
    if answer:
        print(json.dumps(answer, indent=2))
    return 0


def _record(arguments: argparse.Namespace) -> int:
    path = None if arguments.file is None else str(arguments.file.absolute())
    return _print(arguments.control, {"command": "record", "port": arguments.port, "path": path})


def _migrate(arguments: argparse.Namespace) -> int:
    for message in control.exchange(
        arguments.control, {"command": "migrate", "to": arguments.peer}
    ):
        if message.get("event") == "error" or message.get("ok") is False:
            raise MigrationError(str(message.get("message", "the agent gives no reason")))
        print(json.dumps(message), flush=True)
    return 0
