"""Checks of what a module consists of: its symbols, globals, metadata and manifest."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from portvnf.artifact import vocabulary
from portvnf.artifact.boundary import signature
from portvnf.artifact.ir_text import Statement
from portvnf.artifact.manifest import METADATA_NAME, MalformedManifestError, Manifest
from portvnf.artifact.subject import MODULE, Finding, Signature, Subject, is_intrinsic, place

_KINDS = frozenset(("constant", "global", "alias", "ifunc"))
_LOCAL = frozenset(("internal", "private"))


def check_exports(subject: Subject) -> Iterator[Finding]:
    """Exactly what vnf.h declares is visible."""
    defined = {f.name: f for f in subject.text.functions if f.defined}
    for name in subject.exports:
        if name not in defined:
            yield name, "is not defined"
    for name, function in defined.items():
        local = _LOCAL & set(function.head.words())
        if name in subject.exports and local:
            yield name, "is not external"
        if name not in subject.exports and not local:
            yield name, "is visible from outside"


def check_signatures(subject: Subject) -> Iterator[Finding]:
    """The exports have the types that vnf.h declares."""
    for function in subject.text.functions:
        expected = subject.exports.get(function.name)
        if expected and function.defined and signature(function) != expected:
            yield function.name, f"is {_spell(signature(function))}, not {_spell(expected)}"


def check_imports(subject: Subject) -> Iterator[Finding]:
    """Only the memory routines are imported."""
    for function in subject.text.functions:
        if function.defined or is_intrinsic(function):
            continue
        expected = vocabulary.IMPORTS.get(function.name)
        if expected is None:
            yield function.name, "is imported"
        elif signature(function) != expected:
            yield function.name, f"is {_spell(signature(function))}, not {_spell(expected)}"


def _spell(form: Signature) -> str:
    result, parameters = form
    return f"{result} ({', '.join(parameters)})"


def check_intrinsics(subject: Subject) -> Iterator[Finding]:
    """Only listed intrinsics are declared."""
    for function in subject.text.functions:
        if is_intrinsic(function):
            parts = function.name.split(".")
            stems = (".".join(parts[:n]) for n in range(2, len(parts) + 1))
            if not any(stem in vocabulary.INTRINSICS for stem in stems):
                yield function.name, "is used"


def _global_kinds(subject: Subject) -> Iterator[tuple[str, str, list[str]]]:
    """(place, kind, words) of everything that stands under a name beside the functions."""
    for statement in subject.text.others:
        if statement.tokens[0].text.startswith("@"):
            words = statement.words()
            yield place(statement), next((w for w in words if w in _KINDS), "global"), words


def check_globals(subject: Subject) -> Iterator[Finding]:
    """Global data is constant."""
    for where, kind, _ in _global_kinds(subject):
        if kind == "global":
            yield where, "is mutable"


def no_global(kind: str) -> Callable[[Subject], Iterator[Finding]]:
    """The check that refuses aliases or ifuncs."""

    def check(subject: Subject) -> Iterator[Finding]:
        for where, found, _ in _global_kinds(subject):
            if found == kind:
                yield where, f"is an {kind}"

    return check


def check_linkage(subject: Subject) -> Iterator[Finding]:
    """Functions have plain linkage; global data is internal or private."""
    for function in subject.text.functions:
        for word in function.head.words():
            if word in vocabulary.BANNED["linkage"]:
                yield function.name, f"is {word}"
    for where, _, words in _global_kinds(subject):
        if not _LOCAL & set(words):
            yield where, "is not internal"


def check_comdats(subject: Subject) -> Iterator[Finding]:
    """No comdat groups."""
    for statement in subject.text.others:
        if statement.tokens[0].text.startswith("$"):
            yield MODULE, f"comdat {statement.tokens[0].text[1:]}"


def check_metadata(subject: Subject) -> Iterator[Finding]:
    """Only the manifest and what helps the optimiser."""
    for where, statement in subject.places:
        for token in statement.tokens:
            if token.kind != "metadata":
                continue
            name = token.text[1:]
            if name in ("", METADATA_NAME) or name.isdigit() or name.startswith('"'):
                continue
            if name not in vocabulary.METADATA_KINDS or _is_named(statement):
                yield where, token.text


def _is_named(statement: Statement) -> bool:
    return statement.tokens[0].kind == "metadata"


def check_source_name(subject: Subject) -> Iterator[Finding]:
    """The source name is no path."""
    for statement in subject.text.others:
        if statement.tokens[0].text == "source_filename" and re.search(r"[/\\]", statement.text):
            yield MODULE, statement.text


def check_manifest(subject: Subject) -> Iterator[Finding]:
    """There is one, it is sound, and of this host's ABI."""
    if subject.manifest is None:
        yield MODULE, f"has no !{METADATA_NAME}"
        return
    try:
        manifest = Manifest.from_json(subject.manifest)
    except MalformedManifestError as error:
        yield "the manifest", str(error)
        return
    if manifest.abi != subject.abi:
        yield "the manifest", f"states host ABI {manifest.abi}; this host speaks {subject.abi}"
