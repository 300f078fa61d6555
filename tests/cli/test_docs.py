"""docs/cli.md names every command, option and environment variable, and no others."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

from portvnf import cli
from portvnf.agent import control

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "cli.md").read_text()
COMMANDS = PAGE.split("\n## ")[0]


def leaves(
    parser: argparse.ArgumentParser, path: tuple[str, ...] = ()
) -> Iterator[tuple[str, set[str]]]:
    """Every command that does something, with its options."""
    inner = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    for action in inner:
        for name, sub in action.choices.items():
            yield from leaves(sub, (*path, name))
    if not inner:
        options = {word for action in parser._actions for word in action.option_strings}
        yield " ".join(path), options - {"-h", "--help"}


def documented() -> dict[str, set[str]]:
    """The same by the page's table."""
    known = [name for name, _ in leaves(cli.parser())]
    found: dict[str, set[str]] = {}
    for line in COMMANDS.splitlines():
        cell = re.split(r"(?<!\\)\|", line)[1] if line.startswith("| `portvnf ") else ""
        for usage in re.findall(r"`portvnf ([^`]+)`", cell):
            (name,) = [k for k in known if re.match(rf"{k}( |$)", usage)] or [usage]
            options = set(re.findall(r"(?<![\w-])--?[a-zA-Z][\w-]*", cell))
            found[name] = found.get(name, set()) | options
    return found


def test_the_page_and_the_parser_name_the_same_commands_and_options() -> None:
    assert documented() == dict(leaves(cli.parser()))


def test_the_page_lists_every_environment_variable() -> None:
    used: set[str] = set()
    for path in (ROOT / "loader" / "portvnf").rglob("*.py"):
        used |= set(re.findall(r"PORTVNF_[A-Z_]+", path.read_text()))
    used.remove("PORTVNF_LAB_SANDBOX")  # what the lab tells its own second process
    section = PAGE.split("\n## Environment\n")[1].split("\n## ")[0]
    assert set(re.findall(r"^\| `(PORTVNF_[A-Z_]+)`", section, re.MULTILINE)) == used


def test_the_page_lists_every_command_of_the_control_socket() -> None:
    section = PAGE.split("\n## Control socket\n")[1].split("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == set(control.COMMANDS)
