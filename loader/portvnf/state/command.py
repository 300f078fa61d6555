"""`portvnf image show|check|diff|export|restore`: images of a VNF's state."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from portvnf import config, locate, select
from portvnf.agent.command import ask
from portvnf.artifact import trust
from portvnf.errors import ConfigError, StateError
from portvnf.instance import Instance
from portvnf.state import image, upgrade
from portvnf.state.difference import differences, flatten, key_of
from portvnf.state.schema import Schema, load_schema

EXIT_DIFFERENT = 1
_VNF = "vepc"


def register(commands: Any) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser("image", help="look at, check, compare and restore images")
    actions = parser.add_subparsers(dest="action", required=True)

    show = actions.add_parser("show", help="print an image's records")
    show.add_argument("file", type=Path)
    show.add_argument("--section", help="only this section")
    show.add_argument("--json", action="store_true", help="one JSON object a record")
    show.set_defaults(run=_show)

    check = actions.add_parser("check", help="check framing and every record of an image")
    check.add_argument("file", type=Path)
    check.set_defaults(run=_check)

    diff = actions.add_parser("diff", help="compare two images; status 1 when they differ")
    diff.add_argument("old", type=Path)
    diff.add_argument("new", type=Path)
    diff.set_defaults(run=_diff)

    newer = actions.add_parser("upgrade", help="write an older image in this host's version")
    newer.add_argument("file", type=Path)
    newer.add_argument("output", type=Path)
    newer.set_defaults(run=_upgrade)

    export = actions.add_parser("export", help="write a running blade's state to an image")
    export.add_argument("control", type=Path, help="the agent's control socket")
    export.add_argument("file", type=Path)
    export.set_defaults(run=_export)

    restore = actions.add_parser(
        "restore", help="bring an image into service on a standby blade, or into a fresh VNF"
    )
    restore.add_argument("file", type=Path)
    restore.add_argument("--control", type=Path, help="the standby blade's control socket")
    restore.add_argument("--vnf-config", type=Path, help="for a fresh VNF: its configuration")
    restore.add_argument("--artifact", type=Path, help="for a fresh VNF (default: the build's)")
    restore.add_argument("--engine", choices=select.ENGINES, default="auto")
    trust.add_option(restore)
    restore.add_argument("--output", type=Path, help="export the fresh VNF's state again")
    restore.set_defaults(run=_restore)


def _read(path: Path, schema: Schema) -> image.Image:
    """An image of this version, or of an earlier one, which is said."""
    loaded = upgrade.read(path, schema)
    if loaded.upgraded:
        print(f"portvnf: {loaded.note(path)}", file=sys.stderr)
    return loaded.image


def _show(arguments: argparse.Namespace) -> int:
    schema = load_schema(_VNF)
    content = _read(arguments.file, schema)
    names = [section.name for section in schema.image_sections]
    if arguments.section and arguments.section not in names:
        raise ConfigError(f"there is no section {arguments.section!r}, only {', '.join(names)}")
    if not arguments.json:
        print(f"schema    {schema.name} version {schema.version}, {schema.sha256()}")
        print(f"artifact  {content.artifact_sha256 or 'none'}")
    for section in schema.image_sections:
        if arguments.section not in (None, section.name):
            continue
        held = content.section(section.name)
        if not arguments.json:
            print(f"\n{section.name}: {held.records} records, {len(held.data)} bytes")
        for record in image.records(content, section.name):
            values = dict(flatten(record))
            if arguments.json:
                print(json.dumps({"section": section.name, **values}))
            else:
                listed = " ".join(f"{name}={value}" for name, value in values.items())
                print(f"  {key_of(section, record)}: {listed}".replace("  :", "  "))
    return 0


def _check(arguments: argparse.Namespace) -> int:
    schema = load_schema(_VNF)
    content = _read(arguments.file, schema)
    total = sum(
        sum(1 for _ in image.records(content, section.name)) for section in schema.image_sections
    )
    print(f"{arguments.file}: sound, {total} records in {len(content.sections)} sections")
    return 0


def _diff(arguments: argparse.Namespace) -> int:
    schema = load_schema(_VNF)
    old, new = (_read(path, schema) for path in (arguments.old, arguments.new))
    found = False
    for line in differences(old, new):
        found = True
        print(line)
    if not found:
        print("no differences")
    return EXIT_DIFFERENT if found else 0


def _upgrade(arguments: argparse.Namespace) -> int:
    schema = load_schema(_VNF)
    content = _read(arguments.file, schema)
    written = image.write(arguments.output, content)
    print(f"{arguments.output}: {written} bytes, {schema.name} version {schema.version}")
    return 0


def _export(arguments: argparse.Namespace) -> int:
    request = {"command": "export", "path": str(arguments.file.absolute())}
    written = ask(arguments.control, request, bytes=int)["bytes"]
    print(f"{arguments.file}: {written} bytes")
    return 0


def _import(instance: Instance, source: image.Image, path: Path) -> None:
    try:
        instance.import_image(source)
    except StateError as error:
        raise StateError(f"{path}: {error}") from None


def _restore(arguments: argparse.Namespace) -> int:
    if arguments.control is not None:
        request = {"command": "restore", "path": str(arguments.file.absolute())}
        answer = ask(arguments.control, request, sessions=int, note=str)
        if answer["note"]:
            print(f"portvnf: {answer['note']}", file=sys.stderr)
        print(f"{answer['sessions']} sessions in service")
        return 0
    if arguments.vnf_config is None:
        raise ConfigError("image restore needs --control SOCKET or --vnf-config FILE")
    configuration = config.load(arguments.vnf_config)
    chosen = select.load(arguments.artifact or locate.artifact(), arguments.engine, arguments.trust)
    if chosen.note:
        print(f"portvnf: {chosen.note}", file=sys.stderr)
    source = _read(arguments.file, chosen.schema)
    instance = Instance(chosen.vnf, chosen.schema, configuration.encoded, (), 1)
    try:
        _import(instance, source, arguments.file)
        sessions = instance.counters(chosen.counters)["sessions"]
        again = instance.export_image(source.artifact_sha256)
    finally:
        instance.close()
    loaded = chosen.loaded
    print(f"{sessions} sessions restored ({loaded.engine}, {loaded.isa})")
    if arguments.output is not None:
        print(f"{arguments.output}: {image.write(arguments.output, again)} bytes")
    return 0
