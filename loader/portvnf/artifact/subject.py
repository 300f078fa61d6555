"""What the verifier's checks see, and what they give: pairs of where and detail."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from portvnf.artifact.body import Body
from portvnf.artifact.ir_text import Function, ModuleText, Statement
from portvnf.artifact.memory_rules import MemoryRules

Finding = tuple[str, str]  # where (a function's name or a phrase), detail
Signature = tuple[str, tuple[str, ...]]

MODULE = "the module"


@dataclass(frozen=True)
class Subject:
    """One module, and what this host expects of it."""

    text: ModuleText
    manifest: str | None  # the manifest's JSON as it stands in the module
    exports: dict[str, Signature]  # what vnf.h declares
    abi: int  # the ABI version that this host speaks

    @cached_property
    def places(self) -> list[tuple[str, Statement]]:
        """Every statement with the name of the place that it stands in.

        What LLVM itself writes about intrinsics (their declarations, and attribute groups
        that nothing else uses) is its business, differs between versions and is left out.
        """
        return list(self._places())

    def _places(self) -> Iterator[tuple[str, Statement]]:
        users: dict[str, str] = {}
        for function in self.text.functions:
            if is_intrinsic(function):
                continue
            for statement in (function.head, *function.body):
                for token in statement.tokens:
                    if token.kind == "group":
                        users.setdefault(token.text, function.name)
                yield function.name, statement
        for statement in self.text.others:
            if statement.tokens[0].text != "attributes":
                yield place(statement), statement
            elif statement.tokens[1].text in users:
                yield users[statement.tokens[1].text], statement

    @cached_property
    def words(self) -> dict[str, dict[str, None]]:
        """Every bare word, and every character that is no part of LLVM's text, with the
        places that it stands in."""
        found: dict[str, dict[str, None]] = {}
        for where, statement in self.places:
            for word in statement.word_set:
                found.setdefault(word, {})[where] = None
        return found

    @cached_property
    def bodies(self) -> list[Body]:
        """The defined functions' instructions."""
        return [Body(f.name, f.lines) for f in self.text.functions if f.defined]

    @cached_property
    def memory_findings(self) -> list[tuple[str, str, str]]:
        """(function, rule, detail) of everything that the rules on memory found."""
        rules = MemoryRules([statement.text for statement in self.text.others])
        found: list[tuple[str, str, str]] = []
        for body in self.bodies:
            try:
                found += [(body.name, *finding) for finding in rules.check(body)]
            except (ValueError, IndexError, KeyError, RecursionError):
                # Forms that no rule allows anyway, such as addresses of vector elements.
                found.append((body.name, "byte-order", "uses memory in a way nobody can follow"))
        return found


def place(statement: Statement) -> str:
    """What a statement outside all functions is about."""
    first = statement.tokens[0]
    return f"global {first.text[1:]}" if first.text.startswith("@") else MODULE


def is_intrinsic(function: Function) -> bool:
    """Whether LLVM itself provides the function."""
    return not function.defined and function.name.startswith("llvm.")


def is_integer(word: str) -> bool:
    """Whether a word is an integer type."""
    return re.fullmatch(r"i\d+", word) is not None
