"""The tun driver and the TUN handle, on real devices in namespaces of their own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from portvnf import locate, roots

from .conftest import C_FLAGS, HERE, HOST_SOURCES

SCENARIOS = ["queue", "echo", "hold", "stall", "overlong", "down", "busy", "handle", "release"]
DOUBLE_SOURCE = HERE / "double_vnf.c"


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_tun(
    in_namespace: Callable[..., subprocess.CompletedProcess[str]],
    double_library: Path,
    scenario: str,
) -> None:
    script = Path(__file__).with_name("tun_scenario.py")
    result = in_namespace(sys.executable, str(script), str(double_library), scenario)
    assert result.returncode == 0, result.stderr


@pytest.fixture(scope="module")
def mips_pieces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the host library and the double, built for mips64el."""
    compiler = "mips64el-linux-gnuabi64-gcc"
    if shutil.which(compiler) is None:
        pytest.skip(f"there is no {compiler}: install Debian's gcc-mips64el-linux-gnuabi64")
    if not roots.is_made("mips64el"):
        pytest.skip("there is no mips64el root: python3 -m portvnf.roots make mips64el")
    folder = tmp_path_factory.mktemp("mips64el")
    command = [compiler, *C_FLAGS, "-fPIC", "-shared", f"-I{locate.headers()}"]
    for name, sources in ((locate.HOST_LIBRARY, HOST_SOURCES), ("double.so", [DOUBLE_SOURCE])):
        output = ["-o", str(folder / name)]
        subprocess.run([*command, *map(str, sources), *output], check=True)
    return folder


# "release" starts a second Python, which QEMU's user mode cannot do by itself.
@pytest.mark.parametrize("scenario", SCENARIOS[:-1])
def test_tun_on_mips64el(
    in_namespace: Callable[..., subprocess.CompletedProcess[str]],
    mips_pieces: Path,
    scenario: str,
) -> None:
    python = roots.command("mips64el", {"PORTVNF_BUILD": str(mips_pieces)})
    script = Path(__file__).with_name("tun_scenario.py")
    result = in_namespace(*python, str(script), str(mips_pieces / "double.so"), scenario)
    assert result.returncode == 0, result.stderr
