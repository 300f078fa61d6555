"""Which engine runs a VNF on this host: "jit", "native", or "auto" for the better one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from portvnf import locate
from portvnf.artifact import Artifact, trust
from portvnf.artifact.build_id import build_id
from portvnf.artifact.label import Label, read_label
from portvnf.errors import (
    ArtifactError,
    CompileError,
    ConfigError,
    HostError,
    MissingPieceError,
)
from portvnf.jit import compile_artifact
from portvnf.loaded import LoadedVnf
from portvnf.native import load_native
from portvnf.state.schema import Schema, load_schema
from portvnf.vnf import Vnf

ENGINES = ("auto", "jit", "native")


@dataclass(frozen=True)
class Selection:
    """A loaded VNF and what is known of it."""

    vnf: Vnf
    schema: Schema
    counters: tuple[str, ...]
    gauges: tuple[str, ...]
    artifact_sha256: str
    note: str = ""
    """Why it is not the JIT, when "auto" had to fall back."""

    @property
    def loaded(self) -> LoadedVnf:
        """Its code."""
        return self.vnf.loaded


def load(artifact_path: Path, engine: str, trusted: Path | None = None) -> Selection:
    """Loads a VNF. A damaged or foreign artifact is refused by every engine; the rules that
    its code must keep are checked before the code is compiled. With "auto", a host that
    cannot compile takes the native build. With `trusted` (a .pub file or a folder of them) one
    of these keys must have signed the artifact."""
    if engine not in ENGINES:
        raise ConfigError(f"there is no engine {engine!r}, only {', '.join(ENGINES)}")
    keys = None if trusted is None else trust.load_keys(trusted)
    artifact: Artifact | Label
    note = ""
    if engine == "native":
        artifact = read_label(artifact_path, keys)
    else:
        try:
            artifact = Artifact.read(artifact_path, keys)
            schema = _schema_of(artifact)
            return _selection(compile_artifact(artifact), artifact, schema, note)
        except (HostError, CompileError) as error:
            if engine == "jit":
                raise
            note = f"the native build runs instead of the JIT: {error}"
            artifact = read_label(artifact_path, keys)
    schema = _schema_of(artifact)
    try:
        return _selection(_native_of(artifact), artifact, schema, note)
    except (MissingPieceError, CompileError) as error:
        if note:
            raise HostError(f"{note}; but {error}") from None
        raise


def _native_of(artifact: Artifact | Label) -> LoadedVnf:
    """The native build, which must be of the artifact's own sources: peers take the artifact's
    digest for what runs here."""
    path = locate.native_vnf()
    loaded = load_native(path)
    stated = artifact.manifest
    if loaded.build_id != build_id(stated.schema.sha256, stated.source_sha256):
        raise CompileError(
            f"{path} was not built from the sources of {artifact.path}: build both anew"
        )
    return loaded


def _selection(
    loaded: LoadedVnf, artifact: Artifact | Label, schema: Schema, note: str
) -> Selection:
    counters, gauges = artifact.manifest.counters, artifact.manifest.gauges
    return Selection(Vnf(loaded), schema, counters, gauges, artifact.sha256, note)


def _schema_of(artifact: Artifact | Label) -> Schema:
    stated = artifact.manifest.schema
    try:
        schema = load_schema(stated.name)
    except ConfigError:
        raise ArtifactError(
            f"{artifact.path} has the state schema {stated.name!r}, which this host lacks"
        ) from None
    if stated.sha256 != schema.sha256():
        raise ArtifactError(
            f"{artifact.path} has another {stated.name} state schema (version {stated.version}, "
            f"{stated.sha256[:12]}) than this host (version {schema.version}, "
            f"{schema.sha256()[:12]})"
        )
    return schema
