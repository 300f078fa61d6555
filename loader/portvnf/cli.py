"""The command `portvnf`.

Each subcommand lives in a module that has one function, register(commands), which adds its
parser and sets `run` to a function from the parsed arguments to the exit status. A module
joins by its line in COMMANDS.
"""

from __future__ import annotations

import argparse
import errno
import importlib
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from portvnf import __version__
from portvnf.errors import PortvnfError

COMMANDS = (
    "portvnf.artifact.command",
    "portvnf.lint.command",
    "portvnf.artifact.shipping",
    "portvnf.jit.command",
    "portvnf.state.command",
    "portvnf.state.schema_command",
    "portvnf.agent.command",
    "portvnf.agent.bearer_command",
    "portvnf.insight.command",
    "portvnf.pki",
    "portvnf.lab.command",
    "portvnf.config_command",
    "portvnf.native_build",
    "portvnf.translate.command",
    "portvnf.trace.command",
    "portvnf.bench.command",
    "portvnf.conform.command",
)

EXIT_ERROR = 2
EXIT_INTERRUPTED = 130

# What writing says of a device that takes no more.
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def parser() -> argparse.ArgumentParser:
    """The parser with every subcommand in it."""
    top = argparse.ArgumentParser(
        prog="portvnf",
        description="Runs one network function on any CPU and moves its live sessions.",
    )
    top.add_argument("--version", action="version", version=f"portvnf {__version__}")
    commands = top.add_subparsers(title="commands", dest="command", required=True)
    for module in COMMANDS:
        importlib.import_module(module).register(commands)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; an error the user can mend is one sentence on stderr and status 2."""
    _prepare_streams()
    try:
        chosen = parser().parse_args(arguments)
        status = int(chosen.run(chosen))
        sys.stdout.flush()
        return status
    except PortvnfError as error:
        print(f"portvnf: {error}", file=sys.stderr)
        return EXIT_ERROR
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        _discard_output()  # the reader has gone
        return EXIT_ERROR
    except OSError as error:
        if error.errno not in _FULL or error.filename is not None:
            raise
        _discard_output()
        print(f"portvnf: cannot write the output: {error.strerror}", file=sys.stderr)
        return EXIT_ERROR


def _prepare_streams() -> None:
    """Makes streams that the shell closed, and has all of them take any name."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _discard_output() -> None:
    """Keeps the interpreter from flushing what is left at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
