"""Reads the C headers of the host ABI for cffi, so that Python never repeats them."""

from __future__ import annotations

import re
from functools import cache

from portvnf import locate

_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_CONSTANT = re.compile(r"^#define[ \t]+(\w+)[ \t]+(0x[0-9a-fA-F]+|\d+)[ \t]*$", re.MULTILINE)
_DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*$", re.MULTILINE)
_ASSERTION = re.compile(r"_Static_assert\s*\(.*?\)\s*;", re.DOTALL)
_INLINE = re.compile(r"^(?:PV_INLINE|static inline)\b.*?^\}\n", re.DOTALL | re.MULTILINE)
_FUNCTION = re.compile(r"^([\w ]+?[ *]+)(\w+)\(([^)]*)\);", re.MULTILINE)


@cache
def declarations(*headers: str) -> str:
    """The types, constants and functions of the named headers, for `FFI.cdef`.

    Headers stand in the order in which they need each other, without their folder:
    declarations("types.h", "vnf.h", "engine.h").
    """
    return "\n".join(_declarations_of(_text(header)) for header in headers)


@cache
def constants(header: str) -> dict[str, int]:
    """The integer constants that a header defines, by name."""
    return {name: int(value, 0) for name, value in _CONSTANT.findall(_text(header))}


@cache
def functions(header: str) -> dict[str, tuple[str, tuple[str, ...]]]:
    """The functions that a header declares: name -> (result, parameters).

    Each type is one of "i64", "pointer" and "void", the only three at the boundary.
    """
    found = {}
    for result, name, parameters in _FUNCTION.findall(_text(header)):
        listed = [p.strip() for p in parameters.replace("\n", " ").split(",")]
        kinds = tuple(_kind(p) for p in listed if p != "void")
        found[name] = (_kind(result), kinds)
    return found


def _text(header: str) -> str:
    path = locate.headers() / "portvnf" / header
    return _COMMENT.sub(" ", path.read_text(encoding="utf-8"))


def _declarations_of(text: str) -> str:
    defines = "".join(f"#define {name} {value}\n" for name, value in _CONSTANT.findall(text))
    return defines + _INLINE.sub("", _ASSERTION.sub("", _DIRECTIVE.sub("", text)))


def _kind(declaration: str) -> str:
    if "*" in declaration:
        return "pointer"
    word = declaration.split()[0]
    return "i64" if word in ("u64", "i64") else word
