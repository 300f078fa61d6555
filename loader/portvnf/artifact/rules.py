"""The verifier's table: each rule, what it demands, why, and how it is checked.

A check looks at a module's text (see ir_text.py) and yields what it found, as pairs of
where (a function's name or a phrase) and detail.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from portvnf.artifact import vocabulary
from portvnf.artifact.ir_text import Function, ModuleText, Statement, Token
from portvnf.artifact.manifest import METADATA_NAME, MalformedManifestError, Manifest
from portvnf.artifact.signature import signature

Finding = tuple[str, str]
Signature = tuple[str, tuple[str, ...]]

MODULE = "the module"


@dataclass(frozen=True)
class Subject:
    """What a check sees."""

    text: ModuleText
    manifest: str | None  # the manifest's JSON as it stands in the module
    exports: dict[str, Signature]  # what vnf.h declares
    abi: int  # the ABI version that this host speaks


@dataclass(frozen=True)
class Rule:
    """One line of the table."""

    name: str
    what: str
    why: str
    check: Callable[[Subject], Iterator[Finding]]


def _places(subject: Subject) -> Iterator[tuple[str, Statement]]:
    """Every statement with the name of the place that it stands in.

    What LLVM itself writes about intrinsics (their declarations, and attribute groups that
    nothing else uses) is its business, differs between versions and is left out.
    """
    users: dict[str, str] = {}
    for function in subject.text.functions:
        if _is_intrinsic(function):
            continue
        for statement in (function.head, *function.body):
            for token in statement.tokens:
                if token.kind == "group":
                    users.setdefault(token.text, function.name)
            yield function.name, statement
    for statement in subject.text.others:
        if statement.tokens[0].text != "attributes":
            yield _place(statement), statement
        elif statement.tokens[1].text in users:
            yield users[statement.tokens[1].text], statement


def _place(statement: Statement) -> str:
    first = statement.tokens[0]
    return f"global {first.text[1:]}" if first.text.startswith("@") else MODULE


def _is_intrinsic(function: Function) -> bool:
    return not function.defined and function.name.startswith("llvm.")


def _banned_words(words: frozenset[str]) -> Callable[[Subject], Iterator[Finding]]:
    def check(subject: Subject) -> Iterator[Finding]:
        for where, statement in _places(subject):
            for word in statement.words():
                if word in words:
                    yield where, word

    return check


def _check_vocabulary(subject: Subject) -> Iterator[Finding]:
    known = vocabulary.ALLOWED | vocabulary.WITH_OWN_RULE
    for where, statement in _places(subject):
        if _defines_global(statement):
            continue  # judged by the rule on globals
        for token in statement.tokens:
            word = token.kind == "word" and not _integer(token.text)
            if token.kind == "other" or (word and token.text not in known):
                yield where, token.text


def _integer(word: str) -> bool:
    return re.fullmatch(r"i\d+", word) is not None


def _check_types(subject: Subject) -> Iterator[Finding]:
    for where, statement in _places(subject):
        previous = Token("", "")
        for token, after in pairwise([*statement.tokens, Token("", "")]):
            # What a typed pointer points to has no effect; newer LLVMs do not even keep it.
            if token.kind == "word" and after.text != "*":
                wide = _integer(token.text) and int(token.text[1:]) > 64
                if wide or token.text in vocabulary.FLOATING_OR_WIDE_TYPES:
                    yield where, token.text
            if previous.text == "<" and token.kind == "number":
                yield where, "a vector"
            previous = token


def _check_varargs(subject: Subject) -> Iterator[Finding]:
    for where, statement in _places(subject):
        for token in statement.tokens:
            if token.kind == "dots" or token.text in vocabulary.VARARGS:
                yield where, "takes or passes a variable number of arguments"


def _check_exports(subject: Subject) -> Iterator[Finding]:
    defined = {f.name: f for f in subject.text.functions if f.defined}
    for name in subject.exports:
        if name not in defined:
            yield name, "is not defined"
    for name, function in defined.items():
        local = {"internal", "private"} & set(function.head.words())
        if name in subject.exports and local:
            yield name, "is not external"
        if name not in subject.exports and not local:
            yield name, "is visible from outside"


def _check_signatures(subject: Subject) -> Iterator[Finding]:
    for function in subject.text.functions:
        expected = subject.exports.get(function.name)
        if expected and function.defined and signature(function) != expected:
            yield function.name, f"is {_spell(signature(function))}, not {_spell(expected)}"


def _check_imports(subject: Subject) -> Iterator[Finding]:
    for function in subject.text.functions:
        if function.defined or _is_intrinsic(function):
            continue
        expected = vocabulary.IMPORTS.get(function.name)
        if expected is None:
            yield function.name, "is imported"
        elif signature(function) != expected:
            yield function.name, f"is {_spell(signature(function))}, not {_spell(expected)}"


def _spell(form: Signature) -> str:
    result, parameters = form
    return f"{result} ({', '.join(parameters)})"


def _check_intrinsics(subject: Subject) -> Iterator[Finding]:
    for function in subject.text.functions:
        if _is_intrinsic(function):
            parts = function.name.split(".")
            stems = (".".join(parts[:n]) for n in range(2, len(parts) + 1))
            if not any(stem in vocabulary.INTRINSICS for stem in stems):
                yield function.name, "is used"


def _defines_global(statement: Statement) -> bool:
    return statement.tokens[0].text.startswith("@")


_GLOBAL_KINDS = {
    "constant": "is a constant",
    "global": "is mutable",
    "alias": "is an alias",
    "ifunc": "is an ifunc",
}


def _check_globals(subject: Subject) -> Iterator[Finding]:
    for statement in subject.text.others:
        if statement.tokens[0].text.startswith("$"):
            yield MODULE, f"comdat {statement.tokens[0].text[1:]}"
        if not _defines_global(statement):
            continue
        where = _place(statement)
        words = statement.words()
        kind = next((w for w in words if w in _GLOBAL_KINDS), "global")
        if kind != "constant":
            yield where, _GLOBAL_KINDS[kind]
        if not {"internal", "private"} & set(words):
            yield where, "is not internal"
        known = vocabulary.ALLOWED | vocabulary.WITH_OWN_RULE | set(_GLOBAL_KINDS)
        for word in words:
            if word not in known and not _integer(word):
                yield where, f"carries {word}"


def _check_string_attributes(subject: Subject) -> Iterator[Finding]:
    for where, statement in _places(subject):
        if statement.tokens[0].text in ("source_filename", "target"):
            continue  # judged by rules of their own
        for token in statement.tokens:
            if token.kind == "string" and not token.text.startswith("c"):
                yield where, token.text


def _check_metadata(subject: Subject) -> Iterator[Finding]:
    for where, statement in _places(subject):
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


def _check_source_name(subject: Subject) -> Iterator[Finding]:
    for statement in subject.text.others:
        if statement.tokens[0].text == "source_filename" and re.search(r"[/\\]", statement.text):
            yield MODULE, statement.text


def _check_manifest(subject: Subject) -> Iterator[Finding]:
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


RULES: tuple[Rule, ...] = (
    Rule(
        "manifest",
        "a well-formed manifest of this host ABI",
        "a host must know what it runs before it runs it",
        _check_manifest,
    ),
    Rule(
        "target",
        "no triple and no data layout",
        "each host sets its own; one left in is wrong on every other ISA",
        _banned_words(vocabulary.TARGET),
    ),
    Rule(
        "exports",
        "exactly the vnf_* functions of vnf.h are visible",
        "other symbols could meet the host's own, such as a global stat",
        _check_exports,
    ),
    Rule(
        "signatures",
        "the exports take and give what vnf.h declares",
        "only 64-bit integers and pointers are passed alike on every ISA",
        _check_signatures,
    ),
    Rule(
        "imports",
        "nothing but memcpy, memmove, memset and memcmp is imported",
        "a VNF is a pure function of its arena, its input and the time",
        _check_imports,
    ),
    Rule(
        "intrinsics",
        "only listed LLVM intrinsics",
        "the others reach the machine, the C library or one ISA",
        _check_intrinsics,
    ),
    Rule(
        "globals",
        "global data is internal and constant, without sections or threads",
        "everything that changes lives in the arena, or it would not move",
        _check_globals,
    ),
    Rule(
        "types",
        "integers of 1 to 64 bits, pointers, arrays and structures only",
        "wider and floating types differ in layout and meaning between ISAs",
        _check_types,
    ),
    Rule(
        "by-value",
        "no structure passed by value and no register hints",
        "ABIs differ in how they pass them",
        _banned_words(vocabulary.STRUCTS_BY_VALUE),
    ),
    Rule(
        "varargs",
        "no variable argument lists",
        "clang lowers va_arg differently for each ISA",
        _check_varargs,
    ),
    Rule(
        "inline-asm", "no inline assembly", "it is of one ISA", _banned_words(vocabulary.INLINE_ASM)
    ),
    Rule(
        "pointer-integers",
        "no inttoptr and no ptrtoint",
        "they hide what a pointer belongs to, and optimisers miscompile round trips",
        _banned_words(vocabulary.POINTER_INTEGERS),
    ),
    Rule(
        "string-attributes",
        "no attributes given as strings, such as target-cpu",
        "they bind the code to the ISA that it was compiled on",
        _check_string_attributes,
    ),
    Rule(
        "metadata",
        "only the manifest, alias and loop metadata",
        "module flags and debug information carry ISA and paths",
        _check_metadata,
    ),
    Rule(
        "source-name",
        "no path in source_filename",
        "the same source must give the same bytes in every folder",
        _check_source_name,
    ),
    Rule(
        "vocabulary",
        "nothing that the tables of vocabulary.py do not list",
        "what nobody has judged is refused",
        _check_vocabulary,
    ),
)
