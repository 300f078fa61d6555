"""Writes docs/verifier-rules.md from the verifier's table.

`python -m portvnf.artifact.docgen --output docs/verifier-rules.md`; a test compares the
file in the repository with what this gives.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from portvnf.artifact import vocabulary
from portvnf.artifact.memory_rules import WIRE_HELPERS
from portvnf.artifact.places import ARENA_ALIGN
from portvnf.artifact.rules import RULES

_INTRODUCTION = """\
<!-- Generated from portvnf.artifact.rules by portvnf.artifact.docgen: do not edit. -->

# The verifier's rules

`portvnf verify FILE` holds an artifact against the rules below; the build does so before it
writes the file, and every host before it compiles it. What no rule allows is refused, with
the rule's name and the function's. The rules read the text that the host's own LLVM prints;
the verdict is the same under LLVM 14 and LLVM 22. What only the source still shows is the
matter of [`portvnf lint`](lint-rules.md).

| Rule | Demands | Because |
|---|---|---|
"""

_MEMORY = """\

## Byte order and alignment

The artifact is not optimised, so each access still shows how its pointer came about within
its function:

- Declared memory (a variable, a constant table, a member of a structure, an element of an
  array) is read, written and walked as the types that stand at its offset, and as no others:
  no union of unlike members, no structure laid over another.
- A pointer that was cast may be given to the memory routines and to nothing else, so bytes of
  a packet never become anything wider, nor an object bytes.
- The exception has a name that survives in the artifact: what `pv_native`
  ([`native.h`](../portable_rt/include/portvnf/native.h)) returns may be used as any type. It
  is for the arena, which only this host sees.
- The memory routines copy bytes to bytes and objects to objects of the same members. Between
  the two only {helpers} of [`wire.h`](../portable_rt/include/portvnf/wire.h) copy.
- An access may claim the alignment that its object was declared with, or its type's own;
  bytes reached through a pointer have alignment 1. A structure in the arena may claim up to
  {arena} bytes when its size is a multiple of that.

Types are not followed through memory from one function into another: there, C's own rules
hold, because a cast does not leave the function in which it stands. One thing only LLVM 14
shows: that the address of a constant table was cast before it was handed on. The build asks
LLVM 14 and this host's LLVM, and writes nothing that either refuses.

## Shift amounts

In range, as far as its function shows, is: a constant, a mask, a remainder, a narrow value
made wider, a bit count, and sums, differences, products and choices of these. Where a check
elsewhere bounds the amount, a mask says so again: `1ull << (n & 63)`.

## Allowed

Intrinsics: {intrinsics}.

Metadata: {metadata}.
"""


def document() -> str:
    """The whole page."""
    rows = "".join(f"| `{rule.name}` | {rule.what} | {rule.why} |\n" for rule in RULES)
    return (
        _INTRODUCTION
        + rows
        + _MEMORY.format(
            helpers=_listed(WIRE_HELPERS),
            arena=ARENA_ALIGN,
            intrinsics=_listed(vocabulary.INTRINSICS),
            metadata=_listed(vocabulary.METADATA_KINDS | {"portvnf.manifest"}),
        )
    )


def _listed(names: frozenset[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True)
    parser.parse_args().output.write_text(document())


if __name__ == "__main__":
    main()
