"""`portvnf verify FILE`: is this file an artifact that may run here?"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from typing import Any

from portvnf.artifact import trust
from portvnf.artifact.artifact import Artifact, verify
from portvnf.errors import ArtifactError


def register(commands: Any) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser("verify", help="check an artifact against every rule")
    parser.add_argument("file", help="the artifact, such as vepc.bc")
    parser.add_argument("--manifest", action="store_true", help="print its manifest as JSON too")
    trust.add_option(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Prints every violation on stderr; status 0 when there is none."""
    artifact = Artifact.read(arguments.file, trust.chosen_keys(arguments.trust))
    violations = verify(artifact)
    for violation in violations:
        print(f"{arguments.file}: {violation}", file=sys.stderr)
    if violations:
        count = f"{len(violations)} violation{'s' if len(violations) > 1 else ''}"
        raise ArtifactError(f"{arguments.file} is refused: {count} of the verifier's rules")
    manifest = artifact.manifest
    print(
        f"{arguments.file}: {manifest.name} {manifest.version}, host ABI {manifest.abi}, fit to run"
    )
    print(f"sha256 {artifact.sha256}")
    if arguments.manifest:
        print(json.dumps(asdict(manifest), indent=2))
    return 0
