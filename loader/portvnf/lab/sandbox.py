"""Private namespaces for the whole lab, and what the machine must offer for them.

The lab re-executes itself in a network, mount and process namespace of its own; without
root, inside an unprivileged user namespace. Nothing of the machine's own network is
touched. When the first process ends, however it ends, the kernel ends all others and takes
the network down.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from portvnf.errors import HostError

# Names the network and the mount namespace that the sandbox was entered from.
_MARK = "PORTVNF_LAB_SANDBOX"
_NETNS = Path("/run/netns")

PROGRAMS = {
    "unshare": "util-linux",
    "nsenter": "util-linux",
    "mount": "mount",
    "ip": "iproute2",
}


def require_programs(programs: dict[str, str]) -> None:
    """Raises a HostError unless every program (name: Debian package) is on the PATH."""
    for name, package in programs.items():
        if shutil.which(name) is None:
            raise HostError(
                f"the lab needs the program {name}, which is not on the PATH: "
                f"install Debian's package {package}"
            )


def require_tun(device: str = "/dev/net/tun") -> None:
    """Raises a HostError unless TUN devices can be made here."""
    if not Path(device).exists():
        raise HostError(
            f"the lab needs {device}, which is not there: load the kernel module tun "
            "(modprobe tun) or pass the device into this container"
        )
    try:
        os.close(os.open(device, os.O_RDWR | os.O_CLOEXEC))
    except OSError as error:
        raise HostError(
            f"the lab may not open {device} ({error.strerror}): run it as root or "
            f"give this user read and write access to the device"
        ) from None


def unshare_command(rootless: bool) -> list[str]:
    """The argv prefix that starts a program in namespaces of its own."""
    user = ["--user", "--map-root-user"] if rootless else []
    return ["unshare", *user, "--net", "--mount", "--pid", "--fork", "--kill-child"]


def require_namespaces(rootless: bool) -> None:
    """Raises a HostError unless this machine lets us make the namespaces."""
    done = subprocess.run(
        [*unshare_command(rootless), "true"], stdin=subprocess.DEVNULL, capture_output=True
    )
    if done.returncode == 0:
        return
    cause = done.stderr.decode(errors="replace").strip() or f"exit status {done.returncode}"
    if rootless:
        raise HostError(
            f"the lab needs user namespaces, which this machine denies ({cause}): run it as "
            "root, or allow them with sysctl kernel.unprivileged_userns_clone=1"
        )
    raise HostError(
        f"the lab may not make network namespaces even as root ({cause}): a container "
        "needs the capability CAP_SYS_ADMIN for it"
    )


def _own_namespaces() -> list[str]:
    return [str(Path(f"/proc/self/ns/{kind}").stat().st_ino) for kind in ("net", "mnt")]


def is_inside() -> bool:
    """Whether this process runs in a sandbox made by enter().

    The variable alone proves nothing, since anything may have exported it: both namespaces
    must be others than those that it names.
    """
    outer = os.environ.get(_MARK, "").split(":")
    own = _own_namespaces()
    return len(outer) == len(own) and all(
        was.isdecimal() and was != now for was, now in zip(outer, own, strict=True)
    )


def enter(argv: Sequence[str], rootless: bool | None = None) -> None:
    """Re-executes this Python with `argv` inside a sandbox; returns only when inside.

    The first call replaces the process and does not come back; the second, inside,
    prepares /run/netns and returns. `rootless` chooses user namespaces (default: unless
    root).
    """
    if not is_inside():
        require_programs(PROGRAMS)
        require_tun()
        chosen = os.geteuid() != 0 if rootless is None else rootless
        require_namespaces(chosen)
        sys.stdout.flush()
        sys.stderr.flush()
        command = [*unshare_command(chosen), sys.executable, *argv]
        os.execvpe(command[0], command, {**os.environ, _MARK: ":".join(_own_namespaces())})
    _private_netns()


def _private_netns() -> None:
    # `ip netns` keeps its names in /run/netns, which only root can create outside: where
    # it is missing, a private /run holds it.
    where = _NETNS if _NETNS.is_dir() else _NETNS.parent
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "portvnf-lab", str(where)], capture_output=True, text=True
    )
    if done.returncode != 0:
        raise HostError(f"the lab cannot mount a private tmpfs on {where}: {done.stderr.strip()}")
    _NETNS.mkdir(exist_ok=True)
