"""Debian roots of other ISAs, and the commands that run Python in them under QEMU.

A root is an unpacked, unconfigured Debian 12 with Python, llvmlite, cffi, construct and a
linker, of one ISA. Nothing in it is run while it is made and no rights are needed. QEMU's
user mode then runs its programs as ordinary processes of this machine.

From a shell:
    python3 -m portvnf.roots make mips64el s390x
    python3 -m portvnf.roots check mips64el s390x
    python3 -m portvnf.roots run mips64el -- -c "import platform; print(platform.machine())"
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from portvnf import locate
from portvnf.errors import HostError, MissingPieceError, PortvnfError
from portvnf.isas import ISAS, Isa

SUITE = "bookworm"
PACKAGES = (
    "python3-minimal",
    "python3",
    "python3-llvmlite",
    "python3-cffi",
    "python3-construct",
    "python3-cryptography",
    "python3-prometheus-client",
    "binutils",
    "libssl3",
    "ca-certificates",
)


# The dynamic loader's path in a root.
_LOADERS = {
    "mips64el": "lib64/ld.so.1",
    "s390x": "lib/ld64.so.1",
    "aarch64": "lib/ld-linux-aarch64.so.1",
}


def _isa(name: str) -> Isa:
    isa = ISAS.get(name)
    if isa is None or not isa.root:
        known = ", ".join(other.name for other in ISAS.values() if other.root)
        raise HostError(f"no root is known for ISA {name!r}: {known} are")
    return isa


def _program(name: str, package: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise HostError(f"{name} is not installed: install Debian's package {package}")
    return path


def folder() -> Path:
    """Where roots are kept: $PORTVNF_ROOTS, the checkout's .cache/roots or the user's cache."""
    named = os.environ.get("PORTVNF_ROOTS")
    if named:
        return Path(named)
    checkout = locate.checkout()
    if checkout:
        return checkout / ".cache" / "roots"
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "portvnf" / "roots"


def _stamp(isa: str) -> str:
    return hashlib.sha256(repr((isa, SUITE, PACKAGES)).encode()).hexdigest() + "\n"


def is_made(isa: str) -> bool:
    """Whether the root of this ISA exists and is of this version of portvnf."""
    stamp = folder() / isa / "portvnf.stamp"
    return stamp.is_file() and stamp.read_text() == _stamp(isa)


def root(isa: str) -> Path:
    """The root of this ISA; a MissingPieceError when it was not made."""
    _isa(isa)
    if not is_made(isa):
        raise MissingPieceError(
            f"the {isa} root is not in {folder()}: run python3 -m portvnf.roots make {isa}"
        )
    return folder() / isa


def make(isa: str, progress: Callable[[str], None] = lambda line: None) -> Path:
    """Makes the root unless it is there; about 20 s and 300 MB each. Returns its path."""
    about = _isa(isa)
    target = folder() / isa
    if is_made(isa):
        progress(f"root {isa}: there already")
        return target
    mmdebstrap = [_program("mmdebstrap", "mmdebstrap"), *_mmdebstrap_arguments(about)]
    partial = folder() / f"{isa}.partial"
    try:
        for old in (partial, target):
            if old.exists():
                shutil.rmtree(old)
        partial.mkdir(parents=True)
        progress(f"root {isa}: fetching and unpacking Debian {SUITE}, {len(PACKAGES)} packages")
        _unpack(mmdebstrap, partial, isa)
        _relink_loader(partial, about)
        shutil.rmtree(partial / "usr" / "share" / "doc", ignore_errors=True)
        (partial / "portvnf.stamp").write_text(_stamp(isa))
        partial.rename(target)
    except OSError as error:
        raise HostError(
            f"the {isa} root cannot be made: {error.filename or partial}: {error.strerror}"
        ) from None
    progress(f"root {isa}: made in {target}")
    return target


def _mmdebstrap_arguments(about: Isa) -> list[str]:
    return [
        "--variant=extract",
        "--mode=unshare" if os.geteuid() else "--mode=root",
        "--format=tar",
        f"--architectures={about.root}",
        f"--include={','.join(PACKAGES)}",
        SUITE,
        "-",
    ]


def _unpack(mmdebstrap: list[str], partial: Path, isa: str) -> None:
    # Into a folder, mmdebstrap in a user namespace would leave files of that namespace's
    # users, which nobody but root could delete. Devices are not needed, and need root.
    tar = [_program("tar", "tar"), "-x", "--no-same-owner", "--exclude=./dev", "-C", str(partial)]
    with tempfile.TemporaryFile() as errors:
        maker = subprocess.Popen(
            mmdebstrap, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors
        )
        with maker:
            unpacked = subprocess.run(tar, stdin=maker.stdout, capture_output=True, text=True)
        errors.seek(0)
        said = errors.read().decode(errors="replace").splitlines()
    if maker.returncode or unpacked.returncode:
        # Each fails when the other does; both say why, and one of the two is the cause.
        first = [line for line in said if line.startswith(("E:", "W:"))]
        second = unpacked.stderr.strip().splitlines()
        reasons = [f"mmdebstrap: {first[-1]}"] if first else []
        reasons += [f"tar: {second[0]}"] if second else []
        raise HostError(
            f"the {isa} root cannot be made: {'; '.join(reasons) or 'mmdebstrap gave no reason'}"
        )


def _relink_loader(partial: Path, about: Isa) -> None:
    # Debian's link is absolute; seen from outside the root it would lead out of it.
    loader = _LOADERS[about.name]
    link = partial / loader
    if not link.is_symlink():
        raise HostError(f"the {about.name} root lacks its dynamic loader, {loader}")
    target = str(link.readlink())
    if target.startswith("/"):
        link.unlink()
        link.symlink_to(os.path.relpath(partial / target[1:], link.parent))


def command(isa: str, extra: Mapping[str, str] | None = None) -> list[str]:
    """The argv prefix that runs this ISA's Python with portvnf importable.

    Append Python's own arguments: command("mips64el") + ["-m", "portvnf.cli", ...]. The
    environment that it needs (and `extra`) is part of the prefix; the caller's own
    environment is passed through. $PORTVNF_BUILD names build/ISA and $PORTVNF_ARTIFACT the
    one artifact that all ISAs share.
    """
    about = _isa(isa)
    base = root(isa)
    emulator = _program(about.emulator, "qemu-user-static")
    source = Path(locate.__file__).resolve().parent.parent
    build = (locate.checkout() or Path.cwd()) / "build"
    environment = {
        "PYTHONHOME": str(base / "usr"),
        "PYTHONPATH": f"{source}:{base / 'usr/lib/python3/dist-packages'}",
        "PORTVNF_BUILD": str(build / isa),
        "PORTVNF_ARTIFACT": str(build / locate.ARTIFACT),
        "PORTVNF_LD": shlex.join(
            [emulator, "-L", str(base), str(base / "usr" / "bin" / about.linker)]
        ),
        **(extra or {}),
    }
    argv = [emulator, "-L", str(base)]
    for name, value in environment.items():
        if "," in value:
            raise HostError(f"QEMU takes no comma in an environment variable: {name}={value}")
        argv += ["-E", f"{name}={value}"]
    for name in ("LD_LIBRARY_PATH", "LD_PRELOAD", "VIRTUAL_ENV"):
        argv += ["-U", name]
    return [*argv, str(base / "usr" / "bin" / "python3.11")]


def main(arguments: Sequence[str] | None = None) -> int:
    """The entry point of `python3 -m portvnf.roots`."""
    parser = argparse.ArgumentParser(prog="python3 -m portvnf.roots", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    actions = parser.add_subparsers(dest="action", required=True)
    making = actions.add_parser("make", help="make roots that are not there yet")
    making.add_argument("isa", nargs="+")
    checking = actions.add_parser("check", help="say which roots are missing or outdated; status 2")
    checking.add_argument("isa", nargs="+")
    running = actions.add_parser("run", help="run a root's Python with these arguments")
    running.add_argument("isa")
    running.add_argument("rest", nargs=argparse.REMAINDER)
    chosen = parser.parse_args(arguments)
    try:
        if chosen.action == "make":
            for isa in chosen.isa:
                make(isa, lambda line: print(line, flush=True))
            return 0
        if chosen.action == "check":
            for isa in chosen.isa:
                print(f"root {isa}: in {root(isa)}")
            return 0
        rest = chosen.rest[1:] if chosen.rest[:1] == ["--"] else chosen.rest
        return subprocess.run([*command(chosen.isa), *rest]).returncode
    except PortvnfError as error:
        print(f"portvnf: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
