"""`portvnf bearer add|change|remove`: an operator's orders about dedicated bearers."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from portvnf import bearer_order
from portvnf.agent.command import ask

_NUMBERS = (
    ("qci", "QoS class identifier"),
    ("priority", "priority level of the ARP, 1 (first) to 15"),
    ("gbr-uplink", "guaranteed bit rate, kbit/s"),
    ("gbr-downlink", "guaranteed bit rate, kbit/s"),
    ("mbr-uplink", "maximum bit rate, kbit/s"),
    ("mbr-downlink", "maximum bit rate, kbit/s"),
)
_SWITCHES = ("preemption-capability", "preemption-vulnerability")


def register(commands: Any) -> None:
    """Adds the command to the parser."""
    bearer = commands.add_parser("bearer", help="make, change or end a UE's dedicated bearer")
    actions = bearer.add_subparsers(title="actions", dest="action", required=True)
    texts = {
        "add": "give a PDN connection a dedicated bearer",
        "change": "change a dedicated bearer's quality of service, or also its filters",
        "remove": "end a dedicated bearer; named by the default bearer's EBI, the PDN connection",
    }
    for action, text in texts.items():
        parser = actions.add_parser(action, help=text)
        parser.add_argument("control", type=Path, help="the agent's control socket")
        parser.add_argument("--imsi", required=True, help="the UE's IMSI")
        parser.add_argument("--apn", required=True, help="the PDN connection's APN")
        parser.add_argument("--rule", help="the bearer's name, as that of a [[rule]]")
        if action != "add":
            parser.add_argument("--ebi", type=int, help="or its EPS Bearer ID, 5 to 15")
        if action != "remove":
            _add_quality(parser)
        parser.set_defaults(run=_run)


def _add_quality(parser: argparse.ArgumentParser) -> None:
    for name, text in _NUMBERS:
        parser.add_argument(f"--{name}", type=int, help=text)
    for name in _SWITCHES:
        parser.add_argument(f"--{name}", action=argparse.BooleanOptionalAction, default=None)
    parser.add_argument(
        "--filter", action="append", dest="filters", metavar="WORDS", help="a packet filter"
    )


def _run(arguments: argparse.Namespace) -> int:
    names = ["imsi", "apn", "rule", "ebi", "filters"]
    names += [name.replace("-", "_") for name, _ in _NUMBERS]
    names += [name.replace("-", "_") for name in _SWITCHES]
    values = {name: getattr(arguments, name, None) for name in names}
    values = {name: value for name, value in values.items() if value is not None}
    bearer_order.order(arguments.action, values)  # a mistake needs no agent to be found
    ask(arguments.control, {"command": "bearer", "action": arguments.action, "order": values})
    return 0
