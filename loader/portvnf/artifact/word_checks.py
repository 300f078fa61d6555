"""Checks that look at the words of a module's text, wherever they stand."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise

from portvnf.artifact import vocabulary
from portvnf.artifact.ir_text import Token
from portvnf.artifact.subject import Finding, Subject, is_integer

_NOTHING = Token("", "")
_ZERO_COUNT = re.compile(r"@llvm\.(?:ctlz|cttz)\.\S+\(.*\bi1 true\)")
_MEMORY_ROUTINE = re.compile(r"@(?:llvm\.)?mem(?:cpy|move|set|cmp)\b|@llvm\.lifetime\b")
_ACCESS = re.compile(r"= load |^\s*store [^(]*, [^,(]*\bbitcast \(")
_CALLED_CAST = re.compile(r"\bbitcast \([^@]*@[^ ]+ to [^@]*\*\)\(")
_NAMED_STRINGS = frozenset(("section", "partition", "gc"))


def banned(rule: str) -> Callable[[Subject], Iterator[Finding]]:
    """The check that refuses the words that the vocabulary lists under a rule."""
    words = vocabulary.BANNED[rule]

    def check(subject: Subject) -> Iterator[Finding]:
        for word in sorted(words & subject.words.keys()):
            for where in subject.words[word]:
                yield where, word

    return check


def check_vocabulary(subject: Subject) -> Iterator[Finding]:
    """Default deny: a word that no table lists."""
    for word in subject.words.keys() - vocabulary.KNOWN:
        if not is_integer(word):
            for where in subject.words[word]:
                yield where, word


def check_types(subject: Subject) -> Iterator[Finding]:
    """Integers of the machine's own widths, pointers, arrays and structures."""
    for where, statement in subject.places:
        previous = _NOTHING
        for token, after in pairwise([*statement.tokens, _NOTHING]):
            # What a typed pointer points to has no effect; newer LLVMs do not even keep it.
            if token.kind == "word" and after.text != "*":
                odd = is_integer(token.text) and token.text not in vocabulary.INTEGERS
                if odd or token.text in vocabulary.ODD_TYPES:
                    yield where, token.text
            if previous.text == "<" and token.kind == "number":
                yield where, "a vector"
            previous = token


def check_floating(subject: Subject) -> Iterator[Finding]:
    """No floating-point type, operation or flag."""
    words = vocabulary.BANNED["floating-point"]
    for where, statement in subject.places:
        for token, after in pairwise([*statement.tokens, _NOTHING]):
            if token.kind == "word" and token.text in words and after.text != "*":
                yield where, token.text


def check_varargs(subject: Subject) -> Iterator[Finding]:
    """No function takes or is passed a variable number of arguments."""
    for where, statement in subject.places:
        for token in statement.tokens:
            if token.kind == "dots" or token.text in vocabulary.BANNED["varargs"]:
                yield where, "takes or passes a variable number of arguments"


def check_string_attributes(subject: Subject) -> Iterator[Finding]:
    """No attribute that is a string."""
    for where, statement in subject.places:
        words = [token.text for token in statement.tokens if token.kind == "word"]
        if (words and words[0] in ("source_filename", "target")) or "asm" in words:
            continue  # judged by rules of their own
        previous = _NOTHING
        for token in statement.tokens:
            bare = token.kind == "string" and not token.text.startswith("c")
            if bare and previous.text not in _NAMED_STRINGS:
                yield where, token.text
            previous = token


def check_constant_expressions(subject: Subject) -> Iterator[Finding]:
    """No constant that is computed, but for addresses of elements."""
    for where, statement in subject.places:
        if "(" not in statement.text:
            continue
        operation = ""
        for token in statement.tokens:
            if token.text in vocabulary.COMPUTATIONS:
                operation = token.text
            elif token.text == "(" and operation:
                if operation != "bitcast" or not _innocent_cast(statement.text):
                    yield where, f"{operation} in a constant"
                operation = ""
            elif token.text not in vocabulary.COMPUTATION_FLAGS:
                operation = ""


def _innocent_cast(text: str) -> bool:
    # LLVM 14 casts addresses for the memory routines, loads and stores, which the rules on
    # memory judge, and the callee of a call, which the rule on calls judges.
    return any(form.search(text) for form in (_MEMORY_ROUTINE, _ACCESS, _CALLED_CAST))


def check_zero_counts(subject: Subject) -> Iterator[Finding]:
    """Bit counts are defined for 0."""
    for where, statement in subject.places:
        if "z.i" in statement.text and _ZERO_COUNT.search(statement.text):
            yield where, "counts the zeros of a value that must not be 0"
