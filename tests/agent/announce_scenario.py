"""A blade and a neighbour on one wire, each in a network of its own; run by test_announce.py
in a user namespace. The neighbour's kernel is the judge.

Usage: announce_scenario.py [CAPTURE]
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

from portvnf.announce import Announcement
from portvnf.errors import HostError

ADDRESSES = ("10.7.0.1", "fd00:7::1")


class Neighbour:
    """A process in another network namespace, through which commands run there."""

    def __enter__(self) -> Neighbour:
        argv = ["unshare", "--net", "sh", "-c", "echo ready; exec cat"]
        self._keeper = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._keeper.stdout is not None
        assert self._keeper.stdout.readline() == b"ready\n"
        return self

    def __exit__(self, *_: object) -> None:
        assert self._keeper.stdin is not None
        self._keeper.stdin.close()
        self._keeper.wait(5)

    @property
    def pid(self) -> str:
        return str(self._keeper.pid)

    def run(self, *argv: str, check: bool = True) -> str:
        command = ["nsenter", "--net", "--target", self.pid, *argv]
        return subprocess.run(command, check=check, capture_output=True, text=True).stdout

    def start(self, *argv: str) -> subprocess.Popen[str]:
        command = ["nsenter", "--net", "--target", self.pid, *argv]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def link_address(self, address: str) -> str | None:
        """The link-layer address that this kernel knows for an address."""
        entries = json.loads(self.run("ip", "-json", "neigh", "show", "to", address) or "[]")
        return next((entry.get("lladdr") for entry in entries), None)

    def resolves(self, address: str) -> str | None:
        """Asks for an address anew, as the kernel does before it sends."""
        family = "-6" if ":" in address else "-4"
        self.run("ip", family, "neigh", "flush", "dev", "far", check=False)
        self.run("ping", "-c", "1", "-W", "1", address, check=False)
        return self.link_address(address)


def ip(*argv: str) -> None:
    subprocess.run(["ip", *argv], check=True)


def until(condition: object, what: str) -> None:
    end = time.monotonic() + 5
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end, f"waited in vain: {what}"
        time.sleep(0.01)


def link_address_of(device: str) -> str:
    shown = subprocess.run(["ip", "-json", "link", "show", device], capture_output=True, check=True)
    return str(json.loads(shown.stdout)[0]["address"])


def main() -> None:
    capture = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    with Neighbour() as neighbour:
        ip("link", "add", "near", "type", "veth", "peer", "name", "far", "netns", neighbour.pid)
        # Proxied addresses are answered for where packets to them leave by another device.
        ip("tuntap", "add", "dev", "inside", "mode", "tun")
        Path("/proc/sys/net/ipv6/conf/all/forwarding").write_text("1")
        Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
        for name in ("ipv4/conf/near/proxy_arp", "ipv6/conf/near/proxy_ndp"):
            Path("/proc/sys/net", name).write_text("0" if "arp" in name else "1")
        Path("/proc/sys/net/ipv4/neigh/near/proxy_delay").write_text("0")
        Path("/proc/sys/net/ipv6/neigh/near/proxy_delay").write_text("0")
        for device in ("near", "inside"):
            ip("link", "set", device, "up")
        ip("address", "add", "10.7.0.2/24", "dev", "near")
        ip("address", "add", "fd00:7::2/64", "dev", "near", "nodad")
        ip("route", "add", "10.7.0.1/32", "dev", "inside")
        ip("route", "add", "fd00:7::1/128", "dev", "inside")
        for argv in (
            ("link", "set", "lo", "up"),
            ("link", "set", "far", "up"),
            ("address", "add", "10.7.0.9/24", "dev", "far"),
            ("address", "add", "fd00:7::9/64", "dev", "far", "nodad"),
        ):
            neighbour.run("ip", *argv)
        until(lambda: "LOWER_UP" in neighbour.run("ip", "link", "show", "far"), "the wire is up")
        judge(neighbour, capture)


def judge(neighbour: Neighbour, capture: Path | None) -> None:
    own = link_address_of("near")
    announcement = Announcement.of("near", ADDRESSES)
    for address in ADDRESSES:
        assert neighbour.resolves(address) is None, f"{address} is answered for already"
    announcement.withdraw()  # fine, though nothing was taken
    announcement.check()
    announcement.take()
    announcement.take()  # and again
    announcement.check()  # which changes nothing
    for address in ADDRESSES:
        until(lambda a=address: neighbour.resolves(a) == own, f"{address} is answered for")
    # Neighbours that hold another blade's link address learn the new one without asking.
    for address in ADDRESSES:
        neighbour.run("ip", "neigh", "replace", address, "lladdr", "02:00:00:00:00:77",
                      "dev", "far", "nud", "stale")  # fmt: skip
    sniffer = None
    if capture is not None:
        sniffer = neighbour.start("tshark", "-i", "far", "-w", str(capture), "-c", "2",
                                  "-f", "arp or icmp6[0] == 136")  # fmt: skip
        assert sniffer.stderr is not None
        for line in sniffer.stderr:
            if "Capture started" in line or "Capturing on" in line:
                break
    if sniffer is None:
        announcement.tell()
    else:
        end = time.monotonic() + 10
        while sniffer.poll() is None:  # it says that it captures a little before it does
            assert time.monotonic() < end, "no announcement was captured"
            announcement.tell()
            time.sleep(0.2)
        for stream in (sniffer.stdout, sniffer.stderr):
            assert stream is not None
            stream.close()
    for address in ADDRESSES:
        until(lambda a=address: neighbour.link_address(a) == own, f"{address} is updated")
    announcement.withdraw()
    for address in ADDRESSES:
        assert neighbour.resolves(address) is None, f"{address} is still answered for"
    for broken in (Announcement.of("nowhere", ADDRESSES), Announcement.of("nowhere", ("::1",))):
        for act in (broken.check, broken.take, broken.withdraw, broken.tell):
            try:
                act()
            except HostError as error:
                said = ("no interface with this name", "No such device")
                assert error.message.endswith(said), error.message
            else:
                raise AssertionError("an interface that does not exist was used")


main()
