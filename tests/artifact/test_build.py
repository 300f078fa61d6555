"""The build: reproducible, neutral, strict."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from portvnf import cdef, locate
from portvnf.artifact import Artifact, verify
from portvnf.artifact.build import Recipe, build, read_depfile
from portvnf.artifact.toolchain import Toolchain
from portvnf.errors import ArtifactError, BuildError, HostError

HERE = Path(__file__).parent


def recipe(folder: Path, *sources: str, interface: str = "reflect.json") -> Recipe:
    return Recipe(
        name="reflect",
        version="1",
        sources=tuple(folder / source for source in sources),
        includes=(folder / "include",),
        interface=folder / interface,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = tmp_path / "a folder"
    copy.mkdir()
    shutil.copytree(locate.headers(), copy / "include")
    for name in ("reflect.c", "reflect.json"):
        shutil.copy(HERE / name, copy)
    return copy


def test_same_bytes_in_another_folder(reflect: Path, folder: Path) -> None:
    bitcode, inputs = build(recipe(folder, "reflect.c"), Toolchain.find())
    assert bitcode == reflect.read_bytes()
    assert {path.name for path in inputs} >= {"reflect.c", "vnf.h", "wire.h", "types.h"}


def test_order_of_sources_does_not_matter(folder: Path) -> None:
    (folder / "second.c").write_text("int unused_but_there(void);\n")
    forth, _ = build(recipe(folder, "reflect.c", "second.c"), Toolchain.find())
    back, _ = build(recipe(folder, "second.c", "reflect.c"), Toolchain.find())
    assert forth == back


def test_carries_nothing_of_its_isa_or_place(reflect: Path) -> None:
    artifact = Artifact.read(reflect)
    assert verify(artifact) == []
    for trace in ("x86", "target", "PIC Level", "frame-pointer", "tests/", str(Path.cwd())):
        assert trace not in artifact.text
    assert b"x86" not in artifact.bitcode


def test_manifest(reflect: Path) -> None:
    manifest = Artifact.read(reflect).manifest
    assert (manifest.name, manifest.version) == ("reflect", "1")
    assert manifest.abi == cdef.constants("vnf.h")["PV_ABI_VERSION"]
    assert manifest.counters == ("reflected", "dropped")
    assert "clang version 14" in manifest.producer


def test_source_digest_follows_headers(reflect: Path, folder: Path) -> None:
    header = folder / "include" / "portvnf" / "wire.h"
    header.write_text(header.read_text() + "\n")
    changed = folder / "changed.bc"
    changed.write_bytes(build(recipe(folder, "reflect.c"), Toolchain.find())[0])
    before, after = Artifact.read(reflect).manifest, Artifact.read(changed).manifest
    assert before.source_sha256 != after.source_sha256


def test_a_broken_rule_fails_the_build(folder: Path) -> None:
    source = folder / "reflect.c"
    source.write_text(
        source.read_text().replace(
            "    return PV_ABI_VERSION;",
            "    static u64 calls;\n    calls++;\n    return (i64)calls;",
        )
    )
    with pytest.raises(ArtifactError, match=r"global vnf_abi_version.calls breaks rule 'globals'"):
        build(recipe(folder, "reflect.c"), Toolchain.find())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("i64 vnf_abi_version(void) { return 1 }", "expected ';'"),
        ("#include <stdio.h>", "'stdio.h' file not found"),
        ("static int forgotten;", "unused variable"),
    ],
)
def test_what_the_compiler_refuses(folder: Path, text: str, said: str) -> None:
    (folder / "bad.c").write_text(text + "\n")
    with pytest.raises(BuildError, match=said):
        build(recipe(folder, "bad.c"), Toolchain.find())


def test_interface_must_describe_a_vnf(folder: Path) -> None:
    (folder / "reflect.json").write_text('{"schema": {"name": "x"}}')
    with pytest.raises(BuildError, match="does not describe a VNF"):
        build(recipe(folder, "reflect.c"), Toolchain.find())
    with pytest.raises(BuildError, match=r"none\.json cannot be read"):
        build(recipe(folder, "reflect.c", interface="none.json"), Toolchain.find())


def test_missing_compiler() -> None:
    with pytest.raises(HostError, match="clang-99 is not installed"):
        Toolchain.find("clang-99")


def test_depfile() -> None:
    text = "out.bc: a.c \\\n  /x\\ y/b.h \\\n  c.h\n"
    assert read_depfile(text) == {Path("a.c"), Path("/x y/b.h"), Path("c.h")}
