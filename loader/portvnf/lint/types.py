"""C types as clang spells them, with the translation unit's typedefs resolved."""

from __future__ import annotations

import re

from portvnf.lint.tree import Node

_WORD = re.compile(r"\b[A-Za-z_]\w*\b")
_QUALIFIERS = re.compile(r"\b(?:const|restrict|__restrict)\b\s*")
_BYTES = frozenset(("char", "unsigned char", "signed char"))


class Types:
    """The typedefs of one translation unit."""

    def __init__(self, tree: Node) -> None:
        self._aliases: dict[str, str] = {}
        for node in tree.children:
            if node.kind == "TypedefDecl":
                written = node.canonical
                # A function or array type cannot stand in for its name; its parts can.
                if not re.search(r"[(\[]", written):
                    self._aliases[node.name] = self.canonical(written)

    def canonical(self, written: str) -> str:
        """The type with every typedef replaced, tags of structures left as they are."""
        if not written:
            return ""
        return _WORD.sub(lambda match: self._aliases.get(match.group(), match.group()), written)


def unqualified(text: str) -> str:
    """Without const and restrict."""
    return _QUALIFIERS.sub("", text).strip()


def pointee(canonical: str) -> str | None:
    """What a pointer points to, unqualified; None for what is no pointer to data."""
    text = unqualified(canonical)
    if not text.endswith("*") or "(" in text:
        return None
    return text[:-1].strip()


def is_bytes(name: str) -> bool:
    """Whether a type is one byte of any sign."""
    return name in _BYTES
