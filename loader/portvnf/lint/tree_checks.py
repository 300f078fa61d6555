"""Checks on the syntax tree: one small function a rule."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from portvnf.artifact.places import NATIVE_HELPER
from portvnf.lint.tree import Node
from portvnf.lint.types import Types, is_bytes, pointee, unqualified

Check = Callable[[Node, Types], Iterator[str]]

_DECLARATIONS = frozenset(("VarDecl", "FieldDecl", "ParmVarDecl", "FunctionDecl", "TypedefDecl"))
_TYPED = _DECLARATIONS | {"CStyleCastExpr", "CompoundLiteralExpr"}
_LONG = re.compile(r"(?<!long )\b(?:unsigned )?long\b(?! long| double)")
_FLOATING = re.compile(r"\b(?:float|double|_Float16|__bf16|__float128)\b")
_LOOSE = re.compile(r"^(?:unsigned |signed )?(?:int|short|unsigned|signed)\b[^()*]*$")
_JUMPS = frozenset(("setjmp", "_setjmp", "sigsetjmp", "longjmp", "_longjmp", "siglongjmp"))
_ARITHMETIC = frozenset(("++", "--", "+=", "-=", "*=", "/=", "%=", "<<=", ">>=", "|=", "&=", "^="))
_ATOMIC = re.compile(r"^__(?:sync|atomic|c11_atomic)_|^atomic_")


def _type_of(node: Node) -> str:
    if node.kind == "UnaryExprOrTypeTraitExpr":
        return str(node.data.get("argType", {}).get("qualType", ""))
    return node.written if node.kind in _TYPED else ""


def bit_field(node: Node, types: Types) -> Iterator[str]:
    if node.kind == "FieldDecl" and node.data.get("isBitfield"):
        yield f"{node.name or 'a member'} is a bit-field"


def plain_char(node: Node, types: Types) -> Iterator[str]:
    if node.kind in ("ImplicitCastExpr", "CStyleCastExpr"):
        widens = node.data.get("castKind") == "IntegralCast" and bool(node.children)
        signed = types.canonical(node.written) not in ("unsigned char", "signed char")
        if widens and signed and _is_char(node.children[0], types):
            yield "the sign of a plain char matters here: use u8"
    elif node.data.get("opcode") in _ARITHMETIC and _is_char(node, types):
        yield "arithmetic on a plain char: use u8"


def _is_char(node: Node, types: Types) -> bool:
    return unqualified(types.canonical(node.written)) == "char"


def long(node: Node, types: Types) -> Iterator[str]:
    written = _type_of(node)
    if written and _LONG.search(types.canonical(written)):
        what = f"{node.name} is" if node.name else "here is"
        yield f"{what} {written}, which is 4 bytes wide on some ABIs: use u64 or i64"


def member_width(node: Node, types: Types) -> Iterator[str]:
    if node.kind == "FieldDecl" and not node.data.get("isBitfield") and _LOOSE.match(node.written):
        yield f"member {node.name} is {node.written}: use a type that states its width"
    elif node.kind == "UnaryExprOrTypeTraitExpr" and _LOOSE.match(_type_of(node)):
        yield f"the size of {_type_of(node)} is measured: use a type that states its width"


def floating_point(node: Node, types: Types) -> Iterator[str]:
    written = _type_of(node)
    if node.kind == "FloatingLiteral":
        yield "a floating-point constant"
    elif written and _FLOATING.search(types.canonical(written)):
        yield f"{node.name or 'a value'} is {written}"


def int128(node: Node, types: Types) -> Iterator[str]:
    written = _type_of(node)
    if written and "__int128" in types.canonical(written):
        yield f"{node.name or 'a value'} is {written}"


def pointer_cast(node: Node, types: Types) -> Iterator[str]:
    if node.data.get("castKind") != "BitCast" or not node.children:
        return
    target = pointee(types.canonical(node.written))
    origin = node.children[0]
    while origin.kind == "ParenExpr" or _to_void(origin, types):
        origin = origin.children[0]
    source = pointee(types.canonical(origin.written))
    if target is None or source is None or target in ("void", source):
        return
    if is_bytes(target) and is_bytes(source):
        return
    if not (source == "void" and _calls(origin, NATIVE_HELPER)):
        yield f"a pointer to {source} becomes one to {target}: use {NATIVE_HELPER} or wire.h"


def _to_void(node: Node, types: Types) -> bool:
    cast = node.data.get("castKind") in ("BitCast", "NoOp") and bool(node.children)
    return cast and pointee(types.canonical(node.written)) == "void"


def _calls(node: Node, name: str) -> bool:
    if node.kind != "CallExpr" or not node.children:
        return False
    return any(_referred(below) == name for below in node.children[0].walk())


def _referred(node: Node) -> str:
    if node.kind != "DeclRefExpr":
        return ""
    return str(node.data.get("referencedDecl", {}).get("name", ""))


def pointer_integer(node: Node, types: Types) -> Iterator[str]:
    if node.data.get("castKind") in ("PointerToIntegral", "IntegralToPointer"):
        yield "an address becomes a number, or a number an address"


def union(node: Node, types: Types) -> Iterator[str]:
    if node.kind != "RecordDecl" or node.data.get("tagUsed") != "union":
        return
    members = {
        unqualified(types.canonical(child.written))
        for child in node.children
        if child.kind == "FieldDecl"
    }
    if len(members) > 1:
        yield f"a union of {', '.join(sorted(members))}"


def varargs(node: Node, types: Types) -> Iterator[str]:
    if node.kind == "FunctionDecl" and node.data.get("variadic"):
        yield f"{node.name} takes variable arguments"
    elif node.kind == "VAArgExpr":
        yield "va_arg"


def varying_size(node: Node, types: Types) -> Iterator[str]:
    if _referred(node) in ("alloca", "__builtin_alloca", "__builtin_alloca_with_align"):
        yield "memory of varying size on the stack"


def setjmp(node: Node, types: Types) -> Iterator[str]:
    if _referred(node).removeprefix("__builtin_") in _JUMPS:
        yield f"{_referred(node)} is used"


def inline_asm(node: Node, types: Types) -> Iterator[str]:
    if node.kind in ("GCCAsmStmt", "MSAsmStmt", "FileScopeAsmDecl"):
        yield "inline assembly"
    elif node.kind == "AsmLabelAttr":
        yield "a symbol's name set by asm"


def volatile_atomic(node: Node, types: Types) -> Iterator[str]:
    written = types.canonical(_type_of(node))
    if re.search(r"\bvolatile\b|_Atomic\b", written):
        yield f"{node.name or 'a value'} is {_type_of(node)}"
    elif node.kind == "AtomicExpr" or _ATOMIC.match(_referred(node)):
        yield "an atomic operation"


CHECKS: dict[str, Check] = {
    "bit-field": bit_field,
    "plain-char": plain_char,
    "long": long,
    "member-width": member_width,
    "floating-point": floating_point,
    "int128": int128,
    "pointer-cast": pointer_cast,
    "pointer-integer": pointer_integer,
    "union": union,
    "varargs": varargs,
    "varying-size": varying_size,
    "setjmp": setjmp,
    "inline-asm": inline_asm,
    "volatile-atomic": volatile_atomic,
}
