"""The verifier's table: each rule, what it demands, why, and how it is checked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from portvnf.artifact import flow_checks, module_checks, word_checks
from portvnf.artifact.subject import Finding, Subject


@dataclass(frozen=True)
class Rule:
    """One line of the table; what and why are whole clauses for the documentation."""

    name: str
    what: str
    why: str
    check: Callable[[Subject], Iterator[Finding]]


def _banned(name: str, what: str, why: str) -> Rule:
    return Rule(name, what, why, word_checks.banned(name))


RULES: tuple[Rule, ...] = (
    Rule(
        "manifest",
        "a well-formed manifest of this host ABI",
        "a host must know what it runs before it runs it",
        module_checks.check_manifest,
    ),
    _banned(
        "target",
        "no triple and no data layout (so no non-integral pointers either)",
        "each host sets its own; one left in is wrong on every other ISA",
    ),
    Rule(
        "exports",
        "exactly the vnf_* functions of vnf.h are visible",
        "other symbols could meet the host's own, such as a global stat",
        module_checks.check_exports,
    ),
    Rule(
        "signatures",
        "the exports take and give what vnf.h declares: i64, pointers and void",
        "a 32-bit argument is sign-extended on mips64, by type on s390x, not at all on x86-64",
        module_checks.check_signatures,
    ),
    Rule(
        "imports",
        "nothing but memcpy, memmove, memset and memcmp is imported",
        "a VNF is a pure function of its arena, its input and the time",
        module_checks.check_imports,
    ),
    Rule(
        "intrinsics",
        "only listed LLVM intrinsics",
        "the others reach the machine, the C library or one ISA",
        module_checks.check_intrinsics,
    ),
    Rule(
        "globals",
        "global data is constant",
        "everything that changes lives in the arena, or it would not move",
        module_checks.check_globals,
    ),
    Rule(
        "linkage",
        "functions have plain or internal linkage, global data internal or private",
        "object formats and loaders differ in what weak, common and hidden symbols become",
        module_checks.check_linkage,
    ),
    _banned(
        "sections",
        "no section, partition or code model",
        "a section has a meaning in one object format and to one linker",
    ),
    _banned(
        "thread-local",
        "no thread-local data",
        "each ISA reaches it in its own way, and a JIT's loader may not at all",
    ),
    Rule(
        "aliases",
        "no aliases",
        "not every object format has them, and they hide what a symbol is",
        module_checks.no_global("alias"),
    ),
    Rule(
        "ifuncs",
        "no ifuncs",
        "which function runs would depend on the CPU; MIPS has no ifuncs at all",
        module_checks.no_global("ifunc"),
    ),
    Rule(
        "comdats",
        "no comdat groups",
        "they choose among definitions at link time, which differs by object format",
        module_checks.check_comdats,
    ),
    _banned(
        "address-spaces",
        "no address space but the first",
        "their numbers mean segments on x86-64 and something else on every other ISA",
    ),
    Rule(
        "types",
        "integers of 1, 8, 16, 32 and 64 bits, pointers, arrays and structures only",
        "wider and odd integers, vectors and opaque machine types differ in layout, "
        "alignment and byte order between ISAs",
        word_checks.check_types,
    ),
    Rule(
        "floating-point",
        "no floating-point type, operation or fast-math flag",
        "long double has 64, 80 or 128 bits; NaNs, contraction and soft floats differ by ISA",
        word_checks.check_floating,
    ),
    _banned(
        "by-value",
        "no structure passed by value in memory and no register hints",
        "ABIs differ in how they pass them",
    ),
    Rule(
        "varargs",
        "no variable argument lists",
        "clang lowers va_arg differently for each ISA",
        word_checks.check_varargs,
    ),
    _banned(
        "calling-conventions",
        "no calling convention but C's, and no musttail",
        "the others exist on some ISAs only; on the rest the compiler gives up",
    ),
    Rule(
        "calls",
        "direct calls have the types of what they call",
        "registers and extensions of arguments would differ between caller and callee",
        flow_checks.check_calls,
    ),
    _banned("inline-asm", "no inline assembly", "it is of one ISA"),
    _banned(
        "pointer-integers",
        "no inttoptr and no ptrtoint",
        "they hide what a pointer belongs to, and LLVM 22 miscompiles some round trips",
    ),
    _banned(
        "exceptions",
        "no invoke, landing pad, personality or unwind table",
        "unwinding needs a run-time library and tables of each ISA",
    ),
    _banned(
        "indirect-jumps",
        "no indirectbr, blockaddress or callbr",
        "addresses inside a function are beyond what the loaders of all ISAs relocate",
    ),
    _banned(
        "atomics",
        "no atomic or volatile access and no fence (the stated set is empty)",
        "memory models and the widths that are atomic differ; one call at a time owns an arena",
    ),
    _banned(
        "undefined-values",
        "no undef and no poison",
        "each compiler and ISA picks another value",
    ),
    Rule(
        "constant-expressions",
        "no computed constants but addresses of elements (getelementptr)",
        "their value may depend on where a loader puts things; LLVM 22 dissolves what LLVM 14 "
        "still has of them into instructions, which are judged as such",
        word_checks.check_constant_expressions,
    ),
    Rule(
        "zero-counts",
        "ctlz and cttz are defined for 0",
        "x86's bsf leaves the old value, MIPS and s390x give 64, LLVM poison",
        word_checks.check_zero_counts,
    ),
    Rule(
        "shift-amounts",
        "each shift amount is seen to be below the width: constant, masked or a remainder",
        "x86-64 and MIPS take it modulo 64, s390x and vector units give 0, LLVM poison",
        flow_checks.check_shifts,
    ),
    Rule(
        "byte-order",
        "memory is used as what it was declared as; bytes become wider objects through "
        "pv_native alone, and wider objects bytes in the helpers of wire.h alone",
        "a u32 read from a packet is another number on s390x than on x86-64",
        flow_checks.memory("byte-order"),
    ),
    Rule(
        "alignment",
        "no access claims more alignment than the object, the type or the arena grants",
        "x86-64 forgives a wrong claim; MIPS-64 traps",
        flow_checks.memory("alignment"),
    ),
    Rule(
        "string-attributes",
        "no attributes given as strings, such as target-cpu",
        "they bind the code to the ISA that it was compiled on",
        word_checks.check_string_attributes,
    ),
    _banned(
        "attributes",
        "no attributes that ask for a target's or a sanitizer's support",
        "not every ISA and loader has it",
    ),
    Rule(
        "metadata",
        "only the manifest, alias and loop metadata",
        "module flags and debug information carry ISA and paths",
        module_checks.check_metadata,
    ),
    Rule(
        "source-name",
        "no path in source_filename",
        "the same source must give the same bytes in every folder",
        module_checks.check_source_name,
    ),
    Rule(
        "vocabulary",
        "nothing that the tables of vocabulary.py do not list",
        "what nobody has judged is refused",
        word_checks.check_vocabulary,
    ),
)
