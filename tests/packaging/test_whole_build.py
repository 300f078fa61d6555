"""The build as a whole: the same artifact from any folder, and a wheel that holds all of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import portvnf
from portvnf import locate

ROOT = Path(__file__).resolve().parent.parent.parent
SOURCES = ("loader", "vnfsrc", "portable_rt", "toolchains", "meson.build", "meson.options",
           "pyproject.toml", "README.md", "LICENSE")  # fmt: skip
ENVIRONMENT = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


def copy_sources(folder: Path) -> Path:
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            folder.mkdir(exist_ok=True)
            shutil.copy(source, folder)
    return folder


def run(*argv: object, cwd: Path) -> None:
    done = subprocess.run(
        [str(word) for word in argv], cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_one_version() -> None:
    (line,) = [
        line for line in (ROOT / "meson.build").read_text().splitlines() if " version: '" in line
    ]
    assert line.split("'")[1] == portvnf.__version__


def test_locks_are_exact_and_hold_what_the_project_needs() -> None:
    locked = {}
    for path in (ROOT / "requirements").glob("*.txt"):
        for line in path.read_text().splitlines():
            if not line.startswith("#"):
                name, version = line.split("==")
                locked[name.lower()] = version
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"].values()
    for needed in [*project["dependencies"], *(name for names in extras for name in names)]:
        assert needed.split(">")[0] in locked


def test_only_keys_need_cryptography(tmp_path: Path) -> None:
    """Without it every command but those on signatures and certificates works."""
    (tmp_path / "cryptography.py").write_text("raise ImportError('not here')")
    environment = {**ENVIRONMENT, "PYTHONPATH": str(tmp_path)}

    def portvnf_says(*arguments: object) -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "-m", "portvnf.cli", *map(str, arguments)]
        return subprocess.run(argv, env=environment, capture_output=True, text=True)

    assert portvnf_says("verify", locate.artifact()).returncode == 0
    done = portvnf_says("pki", "init", tmp_path / "pki")
    assert done.returncode == 2
    assert done.stderr.endswith("needs the Python package cryptography\n")


@pytest.mark.parametrize(
    ("listed", "tools"),
    [
        ("artifact_tools", ["portvnf.artifact.build"]),
        ("state_tools", ["portvnf.state.codegen", "portvnf.state.vepc"]),
    ],
)
def test_the_build_depends_on_what_its_tools_import(listed: str, tools: list[str]) -> None:
    code = (
        f"import sys, {', '.join(tools)}; "
        "print(*(m.__file__ for n, m in sys.modules.items() if n.split('.')[0] == 'portvnf'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd="/"
    )
    package = Path(portvnf.__file__).parent
    imported = {f"portvnf/{Path(file).relative_to(package)}" for file in done.stdout.split()}
    text = (ROOT / "loader" / "meson.build").read_text()
    files = text.split(f"{listed} = files(")[1].split(")")[0]
    assert imported <= {line.strip(" ',") for line in files.splitlines()}


def test_a_wheel_leaves_out_every_package_s_cache() -> None:
    text = (ROOT / "loader" / "meson.build").read_text()
    parts = text.split("foreach part : [")[1].split("]")[0]
    package = ROOT / "loader" / "portvnf"
    assert {part.strip(" '\n") for part in parts.split(",")} - {""} == {
        str(path.parent.relative_to(package)) for path in package.glob("*/**/__init__.py")
    }


@pytest.mark.slow
def test_two_folders_one_artifact(tmp_path: Path) -> None:
    built = []
    for name, build in (("one", "build"), ("another folder", "b")):
        source = copy_sources(tmp_path / name)
        run("meson", "setup", build, cwd=source)
        run("ninja", "-C", build, "vepc.bc", cwd=source)
        built.append((source / build / "vepc.bc").read_bytes())
    assert built[0] == built[1]


@pytest.mark.slow
def test_wheel(tmp_path: Path) -> None:
    source = copy_sources(tmp_path / "source")
    run(sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation",
        "-w", tmp_path, ".", cwd=source)  # fmt: skip
    (wheel,) = tmp_path.glob("portvnf-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        archive.extractall(tmp_path / "installed")
    assert not [name for name in names if "__pycache__" in name or name.startswith("tests")]
    modules = {str(path.relative_to(ROOT / "loader")) for path in (ROOT / "loader").rglob("*.py")}
    assert modules <= names
    code = (
        "from portvnf import locate; from portvnf.native import load_native; "
        "from portvnf.artifact import Artifact, check; from portvnf.vnf import Vnf; "
        "check(Artifact.read(locate.artifact())); locate.host_library(); "
        "Vnf(load_native(locate.native_vnf()))"
    )
    environment = {**ENVIRONMENT, "PYTHONPATH": str(tmp_path / "installed")}
    environment.pop("PORTVNF_BUILD", None)
    argv = [sys.executable, "-c", code]
    done = subprocess.run(argv, env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
