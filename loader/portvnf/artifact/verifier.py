"""The verifier: every rule of the table against one module, at build time and before loading."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from portvnf import cdef
from portvnf.artifact import ir_text
from portvnf.artifact.manifest import METADATA_NAME
from portvnf.artifact.rules import RULES
from portvnf.artifact.subject import Subject
from portvnf.errors import ArtifactError

_MANIFEST_NODE = re.compile(r"^!" + re.escape(METADATA_NAME) + r" = !\{!(\d+)\}$", re.MULTILINE)


@dataclass(frozen=True)
class Violation:
    """One thing that a rule forbids, and where it stands."""

    rule: str
    where: str
    detail: str

    def __str__(self) -> str:
        return f"{self.where} breaks rule {self.rule!r}: {self.detail}"


def verify_text(text: str) -> list[Violation]:
    """All violations in a module given as the text that LLVM prints, in the table's order."""
    subject = Subject(
        text=ir_text.split(text),
        manifest=manifest_text(text),
        exports=cdef.functions("vnf.h"),
        abi=cdef.constants("vnf.h")["PV_ABI_VERSION"],
    )
    found: dict[Violation, None] = {}
    for rule in RULES:
        for where, detail in rule.check(subject):
            found.setdefault(Violation(rule.name, where, detail))
    return list(found)


def manifest_text(text: str) -> str | None:
    """The manifest's JSON in a module's text, or None."""
    named = _MANIFEST_NODE.findall(text)
    if len(named) != 1:
        return None
    node = re.search(rf'^!{named[0]} = !\{{!"([^"\n]*)"\}}$', text, re.MULTILINE)
    if node is None:
        return None
    return re.sub(r"\\([0-9A-Fa-f]{2})", lambda m: chr(int(m.group(1), 16)), node.group(1))


def refuse(where: str, violations: Iterable[Violation]) -> None:
    """Raises an ArtifactError that names the first violation, if there is one."""
    listed = list(violations)
    if listed:
        more = f" (and {len(listed) - 1} more violations)" if len(listed) > 1 else ""
        raise ArtifactError(f"{where} is refused: {listed[0]}{more}")
