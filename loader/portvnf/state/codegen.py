"""Generates a VNF's C encoder and decoder, and its interface description, from its schema.

`python -m portvnf.state.codegen VNF --header H --source C --interface JSON` is a step of the
build. The C mirrors the schema: a struct a record, with one function that writes it and one
that reads it, field for field in the schema's order.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import construct as cs

from portvnf.state import fields
from portvnf.state.schema import Schema, leaf_names, load_schema, type_name

NOTICE = "/* Generated from portvnf.state.{name} by portvnf.state.codegen: do not edit. */\n"


class Generator:
    """The C of one schema."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.prefix = schema.name
        self.structs: dict[int, str] = {}
        self.order: list[tuple[str, Any]] = []
        for name, record in schema.records.items():
            self._enlist(name, record)
        for section in schema.sections:
            self._enlist(f"{section.name}_record", section.record)
        self._enlist("config", schema.config)

    def _enlist(self, name: str, record: Any) -> None:
        if id(record) in self.structs:
            return
        self.structs[id(record)] = f"{self.prefix}_{name}"
        for field, kind, _ in fields.fields_of(record):
            type_name(kind)  # a TypeError for what no schema can hold
            inner = kind.record if isinstance(kind, fields.Listing) else kind
            if isinstance(inner, cs.Struct):
                self._enlist(f"{name}_{field}", inner)
        self.order.append((self.structs[id(record)], record))

    # --- header ---------------------------------------------------------------------

    def header(self) -> str:
        guard = f"{self.prefix.upper()}_RECORDS_H"
        lines = [NOTICE.format(name=self.prefix), f"#ifndef {guard}", f"#define {guard}", ""]
        lines += ['#include "portvnf/codec.h"', ""]
        for section in self.schema.sections:
            lines.append(f"#define {self._section_macro(section.name)} {section.number}")
        lines.append("")
        for number, port in enumerate(self.schema.ports):
            lines.append(f"#define {self.prefix.upper()}_PORT_{port.upper()} {number}")
        lines.append("")
        for section in self.schema.sections:
            prefix = f"{self.prefix}_field_{section.name}_".upper()
            for number, leaf in enumerate(leaf_names(section.record), 1):
                name = leaf.replace("[].", "_").replace(".", "_").upper()
                lines.append(f"#define {prefix}{name} {number}")
        lines.append("")
        for name, values in self._choices():
            lines += [f"#define {name}_{key.upper()} {value}" for key, value in values.items()]
        for name, record in self.order:
            lines += ["", f"struct {name} {{"]
            lines += [f"    {line}" for line in self._members(record)]
            lines += ["};", ""]
            lines += [f"#define {name.upper()}_MAX {self._largest(record)}", ""]
            lines += [
                f"void {name}_write(struct pv_writer *w, const struct {name} *r);",
                f"void {name}_read(struct pv_reader *in, struct {name} *r, u64 first_field);",
            ]
        return "\n".join([*lines, "", "#endif", ""])

    def _section_macro(self, name: str) -> str:
        return f"{self.prefix.upper()}_SECTION_{name.upper()}"

    def _choices(self) -> Iterator[tuple[str, dict[str, int]]]:
        for struct, record in self.order:
            for field, kind, _ in fields.fields_of(record):
                if isinstance(kind, fields.Choice) and set(kind.names) != {"no", "yes"}:
                    yield f"{struct.removesuffix('_record')}_{field}".upper(), kind.names

    def _members(self, record: Any) -> Iterator[str]:
        for field, kind, docs in fields.fields_of(record):
            note = f" /* {docs} */" if docs else ""
            match kind:
                case fields.Blob() | fields.Text():
                    yield f"u16 {field}_length;"
                    yield f"u8 {field}[{kind.limit}];{note}"
                case fields.Listing():
                    yield f"u8 {field}_count;"
                    yield f"{self._declare(kind.record, f'{field}[{kind.limit}]')};{note}"
                case _:
                    yield f"{self._declare(kind, field)};{note}"

    def _declare(self, kind: Any, name: str) -> str:
        match kind:
            case fields.Octets():
                return f"u8 {name}[{kind.size}]"
            case fields.Ipv6():
                return f"u8 {name}[16]"
            case fields.Ip():
                return f"struct pv_address {name}"
            case cs.Struct():
                return f"struct {self.structs[id(kind)]} {name}"
        return f"u{8 * self._width(kind)} {name}"

    def _width(self, kind: Any) -> int:
        while isinstance(kind, (cs.Validator, cs.Adapter)):
            kind = kind.subcon
        return int(kind.sizeof())

    def _largest(self, record: Any) -> int:
        return sum(self._largest_field(kind) for _, kind, _ in fields.fields_of(record))

    def _largest_field(self, kind: Any) -> int:
        match kind:
            case fields.Blob() | fields.Text():
                return int(kind.length_field.sizeof()) + kind.limit
            case fields.Listing():
                return 1 + kind.limit * self._largest_field(kind.record)
            case cs.Struct():
                return self._largest(kind)
        return self._width(kind)

    # --- source: the writer and the reader of a record mirror each other -------------

    def source(self) -> str:
        lines = [NOTICE.format(name=self.prefix), f'#include "{self.prefix}_records.h"']
        for name, record in self.order:
            lines += ["", f"void {name}_write(struct pv_writer *w, const struct {name} *r)", "{"]
            for field, kind, _ in fields.fields_of(record):
                lines += [f"    {line}" for line in self._write(kind, field)]
            lines += ["}", ""]
            lines += [f"void {name}_read(struct pv_reader *in, struct {name} *r, u64 first_field)"]
            lines += ["{"]
            number = 0
            for field, kind, _ in fields.fields_of(record):
                if not isinstance(kind, cs.Struct):
                    lines.append(f"    pv_next_field(in, first_field + {number});")
                lines += [f"    {line}" for line in self._read(kind, field, number)]
                number += self._leaves(kind)
            lines += ["}"]
        return "\n".join([*lines, ""])

    def _leaves(self, kind: Any) -> int:
        if isinstance(kind, fields.Listing):
            inner = kind.record
            return 1 + (self._leaves(inner) if isinstance(inner, cs.Struct) else 0)
        if isinstance(kind, cs.Struct):
            return sum(self._leaves(inner) for _, inner, _ in fields.fields_of(kind))
        return 1

    def _write(self, kind: Any, name: str) -> Iterator[str]:
        match kind:
            case fields.Blob() | fields.Text():
                yield f"pv_write_u{8 * kind.length_field.sizeof()}(w, r->{name}_length);"
                yield f"pv_write_octets(w, r->{name}, r->{name}_length);"
            case fields.Listing():
                yield f"pv_write_u8(w, r->{name}_count);"
                yield f"for (u64 i = 0; i < r->{name}_count; i++) {{"
                yield from (f"    {line}" for line in self._write(kind.record, f"{name}[i]"))
                yield "}"
            case fields.Octets():
                yield f"pv_write_octets(w, r->{name}, {kind.size});"
            case fields.Ipv6():
                yield f"pv_write_octets(w, r->{name}, 16);"
            case fields.Ip():
                yield f"pv_write_address(w, &r->{name});"
            case cs.Struct():
                yield f"{self.structs[id(kind)]}_write(w, &r->{name});"
            case _:
                yield f"pv_write_u{8 * self._width(kind)}(w, r->{name});"

    def _read(self, kind: Any, name: str, number: int) -> Iterator[str]:
        match kind:
            case fields.Blob() | fields.Text():
                bits = 8 * kind.length_field.sizeof()
                length = f"r->{name}_length"
                yield f"{length} = (u16)pv_in_range(in, pv_read_u{bits}(in), 0, {kind.limit});"
                yield f"pv_read_octets(in, r->{name}, {length});"
                if isinstance(kind, fields.Text):
                    yield f"pv_check_text(in, r->{name}, {length});"
            case fields.Listing():
                count = f"r->{name}_count"
                yield f"{count} = (u8)pv_in_range(in, pv_read_u8(in), 0, {kind.limit});"
                yield f"for (u64 i = 0; i < {count}; i++) {{"
                inner = self._read(kind.record, f"{name}[i]", number + 1)
                yield from (f"    {line}" for line in inner)
                yield "}"
            case fields.Octets():
                yield f"pv_read_octets(in, r->{name}, {kind.size});"
            case fields.Ipv6():
                yield f"pv_read_octets(in, r->{name}, 16);"
            case fields.Ip():
                yield f"pv_read_address(in, &r->{name});"
            case cs.Struct():
                yield f"{self.structs[id(kind)]}_read(in, &r->{name}, first_field + {number});"
            case fields.Bounded():
                bits = 8 * self._width(kind)
                read = f"pv_read_u{bits}(in)"
                yield f"r->{name} = (u{bits})pv_in_range(in, {read}, {kind.low}, {kind.high});"
            case fields.Choice():
                bits = 8 * self._width(kind)
                yield f"r->{name} = pv_read_u{bits}(in);"
                known = " && ".join(f"r->{name} != {value}" for value in kind.names.values())
                yield f"if ({known})"
                yield "    pv_refuse(in, -PV_ERROR_NOT_CANONICAL);"
            case _:
                yield f"r->{name} = pv_read_u{8 * self._width(kind)}(in);"


def interface(schema: Schema, counters: Path) -> dict[str, Any]:
    """What the artifact's manifest says of the VNF's interface."""
    return {
        "name": schema.name,
        "ports": list(schema.ports),
        "schema": {"name": schema.name, "version": schema.version, "sha256": schema.sha256()},
        **read_counters(counters),
    }


def read_counters(path: Path) -> dict[str, list[str]]:
    """The X-macro list of counters: `GAUGE`, `COUNTER` or `DROP` of a name, one a line.

    A dropped packet's reason is 1 + the place of its name among the drop reasons.
    """
    counters: list[str] = []
    gauges: list[str] = []
    reasons: list[str] = []
    for line in path.read_text().splitlines():
        kind, _, rest = line.strip().partition("(")
        if kind in ("GAUGE", "COUNTER", "DROP"):
            name = rest.split(")")[0].split(",")[0].strip()
            counters.append(f"drop_{name}" if kind == "DROP" else name)
            if kind == "DROP":
                reasons.append(name)
            elif kind == "GAUGE":
                gauges.append(name)
    return {"counters": counters, "gauges": gauges, "drop_reasons": reasons}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("vnf")
    parser.add_argument("--header", type=Path, required=True)
    parser.add_argument("--source", type=Path, required=True)
    parser.add_argument("--interface", type=Path, required=True)
    parser.add_argument("--counters", type=Path, required=True)
    options = parser.parse_args()
    schema = load_schema(options.vnf)
    generator = Generator(schema)
    options.header.write_text(generator.header())
    options.source.write_text(generator.source())
    description = interface(schema, options.counters)
    options.interface.write_text(json.dumps(description, indent=2, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
