"""Sockets and devices in the lab's namespaces, opened from the one process of a scenario."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

from portvnf.errors import LabError

_CLONE_NEWNET = 0x40000000
_TUNSETIFF = 0x400454CA
_IFF_TUN, _IFF_NO_PI = 0x0001, 0x1000
_BUFFER_BYTES = 8 << 20
_SO_RCVBUFFORCE = 33


@contextlib.contextmanager
def entered(namespace: str) -> Iterator[None]:
    """Has this thread, and it alone, in a network namespace; what it opens there stays there."""
    libc = ctypes.CDLL(None, use_errno=True)
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        there = os.open(Path("/run/netns") / namespace, os.O_RDONLY | os.O_CLOEXEC)
        try:
            _set(libc, there, namespace)
        finally:
            os.close(there)
        try:
            yield
        finally:
            _set(libc, home, "of the lab")
    finally:
        os.close(home)


def _set(libc: ctypes.CDLL, descriptor: int, name: str) -> None:
    if libc.setns(descriptor, _CLONE_NEWNET) != 0:
        reason = os.strerror(ctypes.get_errno())
        raise LabError(f"the lab cannot enter its namespace {name}: {reason}")


def udp_socket(namespace: str, address: str, port: int) -> socket.socket:
    """A non-blocking UDP socket, bound in a namespace, with room for a burst."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with entered(namespace):
        opened = socket.socket(family, socket.SOCK_DGRAM)
    opened.setblocking(False)
    # Without the right to force it, the machine's limit for all has to do.
    with contextlib.suppress(PermissionError):
        opened.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER_BYTES)
    try:
        opened.bind((address, port))
    except OSError as error:
        opened.close()
        raise LabError(
            f"{address} port {port} cannot be had in namespace {namespace}: {error.strerror}"
        ) from None
    return opened


def tun_device(namespace: str, name: str) -> int:
    """Makes a TUN device, which goes with the descriptor (non-blocking, one packet a read)."""
    with entered(namespace):
        device = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        request = struct.pack("16sH22x", name.encode(), _IFF_TUN | _IFF_NO_PI)
        fcntl.ioctl(device, _TUNSETIFF, request)
    except OSError as error:
        os.close(device)
        raise LabError(
            f"the device {name} cannot be made in namespace {namespace}: {error.strerror}"
        ) from None
    return device
