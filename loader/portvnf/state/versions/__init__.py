"""The versions of state schemas that this host knows, and the steps from one to the next.

A version that was released stays here as it was, for as long as its images are to load. A new
one comes with the step that leads to it, and with an image of the old one among the tests.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from portvnf.errors import ConfigError
from portvnf.state.schema import Schema, load_schema

if TYPE_CHECKING:
    from portvnf.state.image import Image

# The modules that declare a frozen SCHEMA, by VNF and version; load_schema has the newest.
FROZEN = {"vepc": {1: "portvnf.state.versions.vepc_v1"}}

# The modules that lead from a version to the next one: convert(image) gives the new version's
# records by section; sections that it leaves out are empty.
STEPS = {("vepc", 1): "portvnf.state.versions.vepc_v1_to_v2"}

Convert = Callable[["Image"], Mapping[str, Iterable[Mapping[str, Any]]]]


def known_versions(name: str) -> tuple[Schema, ...]:
    """All versions of a VNF's schema that this host knows, oldest first."""
    frozen = FROZEN.get(name, {})
    older = [importlib.import_module(frozen[number]).SCHEMA for number in sorted(frozen)]
    return (*older, load_schema(name))


def load_version(name: str, number: int) -> Schema:
    """One version of a VNF's schema; a ConfigError when this host does not know it."""
    known = known_versions(name)
    for schema in known:
        if schema.version == number:
            return schema
    listed = ", ".join(str(schema.version) for schema in known)
    raise ConfigError(f"no version {number} of {name} is known, only {listed}")


def of_digest(sha256: str) -> Schema | None:
    """The known schema with this digest, of whichever VNF and version."""
    for name in FROZEN:
        for schema in known_versions(name):
            if schema.sha256() == sha256:
                return schema
    return None


def steps(old: Schema, new: Schema) -> list[Convert] | None:
    """What leads from one version to a later one, step by step; None when something lacks."""
    if old.name != new.name or old.version > new.version:
        return None
    found = [STEPS.get((old.name, number)) for number in range(old.version, new.version)]
    if None in found:
        return None
    return [importlib.import_module(module).convert for module in found if module]
