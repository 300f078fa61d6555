"""`portvnf inspect`, `portvnf keygen` and `portvnf sign`: what an ISV does before shipping."""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any

from portvnf import llvm
from portvnf.artifact import trust
from portvnf.artifact.artifact import Artifact, verify
from portvnf.errors import ConfigError

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")


def register(commands: Any) -> None:
    """Adds the commands to the parser."""
    inspect = commands.add_parser("inspect", help="what an artifact is, needs and offers")
    inspect.add_argument("file", type=Path)
    trust.add_option(inspect)
    inspect.add_argument("--json", action="store_true")
    inspect.set_defaults(run=run_inspect)

    keygen = commands.add_parser("keygen", help="make a key pair to sign artifacts with")
    keygen.add_argument("folder", type=Path)
    keygen.add_argument("name")
    keygen.set_defaults(run=run_keygen)

    sign = commands.add_parser("sign", help="sign an artifact: writes FILE.sig")
    sign.add_argument("file", type=Path)
    sign.add_argument("--key", type=Path, required=True, help="the private key, NAME.key")
    sign.set_defaults(run=run_sign)


def run_keygen(arguments: argparse.Namespace) -> int:
    """Prints the new key's id."""
    if not _NAME.fullmatch(arguments.name):
        raise ConfigError(
            f"{arguments.name!r} cannot be a key's name: letters, digits, '.', '-' and '_' can"
        )
    print(trust.generate(arguments.folder, arguments.name))
    return 0


def run_sign(arguments: argparse.Namespace) -> int:
    """Signs a sound artifact only: an unsound one is refused here, not at the customer's."""
    Artifact.read(arguments.file)
    print(trust.sign(arguments.file, arguments.key))
    return 0


def run_inspect(arguments: argparse.Namespace) -> int:
    """Prints everything that can be known without running it."""
    keys = trust.chosen_keys(arguments.trust)
    facts = describe(Artifact.read(arguments.file, keys), keys is not None)
    if arguments.json:
        print(json.dumps(facts, indent=2))
        return 0
    width = max(len(key) for key in facts)
    for key, value in facts.items():
        shown = ", ".join(value) if isinstance(value, list) else value
        print(f"{key:{width}}  {shown}")
    return 0


def describe(artifact: Artifact, trusted: bool) -> dict[str, Any]:
    """Facts by name, in the order in which a reader wants them."""
    manifest = artifact.manifest
    module = llvm.parse(artifact.bitcode, str(artifact.path))
    functions = [f for f in module.functions if not f.name.startswith("llvm.")]
    defined = [f for f in functions if not f.is_declaration]
    violations = verify(artifact)
    return {
        "file": str(artifact.path),
        "size": f"{len(artifact.bitcode)} bytes",
        "sha256": artifact.sha256,
        "vnf": f"{manifest.name} {manifest.version}",
        "host ABI": manifest.abi,
        "state schema": f"{manifest.schema.name} version {manifest.schema.version}, "
        f"{manifest.schema.sha256}",
        "producer": manifest.producer,
        "sources": manifest.source_sha256,
        "functions": len(defined),
        "exports": sorted(f.name for f in defined if f.linkage.name == "external"),
        "imports": sorted(f.name for f in functions if f.is_declaration),
        "counters": len(manifest.counters),
        "verdict": "fit to run" if not violations else f"refused: {violations[0]}",
        "signature": _signature(artifact.path, trusted),
    }


def _signature(path: Path, trusted: bool) -> str:
    found = trust.read_signature(path)
    if found is None:
        return "none"
    verdict = "trusted" if trusted else "not checked: no --trust"
    return f"by key {found.key_id} ({verdict})"
