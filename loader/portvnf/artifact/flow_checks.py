"""Checks that follow values through a function: memory, shifts and calls."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from portvnf.artifact.boundary import signature
from portvnf.artifact.range_rules import too_far
from portvnf.artifact.subject import Finding, Signature, Subject, is_intrinsic

_VALUE = re.compile(r"\s(?=[@%]|null\b|getelementptr\b|bitcast\b)")


def memory(rule: str) -> Callable[[Subject], Iterator[Finding]]:
    """The check for one of the two rules on memory."""

    def check(subject: Subject) -> Iterator[Finding]:
        for name, found, detail in subject.memory_findings:
            if found == rule:
                yield name, detail

    return check


def check_shifts(subject: Subject) -> Iterator[Finding]:
    """Every shift amount is seen to be in range."""
    for body in subject.bodies:
        for detail in too_far(body):
            yield body.name, detail


def check_calls(subject: Subject) -> Iterator[Finding]:
    """Calls have the types of what they call."""
    expected = {
        function.name: signature(function)
        for function in subject.text.functions
        if not is_intrinsic(function)
    }
    for body in subject.bodies:
        for name, arguments, head in body.calls:
            form = expected.get(name)
            if form is not None and not _fits(form, arguments, head):
                yield body.name, f"calls {name} with other types than it has"


def _fits(form: Signature, arguments: list[str], head: str) -> bool:
    result, parameters = form
    given = tuple(_kind(argument) for argument in arguments)
    return given == parameters and _result(head) == result


def _kind(argument: str) -> str:
    first = argument.partition(" ")[0]
    if first == "ptr" or first.endswith("*"):
        return "pointer"
    if first[0].isalnum():
        return first if "*" not in argument else _slow_kind(argument)
    return _slow_kind(argument)


def _slow_kind(argument: str) -> str:
    # A type with brackets: a pointer to such, or a structure by value.
    before = _VALUE.split(argument)[0]
    if "*" in before:
        return "pointer"
    return before.partition(" ")[0] if before[0].isalnum() else "structure"


def _result(head: str) -> str:
    text = head.rstrip()
    if text.endswith(("*", " ptr")) or text == "ptr":
        return "pointer"
    return text.rpartition(" ")[2] if text[-1:].isalnum() else "structure"
