"""What docs/migration.md tells people to type does what the page says."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
from pathlib import Path

import pytest

from portvnf.errors import PortvnfError
from portvnf.lab import sandbox

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "migration.md").read_text()


def commands(heading: str) -> str:
    """All shell commands of a section."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return "\n".join(re.findall(r"```sh\n(.*?)```", section, re.DOTALL))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def test_two_blades_on_one_host(tmp_path: Path) -> None:
    for name in (".venv", "build"):
        if not (ROOT / name).is_dir():
            pytest.skip(f"{name} is missing (script/setup makes it)")
        (tmp_path / name).symlink_to(ROOT / name)
    script = commands("By hand, on one host")
    for port in ("7400", "7401"):
        assert port in script
        script = script.replace(port, str(free_port()))
    # Whatever goes wrong, no agent outlives the shell. When all have ended there is none to
    # kill, and kill's complaint must not become the shell's exit status.
    end = "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n"
    done = subprocess.run(
        ["bash", "-ec", end + script], cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert done.stdout.count('"event": "done"') == 2
    status = re.search(r"^\{$.*?^\}$", done.stdout, re.DOTALL | re.MULTILINE)
    assert status and json.loads(status.group())["state"] == "active"


def test_the_devices_of_a_host() -> None:
    script = commands("By hand, on two hosts")
    rootless = os.geteuid() != 0
    try:
        sandbox.require_programs(sandbox.PROGRAMS)
        sandbox.require_tun()
        sandbox.require_namespaces(rootless)
    except PortvnfError as error:
        pytest.skip(error.message)
    wires = "".join(
        f"ip link add eth{n} type veth peer name far{n}; ip addr add 10.1{n}.0.101/24 dev eth{n};"
        f"ip link set eth{n} up;"
        for n in (1, 2, 3)
    )
    look = "ip -br link; ip route get 10.45.0.9; ip -6 route get 2001:db8:45:1::1"
    done = subprocess.run(
        [*sandbox.unshare_command(rootless), "sh", "-ec", f"{wires}\n{script}\n{look}"],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0 and done.stderr == "", done.stderr
    for port in ("s11", "s1u", "sgi"):
        assert f"tun-{port}" in done.stdout
    assert done.stdout.count("dev tun-sgi") == 2
