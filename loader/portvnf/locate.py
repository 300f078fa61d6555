"""Where the pieces that the build makes are found.

In this order: the folder named by $PORTVNF_BUILD, the `build` folder of the checkout that
this package lies in, the `lib` folder of the installed package. The first of them that
exists is the only one that is looked in, so that pieces of two builds never mix.
"""

from __future__ import annotations

import os
from pathlib import Path

from portvnf.errors import MissingPieceError

ARTIFACT = "vepc.bc"
NATIVE_VNF = "vepc-native.so"
HOST_LIBRARY = "libportvnf_host.so"
HOST_PROGRAM = "portvnf-host"
LOAD_PROGRAM = "portvnf-load"

_PACKAGE = Path(__file__).resolve().parent


def checkout() -> Path | None:
    """The source tree that this package is run from, or None when it is installed."""
    root = _PACKAGE.parent.parent
    return root if (root / "meson.build").is_file() else None


def pieces() -> Path:
    """The one folder that the build's results are taken from."""
    named = os.environ.get("PORTVNF_BUILD")
    if named:
        return Path(named)
    root = checkout()
    return root / "build" if root else _PACKAGE / "lib"


def artifact() -> Path:
    """The vEPC's bitcode, the same file for every host; $PORTVNF_ARTIFACT may name it."""
    named = os.environ.get("PORTVNF_ARTIFACT")
    if named:
        if not Path(named).is_file():
            raise MissingPieceError(f"PORTVNF_ARTIFACT names {named}, which is not there")
        return Path(named)
    return _piece(ARTIFACT)


def native_vnf() -> Path:
    """The vEPC built by GCC for this host's ISA."""
    return _piece(NATIVE_VNF)


def host_library() -> Path:
    """The packet engine, a shared library of this host's ISA."""
    return _piece(HOST_LIBRARY)


def host_program() -> Path:
    """The stand-alone host, a program of this host's ISA."""
    return _piece(HOST_PROGRAM)


def load_program() -> Path:
    """The load generator of the benchmarks, a program of this host's ISA."""
    return _piece(LOAD_PROGRAM)


def headers() -> Path:
    """The folder that holds `portvnf/vnf.h` and the other headers of the host ABI."""
    root = checkout()
    folder = root / "portable_rt" / "include" if root else _PACKAGE / "include"
    if not (folder / "portvnf" / "vnf.h").is_file():
        raise MissingPieceError(f"the headers of the host ABI are not in {folder}")
    return folder


def _piece(name: str) -> Path:
    folder = pieces()
    found = in_build(folder, name)
    if found:
        return found
    hint = "run script/setup" if checkout() else "reinstall the package"
    raise MissingPieceError(f"{name} is not in {folder}: {hint} or set PORTVNF_BUILD")


def in_build(folder: Path, name: str) -> Path | None:
    """A piece in a folder that meson built or that an installation filled; None without it."""
    # meson makes the host's library and programs in the sub-folders that mirror their sources.
    parts = (Path(), *(Path("portable_rt") / part for part in ("host", "native_host", "load")))
    found = (folder / part / name for part in parts)
    return next((path for path in found if path.is_file()), None)
