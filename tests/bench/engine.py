"""Builds and runs the packet engine's benchmark: python3 tests/bench/engine.py

Prints a JSON line for each run. The TUN devices live in a network namespace of their own.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SET_UP = """
for device in in out; do
    ip tuntap add $device mode tun
    ip link set $device txqueuelen 10000 up
done
ip address add 10.1.0.1/24 dev in
exec "$0" tun
"""


def build(folder: Path) -> Path:
    program = folder / "engine"
    sources = [*sorted((ROOT / "portable_rt" / "host").glob("*.c")), ROOT / "tests/bench/engine.c"]
    flags = ["-std=c11", "-D_GNU_SOURCE", "-O2", "-pthread", f"-I{ROOT}/portable_rt/include"]
    subprocess.run(["gcc", *flags, *map(str, sources), "-o", str(program)], check=True)
    return program


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        program = build(Path(folder))
        failed = subprocess.run([program, "mem"]).returncode
        namespace = ["unshare", "--user", "--map-root-user", "--net"]
        failed |= subprocess.run([*namespace, "sh", "-ec", SET_UP, program]).returncode
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
