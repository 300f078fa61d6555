"""Announcements, judged by the kernel of a neighbour and by tshark."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import portvnf

SCENARIO = Path(__file__).with_name("announce_scenario.py")


@pytest.fixture
def namespace() -> list[str]:
    """The prefix of a command that runs in network and user namespaces of its own."""
    for program, package in (
        ("unshare", "util-linux"),
        ("ip", "iproute2"),
        ("ping", "iputils-ping"),
    ):
        if shutil.which(program) is None:
            pytest.skip(f"there is no {program} program (Debian package {package})")
    prefix = ["unshare", "--user", "--map-root-user", "--net", "--mount"]
    probe = subprocess.run([*prefix, "true"], capture_output=True, text=True)
    if probe.returncode != 0:
        pytest.skip(
            "user namespaces are not allowed here (sysctl kernel.unprivileged_userns_clone=1 "
            f"lifts it): {probe.stderr.strip()}"
        )
    return prefix


def run(namespace: list[str], *arguments: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(portvnf.__file__).parents[1])}
    argv = [*namespace, sys.executable, str(SCENARIO), *arguments]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=90, env=environment)
    assert done.returncode == 0, done.stderr


def test_neighbours_learn_who_answers(namespace: list[str], tmp_path: Path) -> None:
    if shutil.which("tshark") is None:
        run(namespace)
        pytest.skip("the frames were not looked at: there is no tshark (Debian package tshark)")
    capture = tmp_path / "announcements.pcapng"
    capture.touch(mode=0o666)
    run(namespace, str(capture))
    fields = ("arp.isgratuitous", "arp.src.proto_ipv4", "icmpv6.nd.na.flag.o",
              "icmpv6.nd.na.flag.s",
              "icmpv6.nd.na.target_address", "icmpv6.checksum.status", "_ws.malformed")  # fmt: skip
    argv = ["tshark", "-r", str(capture), "-T", "fields", "-E", "separator=,"]
    argv += [word for field in fields for word in ("-e", field)]
    done = subprocess.run(argv, capture_output=True, text=True)
    lines = set(done.stdout.splitlines())
    # RFC 5227, 3: ARP for one's own address. RFC 4861, 4.4: override, not solicited.
    assert lines == {"1,10.7.0.1,,,,,", ",,1,0,fd00:7::1,1,"}, done.stdout + done.stderr
