"""A function's instructions, as rules that follow values need them.

Each line of a body is kept as (result or "", operation, rest); operands are read only
where a rule asks, as most lines are of no interest to any.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_LINE = re.compile(r'  (?:(%(?:"[^"\n]*"|[-\w.$]+)) = )?((?:tail |musttail |notail )?[a-z]+) ?(.*)')
_OPEN, _CLOSE = "([{<", ")]}>"
_CALLEE = re.compile(r'(@(?:"[^"\n]*"|[-\w.$]+))\(')
# LLVM 14 casts the callee of a call whose types differ from it; newer LLVMs just call it.
_CAST_CALLEE = re.compile(r'bitcast \([^@]*(@(?:"[^"\n]*"|[-\w.$]+)) to [^@]*\*\)\(')
_COPY_OF = re.compile(r"(\.\d+)+$")
_CONSTANT_EXPRESSION = re.compile(r"\b(getelementptr|bitcast|addrspacecast)\b.*\)$")

Line = tuple[str, str, str]


class Body:
    """One function's instructions and who defines what in it."""

    def __init__(self, name: str, lines: list[str]) -> None:
        self.name = name
        self.lines: list[Line] = []
        self.definitions: dict[str, Line] = {}
        self.calls: list[tuple[str, list[str], str]] = []  # callee, arguments, what precedes it
        match = _LINE.match
        for text in lines:
            found = match(text)
            if found is None:
                continue
            result, operation, rest = found.groups()
            line = (result or "", operation.rpartition(" ")[2], rest)
            self.lines.append(line)
            if result:
                self.definitions[result] = line
            if line[1] == "call" and "@llvm.lifetime" not in rest:
                call = _call(rest)
                if call:
                    self.calls.append(call)

    def original_name(self) -> str:
        """The function's name in the source: linking numbers the copies of static ones."""
        return original(self.name)


def original(name: str) -> str:
    """A symbol's name without the numbers that linking appended."""
    return _COPY_OF.sub("", name)


def operands(rest: str) -> list[str]:
    """Splits at the commas that stand outside all brackets."""
    attached = rest.find(", !")
    if attached >= 0:
        rest = rest[:attached]
    if not any(mark in rest for mark in _OPEN):
        return rest.split(", ")
    return list(_split(rest))


def _split(rest: str) -> Iterator[str]:
    depth, start = 0, 0
    for at, mark in enumerate(rest):
        if mark in _OPEN:
            depth += 1
        elif mark in _CLOSE:
            depth -= 1
        elif mark == "," and depth == 0:
            yield rest[start:at].strip()
            start = at + 1
    yield rest[start:].strip()


def value(operand: str) -> str:
    """The value in "TYPE ATTRIBUTES VALUE": a name, a number or a constant expression."""
    if operand.endswith(")"):
        match = _CONSTANT_EXPRESSION.search(operand)
        if match:
            return match.group()
    return operand.rpartition(" ")[2]


def called(rest: str) -> tuple[str, list[str]] | None:
    """(function's name, arguments) of a direct call's text, or None."""
    call = _call(rest)
    return call and call[:2]


def _call(rest: str) -> tuple[str, list[str], str] | None:
    match = _CALLEE.search(rest) or _CAST_CALLEE.search(rest)
    if match is None:
        return None
    end = rest.find(")", match.end())
    inner = rest[match.end() : end]
    if "(" in inner:
        inner = rest[match.end() : _closing(rest, match.end())]
    name = match.group(1)[1:].strip('"')
    return name, operands(inner) if inner else [], rest[: match.start()]


def _closing(text: str, start: int) -> int:
    depth = 1
    for at in range(start, len(text)):
        depth += (text[at] == "(") - (text[at] == ")")
        if depth == 0:
            return at
    return len(text)
