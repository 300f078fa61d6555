"""The generated C codec against construct, and what the generator refuses."""

from __future__ import annotations

import ctypes
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import construct as cs
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from portvnf import locate
from portvnf.state import fields
from portvnf.state.codegen import Generator
from portvnf.state.schema import Schema, Section, leaf_names, type_name
from portvnf.state.vepc import SCHEMA

from .strategies import record

RECORDS = {
    **{f"{section.name}_record": section.record for section in SCHEMA.sections},
    "config": SCHEMA.config,
}
PV_ERROR_TRUNCATED, PV_ERROR_NOT_CANONICAL, PV_ERROR_ORDER = 4, 5, 11

Echo = Callable[[str, bytes], tuple[int, bytes, int]]


@pytest.fixture(scope="module")
def echo(tmp_path_factory: pytest.TempPathFactory) -> Echo:
    """echo(record name, bytes): result of the C reader, what the C writer made of it, and the
    number of the field at which the reader stopped."""
    folder = tmp_path_factory.mktemp("codec")
    generator = Generator(SCHEMA)
    (folder / "vepc_records.h").write_text(generator.header())
    (folder / "vepc_records.c").write_text(generator.source())
    template = (Path(__file__).parent / "echo.c.in").read_text()
    (folder / "echo.c").write_text(template + "".join(f"ECHO({name})\n" for name in RECORDS))
    library = folder / "echo.so"
    flags = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-O1", "-fPIC", "-shared"]
    sources = [str(folder / "echo.c"), str(folder / "vepc_records.c")]
    includes = [f"-I{locate.headers()}", f"-I{folder}"]
    subprocess.run(["gcc", *flags, *includes, *sources, "-o", str(library)], check=True)
    loaded = ctypes.CDLL(str(library))

    def call(name: str, data: bytes) -> tuple[int, bytes, int]:
        out, field = ctypes.create_string_buffer(1 << 16), ctypes.c_uint64()
        function = getattr(loaded, f"echo_{name}")
        function.restype = ctypes.c_longlong
        result = function(data, ctypes.c_uint64(len(data)), out, ctypes.byref(field))
        return result, out.raw[: max(result, 0)], field.value

    return call


@pytest.mark.parametrize("name", RECORDS)
@settings(max_examples=40, deadline=None, derandomize=True, phases=[Phase.generate])
@given(data=st.data())
def test_c_and_construct_agree(echo: Echo, name: str, data: st.DataObject) -> None:
    """construct builds, C reads and writes: the same bytes; construct reads them as before."""
    struct = RECORDS[name]
    value = data.draw(record(struct))
    built = struct.build(value)
    assert echo(name, built)[:2] == (len(built), built)
    assert struct.build(struct.parse(built)) == built
    # The C numbers fields as the schema does; a cut names the field that it falls into.
    cut = data.draw(st.integers(0, len(built) - 1))
    result, _, field = echo(name, built[:cut])
    assert result == -PV_ERROR_TRUNCATED
    assert 1 <= field <= len(list(leaf_names(struct)))
    with pytest.raises(cs.ConstructError):
        struct.parse(built[:cut])


@pytest.mark.parametrize("name", RECORDS)
@settings(max_examples=100, deadline=None, derandomize=True, phases=[Phase.generate])
@given(data=st.data())
def test_c_and_construct_refuse_the_same(echo: Echo, name: str, data: st.DataObject) -> None:
    """One octet changed: both take it, to the same bytes, or both refuse it."""
    struct = RECORDS[name]
    built = bytearray(struct.build(data.draw(record(struct))))
    at = data.draw(st.integers(0, len(built) - 1))
    built[at] = data.draw(st.integers(0, 255))
    result, written, _ = echo(name, bytes(built))
    try:
        parsed = struct.parse(bytes(built))
        by_construct = struct.build(parsed)
    except cs.ConstructError:
        assert result in (-PV_ERROR_TRUNCATED, -PV_ERROR_NOT_CANONICAL)
        return
    if len(by_construct) < len(built):
        assert result == -PV_ERROR_ORDER  # whole, but something follows
        return
    assert (result, written) == (len(built), bytes(built))


def test_the_largest_record_is_the_stated_maximum(echo: Echo) -> None:
    header = Generator(SCHEMA).header()
    for name, struct in RECORDS.items():
        stated = header.split(f"#define VEPC_{name.upper()}_MAX ")[1].split()[0]
        assert int(stated) == largest(struct), name


def largest(kind: Any) -> int:
    """The longest encoding, from the types alone."""
    match kind:
        case fields.Blob() | fields.Text():
            return kind.limit + (1 if kind.limit < 256 else 2)
        case fields.Listing():
            return 1 + kind.limit * largest(kind.record)
        case cs.Struct():
            return sum(largest(inner) for _, inner, _ in fields.fields_of(kind))
    return int(kind.sizeof())


def schema_of(*members: Any, name: str = "thing", number: int = 1) -> Schema:
    struct = cs.Struct(*members)
    return Schema("vepc", 1, ("a",), struct, {}, (Section(number, name, struct, "docs"),))


def test_the_hash_follows_the_encoding_and_nothing_else() -> None:
    first = schema_of("a" / fields.U32 * "words").sha256()
    assert schema_of("a" / fields.U32 * "other words").sha256() == first
    others = [
        schema_of("b" / fields.U32),
        schema_of("a" / fields.U16),
        schema_of("a" / fields.Bounded(fields.U32, 0, 9)),
        schema_of("a" / fields.U32, "b" / fields.U8),
        schema_of("a" / fields.U32, name="other"),
        schema_of("a" / fields.U32, number=2),
        schema_of("a" / cs.Struct("a" / fields.U32)),
        schema_of("a" / fields.Choice(fields.U32, x=1)),
        schema_of("a" / fields.Choice(fields.U32, x=2)),
    ]
    hashes = {schema.sha256() for schema in others}
    assert len(hashes) == len(others) and first not in hashes
    assert SCHEMA.sha256() == SCHEMA.sha256() and len(SCHEMA.sha256()) == 64


@pytest.mark.parametrize(
    "kind", [cs.Float32b, cs.GreedyBytes, cs.VarInt, cs.Flag, cs.Array(3, cs.Byte)]
)
def test_unknown_types_are_refused(kind: Any) -> None:
    with pytest.raises(TypeError, match="cannot hold"):
        type_name(kind)
    with pytest.raises(TypeError, match="cannot hold"):
        schema_of("a" / kind).sha256()
    with pytest.raises(TypeError, match="cannot hold"):
        Generator(schema_of("a" / kind)).source()
