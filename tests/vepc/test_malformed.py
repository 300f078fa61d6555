"""Every truncation and every single-bit flip of each message and each record.

Each packet is answered, forwarded or dropped with its reason; what was refused changed
nothing but what sending an answer consumes (malformed.without_consumed). Each damaged record
is refused, or is one that an export gives back byte for byte, paths that it lacks apart.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from portvnf import locate
from portvnf.artifact import Artifact
from portvnf.state.codegen import Generator
from portvnf.state.vepc import PATH, SCHEMA, USAGE

from .gateway import SECTIONS, Gateway, configuration, load
from .malformed import Examiner, flips, messages, take, truncations
from .remote import ROOT

USAGE_SECTION = SCHEMA.section("usage").number
PATH_SECTION = SCHEMA.section("path").number


@pytest.fixture(scope="module")
def examiner() -> Examiner:
    native = Gateway(load("native"), configuration("vepc"), fill=0xFF)
    return Examiner(native, Gateway(load("jit"), configuration("vepc")))


NOT_HELD = ("filter",)
# Sections that the population of these tests has records of.
HELD = [n for n in SECTIONS if SCHEMA.section(n).name not in NOT_HELD]


@pytest.mark.parametrize("name", messages())
def test_packets(examiner: Examiner, name: str) -> None:
    outcomes = examiner.everything(name)
    assert len(outcomes) > 3 and sum(outcomes.values()) > 200


@pytest.mark.parametrize("section", HELD, ids=lambda number: SCHEMA.section(number).name)
def test_records(examiner: Examiner, section: int) -> None:
    state = examiner.before
    assert take(examiner.empty, examiner.empty_memory, state) == state
    refused = 0
    for data in (*truncations(state[section]), *flips(state[section])):
        given = {**state, section: data}
        exported = take(examiner.empty, examiner.empty_memory, given)
        if exported is None:
            refused += 1
        elif section == USAGE_SECTION:
            # A bearer without usage has none so far: its record comes back with zeros.
            assert {**exported, section: without_idle(exported[section])} == {
                **given,
                section: without_idle(data),
            }
        else:
            assert {**exported, PATH_SECTION: b""} == {**given, PATH_SECTION: b""}
            assert_paths_mended(given[PATH_SECTION], exported[PATH_SECTION])
    assert refused > 0


def assert_paths_mended(given: bytes, exported: bytes) -> None:
    """An import adds paths that are in use and not there, and begins the Echo Requests of those
    in use for which none is due. Nothing else may differ."""
    ours = {(path.peer, path.plane): path for path in paths(exported)}
    for path in paths(given):
        mended = ours[path.peer, path.plane]
        if path.echo_remaining_ms == 0:
            mended.echo_remaining_ms = 0
        assert PATH.build(mended) == PATH.build(path)


def paths(data: bytes) -> Iterator[Any]:
    """The path records of a section."""
    while data:
        record = PATH.parse(data)
        yield record
        data = data[len(PATH.build(record)) :]


def without_idle(usage: bytes) -> bytes:
    """Usage records but those that are zero throughout."""
    size = USAGE.sizeof()
    records = (usage[i : i + size] for i in range(0, len(usage), size))
    return b"".join(record for record in records if any(record[8:]))


def test_repeated_and_swapped_records_are_refused(examiner: Examiner) -> None:
    for section in HELD:
        if SCHEMA.section(section).name == "packet":
            continue  # two packets may be alike, and come in any order
        record, data = SCHEMA.section(section).record, examiner.before[section]
        lengths = []
        while sum(lengths) < len(data):
            rest = data[sum(lengths) :]
            lengths.append(len(record.build(record.parse(rest))))
        first = data[: lengths[0]]
        wrong = [first + data, data + first]
        if len(lengths) > 1 and SCHEMA.section(section).name != "procedure":
            wrong.append(data[lengths[0] : lengths[0] + lengths[1]] + first)
        for bad in wrong:
            given = {**examiner.before, section: bad}
            assert take(examiner.empty, examiner.empty_memory, given) is None, section


def build_with_sanitizers(folder: Path) -> Path:
    """The vEPC by GCC with address and undefined-behaviour sanitizers."""
    generator = Generator(SCHEMA)
    (folder / "vepc_records.h").write_text(generator.header())
    (folder / "vepc_records.c").write_text(generator.source())
    sources = sorted((ROOT / "vnfsrc" / "vepc").glob("*.c"))
    library = folder / "vepc-native.so"
    flags = "-std=c11 -O1 -g -fPIC -shared -fsanitize=address,undefined"
    includes = [f"-I{ROOT / 'vnfsrc' / 'vepc'}", f"-I{locate.headers()}", f"-I{folder}"]
    command = ["gcc", *flags.split(), "-fno-sanitize-recover=all", "-fno-builtin", *includes]
    files = [str(folder / "vepc_records.c"), *map(str, sources)]
    subprocess.run([*command, *files, "-o", str(library)], check=True)
    return library


def test_sanitizers_find_nothing(tmp_path: Path) -> None:
    library = build_with_sanitizers(tmp_path)
    runtime = subprocess.run(
        ["gcc", "-print-file-name=libasan.so"], capture_output=True, text=True, check=True
    ).stdout.strip()
    environment = {
        **os.environ,
        "LD_PRELOAD": runtime,
        "ASAN_OPTIONS": "detect_leaks=0",
        "PORTVNF_ARTIFACT": str(Artifact.read(locate.artifact()).path),
    }
    argv = [sys.executable, "-m", "tests.vepc.malformed", str(library)]
    done = subprocess.run(
        argv, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert int(done.stdout) > 20_000
