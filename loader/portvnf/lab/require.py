"""What the lab needs of this machine, checked before anything is started."""

from __future__ import annotations

import importlib.util
import platform
from pathlib import Path

from portvnf import locate, roots
from portvnf.errors import HostError, MissingPieceError
from portvnf.lab import sandbox

_MODULES = ("pycrate_mobile", "llvmlite", "cryptography")


def everything(isa: str) -> None:
    """For the demonstration: raises an error that names the first thing that is missing."""
    _require({"ffmpeg": "ffmpeg"}, (*_MODULES, "matplotlib"), isa)


def scenario(isa: str, captures: bool) -> None:
    """Likewise for a scenario."""
    programs = {"ping": "iputils-ping"}
    if captures:
        programs |= {"dumpcap": "wireshark-common", "tshark": "tshark"}
    _require(programs, _MODULES, isa)


def _require(programs: dict[str, str], modules: tuple[str, ...], isa: str) -> None:
    sandbox.require_programs({**programs, **sandbox.PROGRAMS})
    for module in modules:
        if importlib.util.find_spec(module) is None:
            raise HostError(
                f"the lab needs the Python package {module}, which is not installed: "
                "run script/setup, or pip install portvnf[lab]"
            )
    locate.artifact()
    locate.host_library()
    if isa != platform.machine():
        roots.command(isa)
        _other_host_library(isa)


def _other_host_library(isa: str) -> None:
    build = (locate.checkout() or Path.cwd()) / "build" / isa
    if not any(build.rglob(locate.HOST_LIBRARY)):
        raise MissingPieceError(
            f"{locate.HOST_LIBRARY} for {isa} is not in {build}: run script/setup"
        )
