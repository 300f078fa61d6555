"""Checks on what the preprocessor consumes: inclusions and macros."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from portvnf.lint.rules import Finding

_SILENT = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.DOTALL)
_INCLUDE = re.compile(r"^([ \t]*#[ \t]*include[ \t]*)([<\"])([^>\"\n]+)[>\"]", re.MULTILINE)
_OURS = "portvnf/"
_TARGET_MACRO = re.compile(
    r"""\b(?:
        __BYTE_ORDER(?:__)?|__ORDER_\w+_ENDIAN__|__FLOAT_WORD_ORDER__|BYTE_ORDER
      | _*(?:LITTLE|BIG)_ENDIAN(?:__)?|_*(?:MIPS|ARM|AARCH64|POWERPC)E[BL](?:__)?
      | __(?:x86_64|amd64|i386|mips64|mips|s390x|s390|aarch64|arm|riscv|powerpc64|powerpc)(?:__)?
      | _MIPS_\w+|_MIPSE[BL]|__riscv_xlen|_M_(?:X64|IX86|ARM64)
      | __SIZEOF_\w+__|__\w+_WIDTH__|__\w+_MAX__|__(?:INT|UINT|SIZE|PTRDIFF|WCHAR)\w*_TYPE__
      | __CHAR_UNSIGNED__|__WCHAR_UNSIGNED__|_?_?LP64(?:__)?|_?_?ILP32(?:__)?|__CHAR_BIT__
      | __linux__|__linux|linux|__unix__|_WIN32|__APPLE__|__GLIBC__|__SSE\w*__|__AVX\w*__
      | __BIGGEST_ALIGNMENT__
    )\b""",
    re.VERBOSE,
)


def check(path: Path, text: str, includes: Sequence[Path]) -> Iterator[Finding]:
    """Findings in one file, whether or not the compiler ever reaches the line."""
    for match in _INCLUDE.finditer(text):
        name, quoted = match.group(3), match.group(2) == '"'
        if not _belongs(path, name, quoted, includes):
            sentence = f"{name} is neither the VNF's own nor one of portvnf/"
            yield _finding(path, text, match.start(2), "host-header", sentence)
    code = _SILENT.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)
    for match in _TARGET_MACRO.finditer(code):
        sentence = f"{match.group()} speaks of the ISA that the artifact is compiled on"
        yield _finding(path, text, match.start(), "target-macro", sentence)


def _belongs(path: Path, name: str, quoted: bool, includes: Sequence[Path]) -> bool:
    folders = [path.parent, *includes] if quoted else list(includes)
    found = any((folder / name).is_file() for folder in folders)
    return found and (quoted or name.startswith(_OURS))


def _finding(path: Path, text: str, at: int, rule: str, sentence: str) -> Finding:
    line = text.count("\n", 0, at) + 1
    column = at - (text.rfind("\n", 0, at) + 1) + 1
    return Finding(str(path), line, column, rule, sentence)
