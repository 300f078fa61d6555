"""The manifest: what an artifact says about itself, as canonical JSON inside its bitcode."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from typing import Any

from portvnf.artifact.container import BLANK_SEAL

METADATA_NAME = "portvnf.manifest"


class MalformedManifestError(ValueError):
    """The text is not a manifest; its message is the end of a sentence."""


@dataclass(frozen=True)
class Schema:
    """The state schema that the VNF exports and imports."""

    name: str
    version: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """One artifact's manifest. Field by field it is the JSON object."""

    name: str
    version: str
    abi: int  # PV_ABI_VERSION of the headers that the VNF was built with
    schema: Schema
    counters: tuple[str, ...]  # names for vnf_counters, in order
    gauges: tuple[str, ...]  # those of the counters that say how many there are now
    drop_reasons: tuple[str, ...]  # names for pv_packet.reason, from 1
    producer: str  # the compiler
    source_sha256: str  # of names and contents of every source and header
    code_sha256: str = BLANK_SEAL  # the seal: see container.py

    def to_json(self) -> str:
        """Canonical JSON: sorted keys, no blanks, ASCII."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Manifest:
        """Reads what to_json wrote, and nothing else."""
        try:
            raw = json.loads(text)
        except ValueError:
            raise MalformedManifestError("is not JSON") from None
        _expect_keys(raw, set(cls.__dataclass_fields__), "the manifest")
        _expect_keys(raw["schema"], set(Schema.__dataclass_fields__), "its schema")
        manifest = cls(
            name=_text(raw, "name"),
            version=_text(raw, "version"),
            abi=_number(raw, "abi"),
            schema=Schema(
                _text(raw["schema"], "name"),
                _number(raw["schema"], "version"),
                _digest(raw["schema"], "sha256"),
            ),
            counters=_names(raw, "counters"),
            gauges=_names(raw, "gauges"),
            drop_reasons=_names(raw, "drop_reasons"),
            producer=_text(raw, "producer"),
            source_sha256=_digest(raw, "source_sha256"),
            code_sha256=_digest(raw, "code_sha256"),
        )
        if manifest.to_json() != text:
            raise MalformedManifestError("is not in canonical form")
        return manifest


def _expect_keys(raw: Any, keys: set[str], what: str) -> None:
    if not isinstance(raw, dict):
        raise MalformedManifestError(f"is malformed: {what} is not an object")
    for key in sorted(keys ^ set(raw)):
        problem = "lacks" if key in keys else "has an unknown"
        raise MalformedManifestError(f"is malformed: {what} {problem} key {key!r}")


def _text(raw: dict[str, Any], key: str) -> str:
    value = raw[key]
    if not isinstance(value, str) or not value:
        raise MalformedManifestError(f"is malformed: {key!r} is not a text")
    return value


def _number(raw: dict[str, Any], key: str) -> int:
    value = raw[key]
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise MalformedManifestError(f"is malformed: {key!r} is not a number")
    return value


def _digest(raw: dict[str, Any], key: str) -> str:
    value = _text(raw, key)
    if not re.fullmatch(r"[0-9a-f]{64}", value):
        raise MalformedManifestError(f"is malformed: {key!r} is not a SHA-256 digest")
    return value


def _names(raw: dict[str, Any], key: str) -> tuple[str, ...]:
    value = raw[key]
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise MalformedManifestError(f"is malformed: {key!r} is not a list of names")
    return tuple(value)
