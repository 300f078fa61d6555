"""Every command explains itself."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import pytest

from portvnf import cli
from tests.command import portvnf


def commands(parser: argparse.ArgumentParser, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Every command and subcommand."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, inner in action.choices.items():
                yield (*path, name)
                yield from commands(inner, (*path, name))


ALL = list(commands(cli.parser(), ()))


@pytest.mark.parametrize("command", ALL, ids=" ".join)
def test_help(command: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main([*command, "--help"])
    assert caught.value.code == 0
    shown = capsys.readouterr()
    assert shown.out.startswith(f"usage: portvnf {command[0]}") and shown.err == ""


@pytest.mark.parametrize("command", ALL, ids=" ".join)
def test_unknown_option(command: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main([*command, "--no-such-option"])
    assert caught.value.code == 2
    shown = capsys.readouterr()
    assert shown.out == "" and shown.err.startswith("usage: portvnf")


def test_without_arguments() -> None:
    done = portvnf()
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith("usage: portvnf") and "required: command" in done.stderr


def test_version() -> None:
    done = portvnf("--version")
    assert done.returncode == 0 and done.stdout.startswith("portvnf ")
