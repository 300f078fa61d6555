"""`portvnf lab`: the ETSI scenario, and those of users, in namespaces of their own."""

from __future__ import annotations

import argparse
import platform
import sys
from pathlib import Path
from typing import Any

from portvnf import output
from portvnf.errors import ConfigError

_LEAST_S, _MOST_S = 10, 3600


def register(commands: Any) -> None:
    """Adds the command to the parser."""
    lab = commands.add_parser("lab", help="the lab: blades, peers and wires of its own")
    actions = lab.add_subparsers(dest="action", required=True)
    demo = actions.add_parser(
        "demo", help="stream a video through the vEPC while it moves between ISAs"
    )
    demo.add_argument("--report", type=Path, default=Path("demo-report.json"), metavar="FILE")
    demo.add_argument("--picture", type=Path, default=Path("demo-report.png"), metavar="FILE")
    demo.add_argument(
        "--duration", type=int, default=30, metavar="N", help="seconds of video (default 30)"
    )
    demo.add_argument(
        "--ues", type=int, default=1000, metavar="N", help="UEs with light traffic (default 1000)"
    )
    demo.add_argument(
        "--isa", default="mips64el", help="ISA of the second blade (default mips64el)"
    )
    demo.set_defaults(run=run_demo)
    scenario = actions.add_parser(
        "run", help="run a scenario: a file of Python that finds a `lab` ready"
    )
    scenario.add_argument("file", type=Path, metavar="FILE")
    scenario.add_argument("--isa", default=platform.machine(), help="ISA of blade b")
    scenario.add_argument(
        "--engine", choices=("jit", "native"), default="jit", help="engine of blade b"
    )
    scenario.add_argument(
        "--chained", action="store_true", help="an S-GW (a, b) and a P-GW (c, d) instead of both"
    )
    scenario.add_argument(
        "--captures", type=Path, metavar="DIR", help="keep a capture of each wire there"
    )
    scenario.set_defaults(run=run_scenario)


def run_demo(chosen: argparse.Namespace) -> int:
    """Runs the demonstration; status 0 only when every expectation holds."""
    if not _LEAST_S <= chosen.duration <= _MOST_S:
        raise ConfigError(f"--duration {chosen.duration} is not within {_LEAST_S} to {_MOST_S} s")
    if not 1 <= chosen.ues <= 20000:
        raise ConfigError(f"--ues {chosen.ues} is not within 1 to 20000")
    for name in ("report", "picture"):
        output.check_file(f"--{name}", getattr(chosen, name))
    # Only this command needs the lab's packages, which other hosts do not have.
    from portvnf.lab import demo, require, sandbox

    options = demo.Options(
        report=chosen.report.absolute(),
        picture=chosen.picture.absolute(),
        seconds=chosen.duration,
        ues=chosen.ues,
        isa=chosen.isa,
    )
    if not sandbox.is_inside():
        require.everything(chosen.isa)
    sandbox.enter(["-m", "portvnf.cli", *sys.argv[1:]])
    return demo.run(options)


def run_scenario(chosen: argparse.Namespace) -> int:
    """Runs a user's file; status 1 when what it expects does not happen."""
    for path, kind, there in (
        (chosen.file, "file", chosen.file.is_file()),
        (chosen.captures, "folder", chosen.captures is None or chosen.captures.is_dir()),
    ):
        if not there:
            raise ConfigError(f"{path} is no {kind}")
    from portvnf.lab import require, sandbox
    from portvnf.lab.scenario import play

    if not sandbox.is_inside():
        require.scenario(chosen.isa, captures=chosen.captures is not None)
    sandbox.enter(["-m", "portvnf.cli", *sys.argv[1:]])
    return play.run(
        play.Options(chosen.file, chosen.isa, chosen.engine, chosen.chained, chosen.captures)
    )
