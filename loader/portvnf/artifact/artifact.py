"""An artifact: one VNF as bitcode, the same bytes for every host."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from portvnf import llvm
from portvnf.artifact.label import read_bitcode
from portvnf.artifact.manifest import MalformedManifestError, Manifest
from portvnf.artifact.trust import Keys
from portvnf.artifact.verifier import Violation, manifest_text, refuse, verify_text
from portvnf.errors import ArtifactError


@dataclass(frozen=True)
class Artifact:
    """A file that is whole, unaltered, readable by this host's LLVM and has a manifest.

    Whether it may be run is for check() to say; portvnf.jit always asks.
    """

    path: Path
    bitcode: bytes
    text: str  # the module as this host's LLVM prints it
    manifest: Manifest

    @classmethod
    def read(cls, path: str | Path, keys: Keys | None = None) -> Artifact:
        """Reads a file; an ArtifactError says what is wrong with it. With `keys` one of them
        must have signed the file."""
        path = Path(path)
        bitcode = read_bitcode(path, keys)
        text = str(llvm.parse(bitcode, str(path)))
        manifest = manifest_text(text)
        if manifest is None:
            raise ArtifactError(f"{path} carries no portvnf manifest")
        try:
            return cls(path, bitcode, text, Manifest.from_json(manifest))
        except MalformedManifestError as error:
            raise ArtifactError(f"the manifest of {path} {error}") from None

    @cached_property
    def sha256(self) -> str:
        """The SHA-256 of the file, as hex digits."""
        return hashlib.sha256(self.bitcode).hexdigest()


def verify(artifact: Artifact) -> list[Violation]:
    """Every violation of the verifier's rules; an empty list means fit to run."""
    return verify_text(artifact.text)


def check(artifact: Artifact) -> None:
    """Raises an ArtifactError that names the first rule broken and the function, if any is."""
    refuse(str(artifact.path), verify(artifact))
