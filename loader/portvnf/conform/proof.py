"""One run of `portvnf conform`, from the traces to the reports."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from portvnf import locate, output
from portvnf.artifact import Artifact
from portvnf.conform import cells, page, report, traces
from portvnf.conform.engines import Subject
from portvnf.conform.explain import explain
from portvnf.conform.matrix import run_matrix
from portvnf.conform.traces import NamedTrace
from portvnf.errors import ConfigError
from portvnf.select import load

_QUICK_PACKETS, _ALL_PACKETS = 4000, 200_000
_EACH = {_QUICK_PACKETS: 1000, _ALL_PACKETS: 25_000}
_DIFFERENT = 1


def run(arguments: argparse.Namespace) -> int:
    """Prints the matrix and writes what was asked for; the exit status."""
    for option, path in (("--report", arguments.report), ("--html", arguments.html)):
        if path is not None:
            output.check_file(option, path)
    output.check_folder("--reproducers", arguments.reproducers)
    chosen = cells.everything() if arguments.all else cells.quick()
    if arguments.cell:
        chosen = cells.matching(cells.everything(), arguments.cell)
    packets = _ALL_PACKETS if arguments.all else _QUICK_PACKETS
    each = _EACH[packets]
    if arguments.packets is not None:
        if arguments.packets < 0:
            raise ConfigError(f"{arguments.packets} packets cannot be generated")
        packets = arguments.packets
    artifact = arguments.artifact or locate.artifact()
    subject = Subject(artifact)
    sha256 = Artifact.read(artifact).sha256
    with tempfile.TemporaryDirectory(prefix="portvnf-traces-") as folder:
        listed = _traces(arguments, artifact, packets, each, Path(folder))
        matrix = run_matrix(subject, chosen, listed, _note)
        explanations = explain(matrix, subject, arguments.reproducers, progress=_note)
    missing = matrix.missing(chosen)
    ok = matrix.ok and not missing
    for line in report.text(matrix, explanations):
        print(line)
    if arguments.report:
        facts = report.to_json(matrix, explanations, sha256, ok)
        report.write_json(arguments.report, facts)
    if arguments.html:
        report.write(arguments.html, page.page(matrix, explanations, sha256, ok))
    return 0 if ok else _DIFFERENT


def _traces(
    arguments: argparse.Namespace, artifact: Path, packets: int, each: int, folder: Path
) -> list[NamedTrace]:
    recorded = arguments.traces or traces.recorded_folder()
    listed = list(traces.recorded(recorded)) if recorded else []
    if packets:
        vnf = load(artifact, "auto").vnf
        listed += traces.generated(vnf, packets, arguments.seed, each, folder, _note)
    if not listed:
        raise ConfigError("there is nothing to replay: no recorded trace and --packets 0")
    return listed


def _note(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
