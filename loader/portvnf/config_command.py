"""`portvnf config encode`: the canonical configuration, for hosts without Python."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from portvnf import config
from portvnf.errors import ConfigError


def register(commands: Any) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser("config", help="check and encode a VNF's configuration")
    actions = parser.add_subparsers(dest="action", required=True)
    encode = actions.add_parser("encode", help="check a TOML file and write its canonical form")
    encode.add_argument("file", type=Path, help="such as vepc.toml")
    encode.add_argument("-o", "--output", type=Path, required=True, help="such as vepc.cfg")
    encode.set_defaults(run=_encode)


def _encode(arguments: argparse.Namespace) -> int:
    found = config.load(arguments.file)
    try:
        arguments.output.write_bytes(found.encoded)
    except OSError as error:
        raise ConfigError(f"cannot write {arguments.output}: {error.strerror}") from None
    print(f"{arguments.output}: {len(found.encoded)} bytes, sha256 {found.sha256}")
    return 0
