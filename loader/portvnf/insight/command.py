"""`portvnf sessions|session|peers|counters`: looks into a running gateway."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from portvnf.agent.command import ask
from portvnf.errors import ConfigError
from portvnf.identities import tbcd_of_imsi
from portvnf.insight import counters, peers, sessions, subscriber, table
from portvnf.insight.records import Records, of_agent
from portvnf.insight.subscriber_text import described
from portvnf.state.schema import load_schema

_LIMIT = 100


def register(commands: Any) -> None:
    """Adds the commands to the parser."""
    listed = _command(commands, "sessions", "the PDN connections of a running gateway")
    listed.add_argument("--imsi", default="", metavar="DIGITS", help="IMSIs that begin so")
    listed.add_argument("--apn", default="", help="of this APN")
    state = listed.add_mutually_exclusive_group()
    state.add_argument("--idle", action="store_true", help="of idle UEs")
    state.add_argument("--connected", action="store_true", help="of connected UEs")
    listed.add_argument(
        "--limit", type=int, default=_LIMIT, metavar="N", help=f"at most N ({_LIMIT}; 0: all)"
    )
    listed.add_argument("--after", metavar="TEID", help="those behind this one in the list")
    listed.set_defaults(run=_sessions)

    one = _command(commands, "session", "all that a running gateway knows of one UE")
    one.add_argument("imsi")
    one.set_defaults(run=_session)

    _command(commands, "peers", "the GTP peers of a running gateway").set_defaults(run=_peers)
    _command(
        commands, "counters", "a gateway's counters, drops by reason, ports and engine"
    ).set_defaults(run=_counters)


def _command(commands: Any, name: str, text: str) -> Any:
    parser = commands.add_parser(name, help=text)
    parser.add_argument("control", type=Path, help="the agent's control socket")
    parser.add_argument("--json", action="store_true", help="for programs")
    return parser


def _records(arguments: argparse.Namespace) -> Records:
    return Records(of_agent(arguments.control), load_schema("vepc"))


def _sessions(arguments: argparse.Namespace) -> int:
    if arguments.limit < 0:
        raise ConfigError(f"--limit must not be negative, as {arguments.limit} is")
    if arguments.imsi and not (arguments.imsi.isascii() and arguments.imsi.isdigit()):
        raise ConfigError(f"--imsi takes digits, not {arguments.imsi!r}")
    choice = sessions.Choice(
        imsi=arguments.imsi,
        apn=arguments.apn.lower(),
        connected=True if arguments.connected else False if arguments.idle else None,
        after=_teid(arguments.after),
        limit=arguments.limit or None,
    )
    found = sessions.find(_records(arguments), choice)
    if arguments.json:
        for row in found.rows:
            print(json.dumps(row.values()))
        return 0
    cells = [
        (
            row.teid,
            row.imsi,
            row.apn,
            " ".join(filter(None, (row.ipv4, row.prefix))),
            f"connected to {row.enb}" if row.connected else "idle",
            row.bearers,
            row.uplink_bytes,
            row.downlink_bytes,
        )
        for row in found.rows
    ]
    headings = ("S5C TEID", "IMSI", "APN", "ADDRESS", "STATE", "BEARERS", "UP BYTES", "DOWN BYTES")
    for line in table.lines(headings, cells):
        print(line)
    if found.more:
        print(f"… and more: --after {found.rows[-1].teid} goes on")
    return 0


def _teid(text: str | None) -> int:
    if text is None:
        return 0
    try:
        teid = int(text, 0)
    except ValueError:
        teid = -1
    if not 0 <= teid <= 0xFFFFFFFF:
        raise ConfigError(f"--after takes a TEID, such as 0x0000002a, not {text!r}")
    return teid


def _session(arguments: argparse.Namespace) -> int:
    tbcd_of_imsi(arguments.imsi)  # what is no IMSI is refused before anybody is asked
    found = subscriber.find(_records(arguments), arguments.imsi)
    if arguments.json:
        print(json.dumps(found, indent=2))
    else:
        for line in described(found):
            print(line)
    return 0


def _peers(arguments: argparse.Namespace) -> int:
    found = peers.find(_records(arguments))
    print(json.dumps(found, indent=2) if arguments.json else peers.text(found))
    return 0


def _counters(arguments: argparse.Namespace) -> int:
    values = ask(arguments.control, {"command": "counters"}, counters=dict)["counters"]
    outside = ask(arguments.control, {"command": "ports"}, ports=dict, engine=dict)
    groups = counters.grouped(values, outside["ports"], outside["engine"])
    print(json.dumps(groups, indent=2) if arguments.json else counters.text(groups))
    return 0
