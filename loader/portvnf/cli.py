"""The command `portvnf`.

Each subcommand lives in a module that has one function, register(commands), which adds its
parser and sets `run` to a function from the parsed arguments to the exit status. A module
joins by its line in COMMANDS.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

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
    chosen = parser().parse_args(arguments)
    try:
        status = int(chosen.run(chosen))
        sys.stdout.flush()
        return status
    except PortvnfError as error:
        print(f"portvnf: {error}", file=sys.stderr)
        return EXIT_ERROR
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader has gone; keep the interpreter from flushing into the pipe at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_ERROR


if __name__ == "__main__":
    sys.exit(main())
