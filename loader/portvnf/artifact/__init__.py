"""The artifact: its file, its manifest, its verifier and how it is built."""

from portvnf.artifact.artifact import Artifact, check, verify
from portvnf.artifact.manifest import Manifest, Schema
from portvnf.artifact.verifier import Violation

__all__ = ["Artifact", "Manifest", "Schema", "Violation", "check", "verify"]
