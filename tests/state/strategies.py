"""Random records of a schema, drawn field by field from the schema itself."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address
from typing import Any

import construct as cs
from hypothesis import strategies as st

from portvnf.state import fields


def values(kind: Any) -> st.SearchStrategy[Any]:
    """Values of one field type that construct can build."""
    match kind:
        case fields.Bounded():
            return st.integers(kind.low, kind.high)
        case fields.Choice():
            return st.sampled_from(sorted(kind.names))
        case fields.Ipv4():
            return st.integers(0, (1 << 32) - 1).map(lambda n: str(IPv4Address(n)))
        case fields.Ipv6():
            return st.integers(0, (1 << 128) - 1).map(lambda n: str(IPv6Address(n)))
        case fields.Ip():
            addresses = st.integers(0, (1 << 32) - 1).map(IPv4Address) | st.integers(
                0, (1 << 128) - 1
            ).map(lambda n: IPv6Address(n).ipv4_mapped or IPv6Address(n))
            return addresses.map(str)
        case fields.Prefix64():
            return st.integers(0, (1 << 64) - 1).map(lambda n: f"{IPv6Address(n << 64)}/64")
        case fields.Octets():
            return st.binary(min_size=kind.size, max_size=kind.size).map(bytes.hex)
        case fields.Blob():
            return st.binary(max_size=kind.limit).map(bytes.hex)
        case fields.Text():
            return st.text(
                st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=kind.limit
            )
        case fields.Listing():
            return st.lists(values(kind.record), max_size=kind.limit)
        case cs.Struct():
            return record(kind)
        case cs.FormatField():
            return st.integers(0, (1 << 8 * kind.sizeof()) - 1)
    raise AssertionError(f"no values for {kind!r}")


def record(struct: Any) -> st.SearchStrategy[dict[str, Any]]:
    """Whole records of a construct Struct."""
    return st.fixed_dictionaries({name: values(kind) for name, kind, _ in fields.fields_of(struct)})
