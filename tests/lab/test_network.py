"""The lab's namespaces: right inside, invisible outside, gone when their maker is."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from portvnf.errors import HostError, PortvnfError
from portvnf.lab import addresses as at
from portvnf.lab import sandbox

PROBE = str(Path(__file__).with_name("sandbox_probe.py"))


def can(kind):
    if kind == "root" and os.geteuid() != 0:
        pytest.skip("only root can make namespaces without a user namespace")
    try:
        sandbox.require_programs(sandbox.PROGRAMS)
        sandbox.require_tun()
        sandbox.require_namespaces(kind == "rootless")
    except PortvnfError as error:
        pytest.skip(error.message)


def machine_network():
    links = subprocess.run(["ip", "-o", "link"], capture_output=True, text=True, check=True)
    netns = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True)
    return links.stdout, netns.stdout


@pytest.mark.parametrize("kind", ["root", "rootless"])
def test_the_network_is_what_the_lab_needs(kind):
    can(kind)
    before = machine_network()
    done = subprocess.run(
        [sys.executable, PROBE, kind, "look"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["namespaces"] == sorted(at.NAMESPACES)
    # 8,000 bytes cross whole: no wire fragments what GTP-U makes longer.
    for wire in ("sgi4", "sgi6", "s11", "mig"):
        assert found[wire] == "8000", (wire, found)
    assert found["forwarding"] == ["1"] * 4
    assert (found["rp_filter"], found["proxy_ndp"]) == ("0", "1")
    assert "dev tun-s11" in found["gateway_route"]
    assert machine_network() == before


def sleepers():
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if entry.read_bytes() == b"sleep\x003217\x00":
                found.append(entry)
        except OSError:
            continue  # it ended meanwhile
    return found


def wait_for_sleepers(count):
    deadline = time.monotonic() + 5
    while len(sleepers()) != count and time.monotonic() < deadline:
        time.sleep(0.05)
    return len(sleepers()) == count


@pytest.mark.parametrize("kind", ["root", "rootless"])
def test_nothing_outlives_a_killed_lab(kind):
    can(kind)
    assert sleepers() == []
    with subprocess.Popen(
        [sys.executable, PROBE, kind, "linger"], stdout=subprocess.PIPE, text=True
    ) as lab:
        try:
            assert lab.stdout.readline() == "lingering\n"
            assert wait_for_sleepers(1)
        finally:
            lab.kill()
    assert wait_for_sleepers(0)


def test_a_missing_program_is_named():
    with pytest.raises(HostError, match=r"no-such-program.*some-package"):
        sandbox.require_programs({"no-such-program": "some-package"})


def test_a_missing_tun_device_is_named():
    with pytest.raises(HostError, match=r"/dev/net/no-tun.*modprobe tun"):
        sandbox.require_tun("/dev/net/no-tun")


def test_denied_namespaces_are_explained(monkeypatch):
    monkeypatch.setattr(
        sandbox, "unshare_command", lambda rootless: ["sh", "-c", "echo no >&2; exit 1", "sh"]
    )
    with pytest.raises(HostError, match=r"denies \(no\).*unprivileged_userns_clone"):
        sandbox.require_namespaces(rootless=True)
    with pytest.raises(HostError, match="CAP_SYS_ADMIN"):
        sandbox.require_namespaces(rootless=False)


def claims_to_be_inside(mark, *unshare):
    """What is_inside() says with that variable in the environment, in such namespaces."""
    code = "from portvnf.lab import sandbox; print(sandbox.is_inside())"
    user = ["--user", "--map-root-user"] if unshare and os.geteuid() != 0 else []
    prefix = ["unshare", *user, *unshare] if unshare else []
    done = subprocess.run(
        [*prefix, sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "PORTVNF_LAB_SANDBOX": mark},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout == "True\n"


def test_an_inherited_variable_makes_no_sandbox():
    can("rootless" if os.geteuid() != 0 else "root")
    net, mnt = (Path(f"/proc/self/ns/{kind}").stat().st_ino for kind in ("net", "mnt"))
    for mark in ("1", "", "1:", "1:2:3", "x:y", f"{net}:{mnt}", f"{net}:1", f"1:{mnt}"):
        assert not claims_to_be_inside(mark), mark
    here = f"{net}:{mnt}"
    assert not claims_to_be_inside(here, "--net")
    assert not claims_to_be_inside(here, "--mount")
    assert not claims_to_be_inside("1", "--net", "--mount")
    assert claims_to_be_inside(here, "--net", "--mount")
