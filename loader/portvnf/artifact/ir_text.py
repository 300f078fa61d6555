"""Splits the text that LLVM prints for a module into words that rules can judge.

The text comes from LLVM itself, so it is well formed; names and strings are quoted or
marked by a sigil, so that no name in a hostile module can pass for a keyword.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

_TOKEN = re.compile(
    r"""
    (?P<comment>;[^\n]*)
  | (?P<label>^(?:[-\w.$]+|"[^"\n]*"):)
  | (?P<name>[@%$](?:"[^"\n]*"|[-\w.$]+))
  | (?P<group>\#\d+)
  | (?P<metadata>!(?:"[^"\n]*"|[-\w.$\\]+)?)
  | (?P<string>c?"[^"\n]*")
  | (?P<number>-?(?:0x[KLMHR]?[0-9A-Fa-f]+|\d[\d.]*(?:e[-+]?\d+)?))
  | (?P<dots>\.\.\.)
  | (?P<word>[A-Za-z_][\w.]*)
  | (?P<mark>[][(){}<>=,*|:])
  | (?P<space>\s+)
  | (?P<other>.)
    """,
    re.VERBOSE | re.MULTILINE,
)
_NUMBERED_LABEL = re.compile(r"\d+:\s*(?:;.*)?")
_COUNTED = re.compile(r"(?<=[%! ])-?\d+\b")
_FUNCTION = re.compile(r'@(?:"([^"]*)"|([-\w.$]+))\(')


@dataclass(frozen=True)
class Token:
    """One token: its kind (a group name of the pattern above) and its text."""

    kind: str
    text: str


@dataclass
class Statement:
    """One top-level entity, or one form of line in a function's body."""

    text: str
    tokens: list[Token] = field(default_factory=list)

    @cached_property
    def word_set(self) -> frozenset[str]:
        """The bare words and what no other kind of token covers, once each."""
        return frozenset(token.text for token in self.tokens if token.kind in ("word", "other"))

    def words(self) -> list[str]:
        """The bare words: keywords, types, attributes."""
        return [token.text for token in self.tokens if token.kind == "word"]


@dataclass
class Function:
    """A function that the module defines or declares."""

    name: str
    head: Statement
    body: list[Statement]
    defined: bool
    lines: list[str] = field(default_factory=list)  # the body as it stands, without labels


@dataclass
class ModuleText:
    """A module's functions and everything beside them (globals, types, attributes, ...)."""

    functions: list[Function] = field(default_factory=list)
    others: list[Statement] = field(default_factory=list)


def tokenise(text: str) -> Iterator[Token]:
    """The tokens of `text`, without comments and blanks."""
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or "other"
        if kind not in ("comment", "space"):
            yield Token(kind, match.group())


def split(text: str) -> ModuleText:
    """Splits a whole module's text.

    A body keeps one statement of each form: lines that differ only in the numbers of
    values, metadata and constants are alike to every rule, and most lines are.
    """
    module = ModuleText()
    forms: dict[str, Statement] = {}
    body: dict[str, Statement] | None = None
    for line in text.splitlines():
        if body is not None:
            if line == "}":
                module.functions[-1].body = list(body.values())
                body = None
            elif line and not _NUMBERED_LABEL.fullmatch(line):
                module.functions[-1].lines.append(line)
                form = _COUNTED.sub("0", line)
                if form not in forms:
                    forms[form] = _statement(form)
                body[form] = forms[form]
            continue
        statement = _statement(line)
        if not statement.tokens:
            continue
        if statement.tokens[0].text in ("define", "declare"):
            function = _function(statement)
            module.functions.append(function)
            body = {} if function.defined else None
        else:
            module.others.append(statement)
    return module


def _statement(line: str) -> Statement:
    return Statement(line, list(tokenise(line)))


def _function(head: Statement) -> Function:
    match = _FUNCTION.search(head.text)
    name = (match.group(1) or match.group(2)) if match else "?"
    return Function(name, head, [], head.tokens[0].text == "define")
