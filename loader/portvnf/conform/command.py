"""`portvnf conform`: the proof that every engine and ISA behaves alike."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def register(commands: Any) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser(
        "conform", help="replay traces on every engine and ISA and compare every byte"
    )
    parser.add_argument("--artifact", type=Path, help="default: the build's vepc.bc")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="a few thousand packets (default)")
    size.add_argument("--all", action="store_true", help="all levels, 200,000 packets a cell")
    parser.add_argument("--packets", type=int, help="generated packets for each cell")
    parser.add_argument("--seed", type=int, default=1, help="of the first generated trace")
    parser.add_argument("--traces", type=Path, help="a folder of recorded traces")
    parser.add_argument(
        "--cell", action="append", metavar="PATTERN", help="such as 'mips64*/gcc/O3'; repeatable"
    )
    parser.add_argument("--report", type=Path, metavar="JSON")
    parser.add_argument("--html", type=Path)
    parser.add_argument(
        "--reproducers", type=Path, default=Path(), help="folder for minimal traces (default: .)"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """0 only when every required cell of those chosen ran and agrees."""
    # Much is needed for this command alone: the others start sooner without it.
    from portvnf.conform import proof

    return proof.run(arguments)
