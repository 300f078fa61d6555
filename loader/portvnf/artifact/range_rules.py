"""The rule on shift amounts: each must be seen to be smaller than the value's width.

A shift by the width or more gives 0 on one ISA, the value itself on another and poison in
LLVM. What can be seen are constants, masks, remainders, narrow values made wider, and
sums, differences, choices and bit counts of these, all in the shift's own function.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from portvnf.artifact.body import Body, called, operands, value

Range = tuple[int, int]

_SHIFTS = ("shl", "lshr", "ashr")
_FLAGS = re.compile(r"^(?:(?:nuw|nsw|exact|nneg|disjoint|samesign) )+")
_COUNTS = ("llvm.ctlz", "llvm.cttz", "llvm.ctpop")
_DEEPEST = 16


def too_far(body: Body) -> Iterator[str]:
    """What is wrong with the function's shifts, if anything."""
    ranges = _Ranges(body)
    for _, operation, rest in body.lines:
        if operation not in _SHIFTS:
            continue
        kind, _, amount = _binary(rest)
        if amount.isdigit() and int(amount) < _width(kind):
            continue
        if ranges.of(amount, kind, 0)[1] >= _width(kind):
            yield f"shifts {kind} by an amount that may be {_width(kind)} or more"


def _binary(rest: str) -> tuple[str, str, str]:
    kind, _, pair = _FLAGS.sub("", rest).partition(" ")
    first, _, second = pair.partition(", ")
    return kind, first, second.split(",")[0]


def _width(kind: str) -> int:
    return int(kind[1:]) if re.fullmatch(r"i\d+", kind) else 1


class _Ranges:
    """Unsigned ranges of one function's values."""

    def __init__(self, body: Body) -> None:
        self._definitions = body.definitions
        self._known: dict[str, Range] = {}

    def of(self, name: str, kind: str, depth: int) -> Range:
        """The smallest and largest value that `name`, of integer type `kind`, can have."""
        most = (1 << _width(kind)) - 1
        if re.fullmatch(r"-?\d+", name):
            number = int(name) & most
            return number, number
        if name in ("true", "false"):
            return int(name == "true"), int(name == "true")
        line = self._definitions.get(name)
        if line is None or depth > _DEEPEST:
            return 0, most
        if name not in self._known:
            self._known[name] = 0, most  # for a value that depends on itself
            low, high = self._result(line[1], line[2], kind, depth + 1) or (0, most)
            self._known[name] = (low, high) if low >= 0 and high <= most else (0, most)
        return self._known[name]

    def _result(self, operation: str, rest: str, kind: str, depth: int) -> Range | None:
        if operation == "zext":
            source = _FLAGS.sub("", rest).partition(" to ")[0]
            inner, _, name = source.partition(" ")
            return self.of(name, inner, depth)
        if operation == "sext":
            inner, _, name = rest.partition(" to ")[0].partition(" ")
            low, high = self.of(name, inner, depth)
            return (low, high) if high < 1 << (_width(inner) - 1) else None
        if operation == "trunc":
            inner, _, name = _FLAGS.sub("", rest).partition(" to ")[0].partition(" ")
            return self.of(name, inner, depth)  # of() refuses what no longer fits
        if operation == "select":
            return _join(self.of(value(part), kind, depth) for part in operands(rest)[1:])
        if operation == "phi":
            arms = re.findall(r"\[ ([^\s,]+), ", rest)
            return _join(self.of(arm, kind, depth) for arm in arms)
        if operation == "call":
            call = called(rest)
            counts = call is not None and call[0].startswith(_COUNTS)
            return (0, _width(kind)) if counts else None
        return self._arithmetic(operation, rest, depth)

    def _arithmetic(self, operation: str, rest: str, depth: int) -> Range | None:
        if operation not in ("and", "or", "urem", "lshr", "ashr", "add", "sub", "mul", "udiv"):
            return None
        kind, first, second = _binary(rest)
        (low, high), (low2, high2) = (self.of(name, kind, depth) for name in (first, second))
        if operation == "and":
            return 0, min(high, high2)
        if operation == "or":
            return max(low, low2), (1 << max(high.bit_length(), high2.bit_length())) - 1
        if operation == "urem":
            return (0, min(high, high2 - 1)) if low2 > 0 else None
        if operation == "ashr" and high >= 1 << (_width(kind) - 1):
            return None  # it may be negative
        if operation in ("lshr", "ashr"):
            return (low >> high2, high >> low2) if high2 < _width(kind) else None
        if operation == "udiv":
            return (low // high2, high // low2) if low2 > 0 else None
        if operation == "add":
            return low + low2, high + high2
        if operation == "mul":
            return low * low2, high * high2
        return low - high2, high - low2


def _join(ranges: Iterator[Range]) -> Range | None:
    listed = list(ranges)
    if not listed:
        return None
    return min(low for low, _ in listed), max(high for _, high in listed)
