"""What docs/compatibility.md promises: the numbers that must fit, and the refusals."""

from __future__ import annotations

import dataclasses
import re
import subprocess
from pathlib import Path

import pytest

from portvnf import cli, locate, roots
from portvnf.artifact import Artifact, container
from portvnf.errors import ArtifactError, ImageError
from portvnf.jit import compile_artifact
from portvnf.select import load
from portvnf.state import image
from portvnf.state.schema import load_schema


def altered(tmp_path: Path, old: bytes, new: bytes) -> Path:
    """The build's artifact with a piece of its manifest changed and sealed anew, as another
    release's build would have made it."""
    data = locate.artifact().read_bytes()
    assert data.count(old) == 1 and len(old) == len(new)
    seal = re.search(rb'"code_sha256":"([0-9a-f]{64})"', data)
    assert seal
    blank = data[: seal.start(1)] + container.BLANK_SEAL.encode() + data[seal.end(1) :]
    path = tmp_path / "altered.bc"
    path.write_bytes(container.seal(blank.replace(old, new)))
    return path


def test_the_newest_llvm_loads_the_artifact(tmp_path: Path) -> None:
    loaded = compile_artifact(Artifact.read(locate.artifact()), opt_level=0, cache_dir=tmp_path)
    assert int(loaded.llvm.split(".")[0]) > 14


@pytest.mark.parametrize("isa", ["mips64el", "s390x"])
def test_llvm_14_reads_and_verifies_the_artifact(isa: str) -> None:
    script = (
        "from portvnf import llvm, locate; from portvnf.artifact import Artifact, check;"
        "check(Artifact.read(locate.artifact())); print(llvm.version())"
    )
    done = subprocess.run(
        [*roots.command(isa), "-c", script], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("14.")


def test_an_artifact_of_a_newer_host_abi_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = altered(tmp_path, b'"abi":1,', b'"abi":2,')
    assert cli.main(["verify", str(path)]) == 2
    assert "states host ABI 2; this host speaks 1" in capsys.readouterr().err
    with pytest.raises(ArtifactError, match="host ABI 2"):
        load(path, "jit")


def test_an_artifact_of_another_state_schema_is_refused(tmp_path: Path) -> None:
    digest = load_schema("vepc").sha256().encode()
    path = altered(tmp_path, digest, b"0" * 64)
    with pytest.raises(ArtifactError, match="has another vepc state schema"):
        load(path, "jit")


def test_an_image_of_another_schema_or_format_is_refused() -> None:
    schema = load_schema("vepc")
    other = dataclasses.replace(schema, version=schema.version + 1)
    data = image.encode(image.Image(other, "", ()))
    with pytest.raises(ImageError, match="is of state schema version 3, which is newer"):
        image.decode(data, schema, "x.img")
    unknown = data[:12] + schema.version.to_bytes(4, "big") + data[16:]
    with pytest.raises(ImageError, match="is of another state schema"):
        image.decode(unknown, schema, "x.img")
    newer = data[:8] + (image.FORMAT_VERSION + 1).to_bytes(2, "big") + data[10:]
    with pytest.raises(ImageError, match="has image format 2; this host reads 1"):
        image.decode(newer, schema, "x.img")


def test_any_change_of_a_schema_changes_its_hash() -> None:
    schema = load_schema("vepc")
    seen = {schema.sha256()}
    for section in schema.sections:
        fewer = type(section.record)(*section.record.subcons[:-1])
        changed = tuple(
            dataclasses.replace(s, record=fewer) if s is section else s for s in schema.sections
        )
        seen.add(dataclasses.replace(schema, sections=changed).sha256())
    assert len(seen) == 1 + len(schema.sections)
