"""Hosts that lack something say what, and do what can be done without it."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from portvnf import roots
from tests.command import portvnf

from .refusal import CONFIG, refusal, untouched, write_blade

LLVM_HINT = "llvmlite is not installed on this host: install Debian's python3-llvmlite or PyPI's"


@pytest.fixture
def without_llvmlite(tmp_path: Path) -> dict[str, str]:
    """An environment in which importing llvmlite fails."""
    package = tmp_path / "hidden" / "llvmlite"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text('raise ImportError("hidden by a test")\n')
    paths = [str(package.parent), os.environ.get("PYTHONPATH", "")]
    return {"PYTHONPATH": os.pathsep.join(filter(None, paths))}


def test_jit_without_llvmlite(tmp_path: Path, without_llvmlite: dict[str, str]) -> None:
    said = refusal("agent", write_blade(tmp_path, engine="jit"), **without_llvmlite)
    assert said.startswith(LLVM_HINT)
    untouched(tmp_path)


def test_auto_without_llvmlite(tmp_path: Path, without_llvmlite: dict[str, str]) -> None:
    from tests.migration.subscribers import make_image

    sound = tmp_path / "sound.img"
    make_image(sound, "thousands", 3)
    command = ("image", "restore", sound, "--vnf-config", CONFIG)
    done = portvnf(*command, **without_llvmlite)
    assert done.returncode == 0
    assert done.stdout == "3 sessions restored (native, x86_64)\n"
    assert done.stderr.startswith(f"portvnf: the native build runs instead of the JIT: {LLVM_HINT}")
    assert done.stderr.count("\n") == 1
    native = portvnf(*command, "--engine", "native", **without_llvmlite)
    assert (native.returncode, native.stderr) == (0, "")


def test_verify_without_llvmlite(without_llvmlite: dict[str, str]) -> None:
    from portvnf import locate

    assert refusal("verify", locate.artifact(), **without_llvmlite).startswith(LLVM_HINT)


def test_nothing_built(tmp_path: Path) -> None:
    said = refusal(
        "image", "restore", tmp_path / "x.img", "--vnf-config", CONFIG, PORTVNF_BUILD=str(tmp_path)
    )
    assert said.startswith(f"vepc.bc is not in {tmp_path}")


def module(name: str, *arguments: str, **environment: str) -> str:
    """Runs a module that must refuse; its sentence."""
    done = subprocess.run(
        [sys.executable, "-m", name, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **environment},
    )
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr and done.stderr.count("\n") == 1, done.stderr
    return done.stderr


def test_no_root_and_no_mmdebstrap(tmp_path: Path) -> None:
    environment = {"PORTVNF_ROOTS": str(tmp_path), "PATH": str(tmp_path)}
    said = module("portvnf.roots", "run", "s390x", **environment)
    assert f"the s390x root is not in {tmp_path}" in said
    said = module("portvnf.roots", "make", "s390x", **environment)
    assert "mmdebstrap is not installed: install Debian's package mmdebstrap" in said
    assert list(tmp_path.iterdir()) == []


def test_no_qemu(tmp_path: Path) -> None:
    if not roots.is_made("s390x"):
        pytest.skip("there is no s390x root: python3 -m portvnf.roots make s390x")
    said = module("portvnf.roots", "run", "s390x", PATH=str(tmp_path))
    assert "qemu-s390x-static is not installed: install Debian's package qemu-user-static" in said


def test_no_clang(tmp_path: Path) -> None:
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    for tool in ("true", "cat"):
        found = shutil.which(tool)
        assert found
        (bin_folder / tool).symlink_to(found)
    code = "from portvnf.artifact.toolchain import Toolchain; Toolchain.find()"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "PATH": str(bin_folder)},
    )
    last = done.stderr.splitlines()[-1]
    assert "clang" in last and "install" in last, last


def test_no_tun_rights(tmp_path: Path) -> None:
    """Someone without rights over the network gets the device's name and the reason."""
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("there is no unshare program (Debian package util-linux)")
    ports = '[[port]]\nname = "s11"\ndriver = "tun"\ndevice = "nowhere0"\n'
    ports += "".join(
        f'[[port]]\nname = "{n}"\ndriver = "mem"\nslots = 64\n' for n in ("s1u", "sgi")
    )
    path = write_blade(tmp_path, ports=ports)
    # Another user namespace than the one that owns this network has no say in it.
    argv = [unshare, "--user", sys.executable, "-m", "portvnf.cli", "agent", str(path)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60)
    if "unshare" in done.stderr:
        pytest.skip(f"user namespaces are not allowed here: {done.stderr.strip()}")
    assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr
    assert "nowhere0" in done.stderr, done.stderr


@pytest.mark.parametrize("command", ["status", "counters", "stop"])
def test_no_agent(tmp_path: Path, command: str) -> None:
    gone = tmp_path / "gone.sock"
    assert refusal(command, gone) == f"no agent answers on {gone}: No such file or directory"
    file = tmp_path / "file.sock"
    file.write_text("")
    assert refusal(command, file) == f"no agent answers on {file}: Connection refused"


NONSENSE = {
    "no-json": b"HTTP/1.1 400 Bad Request\n",
    "no-object": b"[1]\n",
    "number": b"7\n",
    "no-text": b"\xff\xfe\n",
    "deep": b"[" * 100_000 + b"\n",
    "silence": b"",
    "empty": b'{"ok": true}\n',
    "other-types": b'{"ok": true, "counters": 7, "bytes": "x", "sessions": []}\n',
    "half": b'{"ok": tr',
}


@pytest.mark.parametrize("name", NONSENSE)
def test_what_answers_is_no_agent(tmp_path: Path, name: str) -> None:
    """Or one that ends in the middle, or of another version."""
    path = tmp_path / "x.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        stranger = threading.Thread(target=answer_with, args=(listener, NONSENSE[name]))
        stranger.start()
        for command in (("counters", path), ("image", "export", path, tmp_path / "x.img"),
                        ("image", "restore", "x", "--control", path)):  # fmt: skip
            assert str(path) in refusal(*command)
        if not name.startswith(("empty", "other")):
            for words in (["status"], ["sessions"], ["peers"], ["session"], ["migrate"]):
                more = {"session": ["001010000000001"], "migrate": ["b"]}.get(words[0], [])
                assert str(path) in refusal(*words, path, *more)
        listener.shutdown(socket.SHUT_RDWR)
        stranger.join(10)


def answer_with(listener: socket.socket, nonsense: bytes) -> None:
    """Answers every request so, until nobody listens any more."""
    with contextlib.suppress(OSError):
        while True:
            connection, _ = listener.accept()
            with connection, contextlib.suppress(OSError):
                connection.recv(1000)
                connection.sendall(nonsense)


def test_no_agent_for_the_others(tmp_path: Path) -> None:
    gone = tmp_path / "gone.sock"
    for command in (
        ("migrate", gone, "b"),
        ("record", gone, "s11"),
        ("resolve", gone, "here"),
        ("image", "export", gone, tmp_path / "x.img"),
        ("image", "restore", tmp_path / "x.img", "--control", gone),
    ):
        assert refusal(*command).startswith(f"no agent answers on {gone}: ")
    assert list(tmp_path.iterdir()) == []
