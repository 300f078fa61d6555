"""Two schemas compared without state: version 1 with version 2, and made-up ones."""

from __future__ import annotations

import dataclasses
from typing import Any

import construct as cs
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from portvnf.errors import StateError
from portvnf.state import description, fields, versions
from portvnf.state.compatibility import Finding, Kind, compare, verdict
from portvnf.state.description import Description, parse
from portvnf.state.schema import Moves, Schema, Section, load_schema, type_name
from portvnf.state.type_change import Change, change_of

QUICK = settings(max_examples=60, deadline=None, derandomize=True, phases=[Phase.generate])


def described(schema: Schema) -> Description:
    return parse(schema.describe(), schema.name)


def thing(*members: Any, version: int = 1, moves: Moves = Moves.ONCE, number: int = 1) -> Schema:
    struct = cs.Struct(*members)
    config = cs.Struct("limit" / fields.U32)
    return Schema(
        "thing", version, ("a",), config, {}, (Section(number, "part", struct, "", moves),)
    )


def found(old: Schema, new: Schema) -> list[Finding]:
    return compare(described(old), described(new))


# --- the released versions -------------------------------------------------------------


def test_version_2_holds_all_of_version_1() -> None:
    old, new = (described(versions.load_version("vepc", n)) for n in (1, 2))
    findings = compare(old, new)
    state = [f for f in findings if not f.where.startswith("config.")]
    assert [str(f) for f in state if f.kind is Kind.REMOVED] == []
    assert [str(f) for f in state if f.kind is Kind.TYPE and f.change is not Change.WIDENED] == []
    listed = [str(f) for f in findings]
    for expected in (
        "session.charging_id: moved to bearer.charging_id",
        "bearer.qci: moved to qos.qci",
        "path.ipv4: renamed to peer",
        "path.ipv4: type widened: ipv4 -> ip",
        "gateway.s11: moved to s11.ipv4",
        "procedure.response: type widened: blob[..511] -> blob[..1023]",
        "procedure: number 7 -> 9",
        "records_taken: a new section (1 fields, moves as a command)",
    ):
        assert expected in listed
    assert str(verdict(old, new)) == "yes, by upgrade from version 1 to 2"
    back = verdict(new, old)
    assert not back.loads and "there are no steps back" in back.reason
    assert str(verdict(new, new)) == "yes, as it is: they are the same schema"


def test_a_version_that_was_not_raised_is_found() -> None:
    """What a developer who changes a released schema gets to see."""
    schema = load_schema("vepc")
    changed = dataclasses.replace(schema, sections=schema.sections[:-1])
    told = verdict(described(schema), described(changed))
    assert str(told) == f"no: both say version {schema.version}, but differ: raise the newer's"
    raised = dataclasses.replace(changed, version=schema.version + 1)
    told = verdict(described(schema), described(raised))
    assert str(told) == f"no: this host does not know vepc@{schema.version + 1} by its digest"


# --- made-up schemas -------------------------------------------------------------------

U = fields.U32
CHANGES = [
    (fields.U8, fields.U16, Change.WIDENED),
    (fields.U16, fields.Bounded(fields.U16, 1, 9), Change.NARROWED),
    (fields.Bounded(U, 1, 9), fields.Bounded(U, 5, 20), Change.OTHER),
    (fields.Choice(fields.U8, a=0), fields.Choice(fields.U8, a=0, b=1), Change.WIDENED),
    (fields.Choice(fields.U8, a=0, b=1), fields.Choice(fields.U8, b=1), Change.NARROWED),
    (fields.Choice(fields.U8, a=0), fields.Choice(fields.U8, c=0), Change.OTHER),
    (fields.Choice(fields.U8, a=0), fields.Choice(fields.U8, a=1), Change.WIDENED),
    (fields.Ipv4(), fields.Ip(), Change.WIDENED),
    (fields.Ip(), fields.Ipv6(), Change.NARROWED),
    (fields.Ipv4(), fields.Ipv6(), Change.OTHER),
    (fields.Blob(9), fields.Blob(300), Change.WIDENED),
    (fields.Text(9), fields.Text(8), Change.NARROWED),
    (fields.Text(9), fields.Blob(9), Change.OTHER),
    (fields.Octets(3), fields.Octets(4), Change.OTHER),
    (fields.Listing(2, U), fields.Listing(3, fields.U64), Change.WIDENED),
    (fields.Listing(3, U), fields.Listing(2, fields.U64), Change.OTHER),
]


@pytest.mark.parametrize(("old", "new", "change"), CHANGES)
def test_a_change_of_type(old: Any, new: Any, change: Change) -> None:
    opposite = {Change.WIDENED: Change.NARROWED, Change.NARROWED: Change.WIDENED}
    (finding,) = found(thing("a" / U, "f" / old), thing("a" / U, "f" / new))
    assert (finding.kind, finding.where, finding.change) == (Kind.TYPE, "part.f", change)
    assert type_name(old) in finding.text and type_name(new) in finding.text
    (back,) = found(thing("f" / new), thing("f" / old))
    renumbered = isinstance(old, fields.Choice) and old.names.keys() == new.names.keys()
    assert back.change is (change if renumbered else opposite.get(change, change))


def kinds(old: Schema, new: Schema) -> list[tuple[Kind, str]]:
    return [(finding.kind, finding.where) for finding in found(old, new)]


def test_what_may_happen_to_fields_and_sections() -> None:
    base = thing("a" / U, "b" / fields.U8)
    inner = cs.Struct("b" / fields.U8)
    assert kinds(base, thing("a" / U, "b" / fields.U8, "c" / U)) == [(Kind.ADDED, "part.c")]
    assert kinds(base, thing("b" / fields.U8)) == [(Kind.REMOVED, "part.a")]
    assert kinds(base, thing("b" / fields.U8, "a" / U)) == [(Kind.ORDER, "part")]
    assert kinds(base, thing("a" / U, "other" / fields.U8)) == [(Kind.RENAMED, "part.b")]
    assert kinds(base, thing("a" / U, "other" / fields.Text(3))) == [
        (Kind.REMOVED, "part.b"),
        (Kind.ADDED, "part.other"),
    ]
    assert kinds(base, thing("a" / U, "in" / inner)) == [
        (Kind.MOVED, "part.b"),
        (Kind.ADDED, "part.in"),
    ]
    assert kinds(base, thing("a" / U, "b" / fields.U8, number=2)) == [(Kind.NUMBER, "part")]
    moved = thing("a" / U, "b" / fields.U8, moves=Moves.IN_ROUNDS)
    assert kinds(base, moved) == [(Kind.MOVEMENT, "part")]


def test_a_section_that_goes_and_a_field_that_changes_its_section() -> None:
    one, two = cs.Struct("key" / U, "extra" / fields.U8), cs.Struct("key" / U)
    parts = (Section(1, "one", one, ""), Section(2, "two", two, ""))
    both = Schema("thing", 1, ("a",), cs.Struct("limit" / U), {}, parts)
    fewer = dataclasses.replace(both, version=2, sections=parts[:1])
    assert kinds(both, fewer) == [(Kind.REMOVED, "two")]
    assert kinds(fewer, both) == [(Kind.ADDED, "two")]
    assert "thing@2 has no place" not in verdict(described(both), described(fewer)).reason
    swapped = (Section(1, "one", two, ""), Section(2, "two", one, ""))
    assert kinds(both, dataclasses.replace(both, sections=swapped)) == [(Kind.MOVED, "one.extra")]


def simple() -> st.SearchStrategy[Any]:
    """Field types that the declarations have."""
    bits = st.sampled_from([fields.U8, fields.U16, fields.U32, fields.U64])
    bounds = st.tuples(st.integers(0, 100), st.integers(100, 255))
    return st.one_of(
        bits,
        bounds.map(lambda b: fields.Bounded(fields.U8, *b)),
        st.integers(1, 5).map(
            lambda n: fields.Choice(fields.U8, **{f"v{value}": value for value in range(n)})
        ),
        st.sampled_from([fields.Ipv4(), fields.Ipv6(), fields.Ip(), fields.Prefix64()]),
        st.integers(1, 20).map(fields.Octets),
        st.integers(1, 900).map(fields.Blob),
        st.integers(1, 900).map(fields.Text),
    )


NAMES = st.lists(st.from_regex(r"[a-z][a-z0-9_]{0,6}", fullmatch=True), unique=True, max_size=5)


@st.composite
def structs(draw: st.DrawFn, depth: int = 2) -> Any:
    """Made-up records, with records and lists in them."""
    members = []
    for name in draw(NAMES):
        kind: Any = draw(simple())
        if depth and draw(st.booleans()):
            kind = draw(structs(depth=depth - 1))
        if draw(st.integers(0, 3)) == 0:
            kind = fields.Listing(draw(st.integers(1, 9)), kind)
        members.append(name / kind)
    return cs.Struct(*members)


@st.composite
def schemas(draw: st.DrawFn) -> Schema:
    names = draw(NAMES)
    sections = tuple(
        Section(number, name, draw(structs()), "", draw(st.sampled_from(Moves)))
        for number, name in enumerate((n for n in names if n != "config"), 1)
    )
    return Schema("thing", 1, ("a",), draw(structs()), {}, sections)


@QUICK
@given(schemas())
def test_a_description_is_read_back(schema: Schema) -> None:
    """The text loses nothing: its digest is the schema's, its types are the declaration's."""
    read = described(schema)
    assert read.sha256 == schema.sha256() and read.title == "thing@1"
    assert [s.name for s in read.sections] == [s.name for s in schema.sections]
    for there, declared in zip(read.sections, schema.sections, strict=True):
        assert (there.number, there.moves) == (declared.number, declared.moves)
        top = [field for field in there.fields if "." not in field.name]
        assert [f.name for f in top] == [name for name, _, _ in fields.fields_of(declared.record)]
    assert compare(read, read) == []


@QUICK
@given(schemas(), schemas())
def test_the_comparison_has_two_sides(old: Schema, new: Schema) -> None:
    """Nothing is found only where nothing changed, and the way back turns it around."""
    there, back = found(old, new), found(new, old)
    assert (not there) == (old.sha256() == new.sha256()) == (not back)
    for change in (Kind.NUMBER, Kind.MOVEMENT, Kind.ORDER):
        assert {f.where for f in there if f.kind is change} == (
            {f.where for f in back if f.kind is change}
        )


@QUICK
@given(simple(), simple())
def test_a_change_of_type_has_two_sides(old: Any, new: Any) -> None:
    one, other = (described(thing("f" / kind)).sections[0].fields[0].type for kind in (old, new))
    turned = {Change.WIDENED: Change.NARROWED, Change.NARROWED: Change.WIDENED}
    there, back = change_of(one, other), change_of(other, one)
    assert back is turned.get(there, there)
    assert (there is Change.NONE) == (type_name(old) == type_name(new))


# --- descriptions that are none ----------------------------------------------------------

SOUND = load_schema("vepc").describe().split("\n")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "line 1 is not `schema NAME VERSION`"),
        (["schema vepc x"], "line 1 is not"),
        ([*SOUND[:-1], "   deep: u8"], "is no field here"),
        (SOUND[:40], "its config is missing"),
        ([SOUND[0], "section 1 gateway sideways", "  a: u8", "config"], "no section moves"),
        ([SOUND[0], "section 1 gateway once", "  a: float", "config"], "'float' is no type"),
        ([SOUND[0], "nonsense", "config"], "is neither section nor config"),
        ([*SOUND, "config"], "is neither section nor config"),
    ],
)
def test_a_damaged_description_is_refused(lines: list[str], said: str) -> None:
    with pytest.raises(StateError, match=r"x\.txt") as refused:
        parse("\n".join(lines), "x.txt")
    assert said in refused.value.message


def test_the_digest_of_a_description_is_the_schema_hash() -> None:
    for schema in versions.known_versions("vepc"):
        assert description.parse(schema.describe() + "\n", "it").sha256 == schema.sha256()
