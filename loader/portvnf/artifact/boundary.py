"""A function's boundary signature, read from its head in either LLVM's text form."""

from __future__ import annotations

from portvnf.artifact.ir_text import Function, Token

_OPEN = frozenset("([{<")
_CLOSE = frozenset(")]}>")


def signature(function: Function) -> tuple[str, tuple[str, ...]]:
    """(result, parameters); pointers of any type are "pointer", iN and void are themselves,
    anything else is "structure" or "varargs"."""
    tokens = function.head.tokens
    at = next(i for i, token in enumerate(tokens) if token.text.startswith("@"))
    result = _kind(_type_before(tokens[:at]))
    parameters: list[str] = []
    depth = 0
    current: list[Token] = []
    for token in tokens[at + 1 :]:
        if token.text in _OPEN:
            depth += 1
            if depth == 1:
                continue
        elif token.text in _CLOSE:
            depth -= 1
            if depth == 0:
                break
        if token.text == "," and depth == 1:
            parameters.append(_kind(current))
            current = []
        else:
            current.append(token)
    if current:
        parameters.append(_kind(current))
    return result, tuple(parameters)


def _type_before(tokens: list[Token]) -> list[Token]:
    # Linkage and attributes stand before the result's type, which ends right at the name.
    return tokens[-1:]


def _kind(tokens: list[Token]) -> str:
    depth = 0
    for token in tokens:
        if token.text in _OPEN:
            depth += 1
        elif token.text in _CLOSE:
            depth -= 1
        elif depth == 0 and token.text in ("*", "ptr"):
            return "pointer"
    first = tokens[0]
    if first.kind == "dots":
        return "varargs"
    return first.text if first.kind == "word" else "structure"
