"""The packet engine on every ISA and under the sanitizers: the same outcome everywhere."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from portvnf import locate

from .conftest import C_FLAGS, HERE, HOST_SOURCES
from .test_capture import capture, ipv4, packets_of

OUTCOME = [HERE / "outcome.c", HERE / "double_vnf.c"]
REPLAY = [ipv4(number, number) for number in range(1, 100)]

EXPECTED = """\
there is no packet driver named "nosuch"
runs 800
overlaps 0
backward 0
unaccounted 0
"""


def build(folder: Path, compiler: list[str], sources: list[Path]) -> Path:
    """Builds a program around the packet engine, named as its first source."""
    program = folder / sources[0].stem
    names = [str(source) for source in [*HOST_SOURCES, *sources]]
    command = [*compiler, *C_FLAGS, f"-I{locate.headers()}", *names, "-o", str(program)]
    subprocess.run(command, check=True)
    return program


def run_outcome(folder: Path, compiler: list[str], emulator: list[str]) -> str:
    """Builds the driver program and returns what it printed; checks the files it wrote."""
    folder.mkdir(exist_ok=True)
    program, replay = build(folder, compiler, OUTCOME), folder / "replay.pcap"
    sent, record = folder / "sent.pcap", folder / "record.pcap"
    replay.write_bytes(capture(REPLAY, ">"))
    result = subprocess.run(
        [*emulator, str(program), str(replay), str(sent), str(record)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.returncode == 0, result.stderr
    assert packets_of(sent) == REPLAY
    assert len(packets_of(record)) == 300
    return result.stdout


@pytest.fixture(scope="module")
def native_outcome(tmp_path_factory: pytest.TempPathFactory) -> str:
    return run_outcome(tmp_path_factory.mktemp("native"), ["gcc"], [])


def test_the_outcome_is_as_expected(native_outcome: str) -> None:
    for line in EXPECTED.splitlines():
        assert line in native_outcome


@pytest.mark.parametrize("sanitizers", ["address,undefined", "thread"])
def test_sanitizers_find_nothing(tmp_path: Path, native_outcome: str, sanitizers: str) -> None:
    compiler = ["gcc", f"-fsanitize={sanitizers}", "-fno-sanitize-recover=all"]
    assert run_outcome(tmp_path, compiler, []) == native_outcome


@pytest.mark.parametrize("sanitizers", ["address,undefined", "thread"])
def test_a_recording_ends_while_the_engine_stops(tmp_path: Path, sanitizers: str) -> None:
    compiler = ["gcc", f"-fsanitize={sanitizers}", "-fno-sanitize-recover=all"]
    program = build(tmp_path, compiler, [HERE / "stop_race.c"])
    command = [program, str(tmp_path / "pipe")]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    assert result.stdout == f"closed 0 recorded {24 + 20 * (16 + 1000)}\n"


@pytest.mark.parametrize(
    ("triplet", "emulator"),
    [
        ("mips64el-linux-gnuabi64", "qemu-mips64el-static"),
        ("s390x-linux-gnu", "qemu-s390x-static"),
    ],
)
def test_other_isas_agree(tmp_path: Path, native_outcome: str, triplet: str, emulator: str) -> None:
    for program, package in ((f"{triplet}-gcc", f"gcc-{triplet}"), (emulator, "qemu-user-static")):
        if shutil.which(program) is None:
            pytest.skip(f"there is no {program}: install Debian's package {package}")
    outcome = run_outcome(tmp_path, [f"{triplet}-gcc"], [emulator, "-L", f"/usr/{triplet}"])
    assert outcome == native_outcome
