"""The table of lint's rules: what each refuses, and on which ISA it would break."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """One line of the table."""

    name: str
    what: str
    why: str


@dataclass(frozen=True, order=True)
class Finding:
    """One place that breaks a rule; ordered by place."""

    file: str
    line: int
    column: int
    rule: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.rule}: {self.sentence}"


RULES: tuple[Rule, ...] = (
    Rule(
        "host-header",
        "an include other than portable_rt's and the VNF's own headers",
        "what it declares differs by C library and ISA, and calls into the host are refused",
    ),
    Rule(
        "target-macro",
        "`__BYTE_ORDER__` and its kin, and macros that name an ISA, a system or a width",
        "they hold for the ISA that the artifact is compiled on, not for the one it runs on",
    ),
    Rule(
        "bit-field",
        "bit-fields",
        "ABIs fill them from the other end on big-endian ISAs and pad them differently",
    ),
    Rule(
        "plain-char",
        "arithmetic and comparisons on plain `char`",
        "it is signed on x86-64 and MIPS, unsigned on aarch64, s390x and riscv64",
    ),
    Rule(
        "long",
        "`long`, and types that are `long` underneath, declared, cast to or measured",
        "8 bytes on LP64 Linux, 4 on n32, x32 and Windows: say u64 or i64",
    ),
    Rule(
        "member-width",
        "`int`, `short` and plain `unsigned` as members of structures or measured by sizeof",
        "layout must not hang on what an ABI calls int: say u32, u16, ...",
    ),
    Rule(
        "floating-point",
        "`float`, `double`, `long double` and their constants",
        "rounding, NaNs and the width of long double differ; soft-float ISAs call a library",
    ),
    Rule(
        "int128",
        "`__int128`",
        "its alignment and its argument registers differ, and 32-bit parts swap on big-endian",
    ),
    Rule(
        "pointer-cast",
        "casts between pointers to unlike types, but for what pv_native returns",
        "reads host order where wire order lies (s390x, mips64), or traps on MIPS-64's alignment",
    ),
    Rule(
        "pointer-integer",
        "casts between pointers and integers",
        "addresses differ on every run, so hashes and orders made of them do too",
    ),
    Rule(
        "union",
        "unions of members of unlike types",
        "which byte of the wider member the narrower one shows depends on the byte order",
    ),
    Rule(
        "varargs",
        "functions of variable arguments, and va_arg",
        "va_list is another structure on each ISA; clang lowers it for the one it compiles on",
    ),
    Rule(
        "varying-size",
        "arrays of varying length, and alloca",
        "stack probes and stack alignment differ, and so does the size at which it overflows",
    ),
    Rule(
        "setjmp",
        "setjmp and longjmp",
        "jmp_buf holds the registers of one ISA",
    ),
    Rule(
        "inline-asm",
        "inline assembly and names set by asm",
        "it is of one ISA",
    ),
    Rule(
        "volatile-atomic",
        "volatile, `_Atomic` and the atomic built-ins",
        "memory models differ, and one call at a time owns the arena",
    ),
    Rule(
        "uninitialised",
        "reads of what may not have been written (clang's warnings and its static analyser)",
        "what lies there differs by ISA, compiler and run",
    ),
    Rule(
        "warning",
        "any other warning of clang's -Wall -Wextra",
        "most of them are differences between ISAs waiting to happen",
    ),
)
