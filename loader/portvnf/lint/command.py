"""`portvnf lint PATH...`: do these sources mean the same on every ISA?"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from portvnf.lint.lint import lint
from portvnf.lint.rules import RULES

EXIT_FINDINGS = 1


def register(commands: Any) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser("lint", help="find what a VNF's C sources may not contain")
    parser.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="C files or folders")
    parser.add_argument(
        "-I", dest="includes", action="append", default=[], type=Path, metavar="DIR",
        help="where generated headers lie; they are read but not judged",
    )  # fmt: skip
    parser.add_argument("--clang", default="clang-14", help="the compiler (%(default)s)")
    parser.add_argument("--list", action="store_true", help="print the rules and end")
    parser.set_defaults(run=run, usage=parser.error)


def run(arguments: argparse.Namespace) -> int:
    """Prints file:line:column: rule: sentence for each finding; status 1 when there is one."""
    if arguments.list:
        for rule in RULES:
            print(f"{rule.name}: {rule.what}\n    {rule.why}")
        return 0
    if not arguments.paths:
        arguments.usage("name at least one PATH, or --list")
    findings = lint(arguments.paths, arguments.includes, arguments.clang)
    for finding in findings:
        print(finding)
    return EXIT_FINDINGS if findings else 0
