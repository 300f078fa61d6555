"""What the engine's tests share: a compiled VNF double and engines around it."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import portvnf
from portvnf import locate
from portvnf.engine import Engine

HERE = Path(__file__).parent
HOST_SOURCES = sorted((HERE.parents[1] / "portable_rt" / "host").glob("*.c"))
C_FLAGS = ["-std=c11", "-D_GNU_SOURCE", "-O2", "-g", "-Wall", "-Wextra", "-Werror", "-pthread"]
SWAP, REFLECT, SPARE, DROP, FAULTY = range(5)


class DoubleArena(ctypes.Structure):
    """struct double_arena of double_vnf.h."""

    _fields_ = tuple(
        (name, ctypes.c_uint64)
        for name in (
            "behaviour",
            "delay_ns",
            "calls",
            "idle_calls",
            "packets",
            "runs",
            "inside",
            "overlaps",
            "last_now_ns",
            "backward",
        )
    )


class Double:
    """The VNF double, loaded, and one arena of it."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self.arena = DoubleArena(delay_ns=10_000_000)
        self.burst = _address(library.vnf_burst)
        self.count = _address(library.double_count)

    def engine(self, hold_limit: int = 1000) -> Engine:
        return Engine(self.burst, ctypes.addressof(self.arena), hold_limit)


def _address(function: object) -> int:
    address = ctypes.cast(function, ctypes.c_void_p).value  # type: ignore[arg-type]
    assert address
    return address


def build_double(folder: Path) -> Path:
    library = folder / "double_vnf.so"
    command = ["gcc", *C_FLAGS, "-fPIC", "-shared", f"-I{locate.headers()}"]
    subprocess.run([*command, str(HERE / "double_vnf.c"), "-o", str(library)], check=True)
    return library


@pytest.fixture(scope="session")
def double_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_double(tmp_path_factory.mktemp("double"))


@pytest.fixture
def double(double_library: Path) -> Double:
    return Double(ctypes.CDLL(str(double_library)))


@pytest.fixture
def engine(double: Double) -> Iterator[Engine]:
    """An engine with two mem ports, between which the double swaps packets."""
    with double.engine() as engine:
        engine.add_port(0, "mem", "slots=16384")
        engine.add_port(1, "mem", "slots=16384")
        yield engine


def pop_all(engine: Engine, port: int) -> list[bytes]:
    return list(iter(lambda: engine.mem_pop(port), None))


def numbered(first: int, last: int, prefix: bytes = b"packet") -> list[bytes]:
    return [prefix + number.to_bytes(4, "big") for number in range(first, last)]


@pytest.fixture
def in_namespace() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a command in network and user namespaces of its own."""
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("there is no unshare program (Debian package util-linux)")
    prefix = [unshare, "--user", "--map-root-user", "--net"]
    probe = subprocess.run([*prefix, "test", "-c", "/dev/net/tun"], capture_output=True, text=True)
    if probe.returncode != 0:
        pytest.skip(
            "user namespaces or /dev/net/tun are not allowed here "
            f"(sysctl kernel.unprivileged_userns_clone=1 lifts it): {probe.stderr.strip()}"
        )

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(Path(portvnf.__file__).parents[1])}
        return subprocess.run(
            [*prefix, *command], env=environment, capture_output=True, text=True, timeout=60
        )

    return run
