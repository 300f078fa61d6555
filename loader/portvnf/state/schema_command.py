"""`portvnf schema describe|compare`: state schemas, and what changed between two of them.

A schema is named as NAME@VERSION or NAME (the newest), or by a file: a description that
`schema describe` wrote, or an image or artifact, which carries its schema's digest.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any

from portvnf.artifact.label import read_label
from portvnf.errors import ConfigError, StateError
from portvnf.state import description, image, versions
from portvnf.state.compatibility import compare, verdict
from portvnf.state.description import Description
from portvnf.state.schema import Schema, load_schema

EXIT_DOES_NOT_LOAD = 1
_NAME = re.compile(r"([a-z][a-z0-9_]*)(?:@(\d{1,9}))?")
_HELP = "NAME@VERSION, NAME, a description's file, an image or an artifact"


def register(commands: Any) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser("schema", help="describe and compare state schemas")
    actions = parser.add_subparsers(dest="action", required=True)

    show = actions.add_parser("describe", help="print all that decides a schema's encoding")
    show.add_argument("schema", help=_HELP)
    show.add_argument("--output", type=Path, help="write it to a file, to compare with later")
    show.set_defaults(run=_describe)

    compared = actions.add_parser(
        "compare", help="what changed, and whether images load; status 1 if OLD's do not in NEW"
    )
    compared.add_argument("old", help=_HELP)
    compared.add_argument("new", help=_HELP)
    compared.add_argument("--json", action="store_true", help="one JSON object")
    compared.set_defaults(run=_compare)


def _describe(arguments: argparse.Namespace) -> int:
    text = _text_of(arguments.schema)
    if arguments.output is None:
        print(text)
        return 0
    try:
        arguments.output.write_text(text + "\n", encoding="ascii")
    except OSError as error:
        reason = error.strerror or str(error)
        raise StateError(f"cannot write {arguments.output}: {reason}") from None
    return 0


def _compare(arguments: argparse.Namespace) -> int:
    old, new = (_description(name) for name in (arguments.old, arguments.new))
    findings = compare(old, new)
    there, back = verdict(old, new), verdict(new, old)
    if arguments.json:
        report = {
            "old": {"name": old.name, "version": old.version, "sha256": old.sha256},
            "new": {"name": new.name, "version": new.version, "sha256": new.sha256},
            "findings": [
                {"kind": f.kind.value, "where": f.where, "change": f.change.value, "text": f.text}
                for f in findings
            ],
            "old_loads_in_new": {"loads": there.loads, "reason": there.reason},
            "new_loads_in_old": {"loads": back.loads, "reason": back.reason},
        }
        print(json.dumps(report, indent=2))
    else:
        for finding in findings:
            print(finding)
        print(f"{len(findings)} differences" if findings else "no differences")
        print(f"an image of {old.title} loads in {new.title}: {there}")
        print(f"an image of {new.title} loads in {old.title}: {back}")
    return 0 if there.loads else EXIT_DOES_NOT_LOAD


def _description(name: str) -> Description:
    return description.parse(_text_of(name), name)


def _text_of(name: str) -> str:
    """The description of the schema that is named, or that a file is of."""
    found = _NAME.fullmatch(name)
    if found and not Path(name).exists():
        wanted = found[2]
        schema = load_schema(found[1])
        return (versions.load_version(found[1], int(wanted)) if wanted else schema).describe()
    data = image.read_bytes(Path(name))
    if data.startswith(b"schema "):
        text = data.decode("ascii", "replace").removesuffix("\n")
        description.parse(text, name)
        return text
    if data.startswith(image.MAGIC):
        return _known(image.stated_schema(data, name).sha256, name).describe()
    return _known(read_label(Path(name)).manifest.schema.sha256, name).describe()


def _known(sha256: str, name: str) -> Schema:
    schema = versions.of_digest(sha256)
    if schema is None:
        raise ConfigError(f"{name} is of the state schema {sha256[:12]}, which is not known here")
    return schema
