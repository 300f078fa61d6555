"""Two versions of a state schema compared without any state, in the manner of QEMU's checker
of VMState descriptions: section by section, field by field, with a verdict a direction.

An image loads where its own schema is known and steps lead from it to the newer one
(`versions`). What changed says how much such a step has to do, and whether one can be.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import Enum

from portvnf.state import versions
from portvnf.state.description import RECORD, DescribedSection, Description, Field
from portvnf.state.schema import Moves
from portvnf.state.type_change import Change, change_of


class Kind(Enum):
    """What happened to a section or to a field."""

    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"
    RENAMED = "renamed"
    TYPE = "type"
    NUMBER = "number"
    MOVEMENT = "movement"
    ORDER = "order"


_NAMED = 5  # of what is lost, in a verdict


@dataclass(frozen=True)
class Finding:
    """One difference. `where` is SECTION or SECTION.FIELD in the old schema, or in the new one
    for what was added."""

    kind: Kind
    where: str
    text: str
    change: Change = Change.NONE

    def __str__(self) -> str:
        return f"{self.where}: {self.text}"


@dataclass(frozen=True)
class Verdict:
    """Whether an image of one schema loads where another is the current one."""

    loads: bool
    reason: str

    def __str__(self) -> str:
        return f"{'yes' if self.loads else 'no'}{', ' if self.loads else ': '}{self.reason}"


def compare(old: Description, new: Description) -> list[Finding]:
    """All that differs, in the old schema's order; what was added comes behind it."""
    before = {section.name: section for section in old.sections}
    after = {section.name: section for section in new.sections}
    before["config"] = DescribedSection(0, "config", None, old.config)
    after["config"] = DescribedSection(0, "config", None, new.config)
    elsewhere = _Elsewhere(before, after)
    findings: list[Finding] = []
    for name, section in before.items():
        if name not in after:
            text = f"the section is gone ({len(section.fields)} fields)"
            findings.append(Finding(Kind.REMOVED, name, text))
            lost = elsewhere.findings(name, list(section.fields))
            findings += [finding for finding in lost if finding.kind is Kind.MOVED]
            continue
        findings += _section(section, after[name], elsewhere)
    for name, section in after.items():
        if name not in before:
            text = f"a new section ({len(section.fields)} fields, moves {_how(section.moves)})"
            findings.append(Finding(Kind.ADDED, name, text))
    return findings


def _how(moves: Moves | None) -> str:
    return "in a way that is not said" if moves is None else moves.value


def _section(
    old: DescribedSection, new: DescribedSection, elsewhere: _Elsewhere
) -> Iterator[Finding]:
    if old.number != new.number:
        yield Finding(Kind.NUMBER, old.name, f"number {old.number} -> {new.number}")
    if None not in (old.moves, new.moves) and old.moves is not new.moves:
        text = f"moves {_how(old.moves)} -> {_how(new.moves)}"
        yield Finding(Kind.MOVEMENT, old.name, text)
    before = {field.name: field for field in old.fields}
    after = {field.name: field for field in new.fields}
    kept = {name for name in before.keys() & after.keys() if _same(before[name], after[name])}
    for field in old.fields:
        if field.name in kept:
            yield from _type(f"{old.name}.{field.name}", field, after[field.name])
    gone = [field for field in old.fields if field.name not in kept]
    come = [field for field in new.fields if field.name not in kept]
    for former, present, kind in _partners(old, new, gone, come):
        gone.remove(former)
        come.remove(present)
        where = f"{old.name}.{former.name}"
        yield Finding(kind, where, f"{kind.value} to {present.name}")
        yield from _type(where, former, present)
    yield from elsewhere.findings(old.name, _outermost(gone))
    for field in _outermost(come):
        if not elsewhere.came_from_another(new.name, field):
            yield Finding(Kind.ADDED, f"{new.name}.{field.name}", f"added ({field.text})")
    if [name for name in before if name in kept] != [name for name in after if name in kept]:
        yield Finding(Kind.ORDER, old.name, "the fields stand in another order")


def _same(old: Field, new: Field) -> bool:
    """Whether two fields of one name are one field: a record is no plain value."""
    return (old.type == RECORD) == (new.type == RECORD)


def _outermost(fields: list[Field]) -> list[Field]:
    """Without the fields of records that are among them themselves."""
    within = tuple(f"{field.name}{end}" for field in fields for end in (".", "[]."))
    return [field for field in fields if not field.name.startswith(within)]


def _type(where: str, old: Field, new: Field) -> Iterator[Finding]:
    change = change_of(old.type, new.type)
    if change is not Change.NONE:
        text = f"type {change.value}: {old.text} -> {new.text}"
        yield Finding(Kind.TYPE, where, text, change)


def _partners(
    old: DescribedSection, new: DescribedSection, gone: list[Field], come: list[Field]
) -> list[tuple[Field, Field, Kind]]:
    """Fields of a section that seem to be the same: of the same last name in another record,
    now in a record of the old name, or in the same place under another name; and of a type
    that can hold what the old one held."""
    found: list[tuple[Field, Field, Kind]] = []
    left, right = list(gone), list(come)

    def join(former: Field, present: Field, kind: Kind) -> None:
        found.append((former, present, kind))
        left.remove(former)
        right.remove(present)

    for former in gone:
        for present in come:
            moved = _last(former) == _last(present) or present.name.startswith(f"{former.name}.")
            if moved and present in right and _alike(former, present):
                join(former, present, Kind.MOVED)
                break
    names = [[field.name for field in section.fields] for section in (old, new)]
    for tag, a, b, c, d in SequenceMatcher(None, names[0], names[1], False).get_opcodes():
        if tag != "replace":
            continue
        for former, present in zip(old.fields[a:b], new.fields[c:d], strict=False):
            if former in left and present in right and _alike(former, present):
                join(former, present, Kind.RENAMED)
    return found


def _last(field: Field) -> str:
    return field.name.rpartition(".")[2]


def _alike(old: Field, new: Field) -> bool:
    """Whether a value of one can be a value of the other. All records would be alike."""
    return old.type != RECORD and change_of(old.type, new.type) is not Change.OTHER


class _Elsewhere:
    """Fields that left one section and came to another."""

    def __init__(
        self, before: dict[str, DescribedSection], after: dict[str, DescribedSection]
    ) -> None:
        self._to: dict[tuple[str, str], str] = {}
        self._came: set[tuple[str, str]] = set()
        added = [
            (section.name, field)
            for section in after.values()
            if section.name in before
            for field in section.fields
            if field.name not in {f.name for f in before[section.name].fields}
        ]
        for section in before.values():
            kept = {f.name for f in after[section.name].fields} if section.name in after else set()
            for field in section.fields:
                for name, other in added:
                    fits = other.name == field.name and other.type == field.type != RECORD
                    if name != section.name and field.name not in kept and fits:
                        self._to.setdefault((section.name, field.name), f"{name}.{other.name}")
                        self._came.add((name, other.name))

    def came_from_another(self, section: str, field: Field) -> bool:
        """Whether a field that a section has anew was another's."""
        return (section, field.name) in self._came

    def findings(self, section: str, gone: list[Field]) -> Iterator[Finding]:
        """What became of fields that a section has no more."""
        for field in gone:
            where = f"{section}.{field.name}"
            to = self._to.get((section, field.name))
            if to is None:
                yield Finding(Kind.REMOVED, where, f"removed ({field.text})")
            else:
                yield Finding(Kind.MOVED, where, f"moved to {to}")


def verdict(old: Description, new: Description) -> Verdict:
    """Whether an image of `old` loads where `new` is current."""
    if old.sha256 == new.sha256:
        return Verdict(True, "as it is: they are the same schema")
    if old.name != new.name:
        return Verdict(False, f"they are schemas of two VNFs, {old.name} and {new.name}")
    if old.version == new.version:
        return Verdict(False, f"both say version {old.version}, but differ: raise the newer's")
    if old.version > new.version:
        return Verdict(False, f"{old.title} is newer, and there are no steps back{_lost(old, new)}")
    known = [versions.of_digest(each.sha256) for each in (old, new)]
    if known[0] is None or known[1] is None:
        missing = old if known[0] is None else new
        return Verdict(False, f"this host does not know {missing.title} by its digest")
    if versions.steps(known[0], known[1]) is None:
        return Verdict(False, f"no step leads from {old.title} to {new.title}")
    return Verdict(True, f"by upgrade from version {old.version} to {new.version}")


def _lost(old: Description, new: Description) -> str:
    """What the older version has no place for."""
    gone = [
        finding.where
        for finding in compare(old, new)
        if finding.kind is Kind.REMOVED and not finding.where.startswith("config.")
    ]
    if not gone:
        return ""
    named = ", ".join(gone[:_NAMED]) + (f" and {len(gone) - _NAMED} more" * (len(gone) > _NAMED))
    return f"; {new.title} has no place for {named}"
