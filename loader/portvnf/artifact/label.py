"""What an artifact says of itself, read without LLVM: for hosts that have none.

Such a host runs the native build; it needs the artifact's identity, to tell its peers, and
none of its code. Whether the file is whole and unaltered is checked all the same.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from portvnf.artifact import container, trust
from portvnf.artifact.manifest import MalformedManifestError, Manifest
from portvnf.artifact.trust import Keys
from portvnf.errors import ArtifactError


@dataclass(frozen=True)
class Label:
    """An artifact's identity; the rules that its code must keep were not checked."""

    path: Path
    manifest: Manifest
    sha256: str


def read_bitcode(path: Path, keys: Keys | None = None) -> bytes:
    """A file's bytes, once they are found to be one whole, unaltered artifact. With `keys`
    one of them must have signed it, which is checked before anything in it is looked at."""
    try:
        bitcode = path.read_bytes()
    except OSError as error:
        raise ArtifactError(f"{path} cannot be read: {error.strerror}") from None
    if keys is not None:
        trust.check(path, bitcode, keys)
    problem = container.defect(bitcode) or container.broken_seal(bitcode)
    if problem:
        raise ArtifactError(f"{path} {problem}")
    return bitcode


def read_label(path: Path, keys: Keys | None = None) -> Label:
    """Reads a file's identity; an ArtifactError says what is wrong with it."""
    bitcode = read_bitcode(path, keys)
    text = _manifest_text(bitcode)
    if text is None:
        raise ArtifactError(f"{path} carries no portvnf manifest")
    try:
        manifest = Manifest.from_json(text)
    except MalformedManifestError as error:
        raise ArtifactError(f"the manifest of {path} {error}") from None
    return Label(path, manifest, hashlib.sha256(bitcode).hexdigest())


def _manifest_text(bitcode: bytes) -> str | None:
    """The JSON object that holds the seal; it lies in the bitcode as a plain string."""
    text = bitcode.decode("latin-1")
    seal = text.find(f'"{container.SEAL_KEY}"')
    start = text.rfind("{", 0, seal)
    while start >= 0:
        try:
            _, end = json.JSONDecoder().raw_decode(text, start)
        except ValueError:
            end = start
        if end > seal:
            return text[start:end].encode("latin-1").decode("utf-8", "replace")
        start = text.rfind("{", 0, start)
    return None
