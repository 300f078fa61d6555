"""What the demonstration needs of this machine, checked before anything is started."""

from __future__ import annotations

import importlib.util
import platform
from pathlib import Path

from portvnf import locate, roots
from portvnf.errors import HostError, MissingPieceError
from portvnf.lab import sandbox

_PROGRAMS = {"ffmpeg": "ffmpeg"}
_MODULES = ("pycrate_mobile", "matplotlib", "llvmlite", "cryptography")


def everything(isa: str) -> None:
    """Raises an error that names the first thing that is missing."""
    sandbox.require_programs({**_PROGRAMS, **sandbox.PROGRAMS})
    for module in _MODULES:
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
