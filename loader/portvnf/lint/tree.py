"""clang's JSON syntax tree with a place for every node.

The JSON names a file and a line only where they differ from those printed last, so the
whole tree is read in the order in which it was printed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Node:
    """A node: clang's own dictionary, its place, its parent and children."""

    kind: str
    data: dict[str, Any]
    parent: Node | None
    file: str = ""
    line: int = 0
    column: int = 0
    children: list[Node] = field(default_factory=list)

    @property
    def written(self) -> str:
        """The node's type as the source writes it ("" where it has none)."""
        return str(self.data.get("type", {}).get("qualType", ""))

    @property
    def canonical(self) -> str:
        """The node's type with typedefs resolved."""
        kind = self.data.get("type", {})
        return str(kind.get("desugaredQualType", kind.get("qualType", "")))

    @property
    def name(self) -> str:
        return str(self.data.get("name", ""))

    def __post_init__(self) -> None:
        self.data = {k: v for k, v in self.data.items() if k not in ("inner", "range", "loc")}

    def walk(self) -> Iterator[Node]:
        """This node and all below it."""
        yield self
        for child in self.children:
            yield from child.walk()


def read(data: dict[str, Any]) -> Node:
    """The tree of a translation unit."""
    return _Reader().node(data, None)


class _Reader:
    def __init__(self) -> None:
        self._file = ""
        self._line = 0

    def node(self, data: dict[str, Any], parent: Node | None) -> Node:
        node = Node(str(data.get("kind", "")), data, parent)
        place = None
        for key, value in data.items():
            if key == "loc":
                place = self._place(value) or place
            elif key == "range":
                begin = self._place(value.get("begin", {}))
                self._place(value.get("end", {}))
                place = place or begin
            elif key == "inner":
                node.file, node.line, node.column = place or self._inherited(parent)
                node.children = [self.node(child, node) for child in value if child]
        node.file, node.line, node.column = place or self._inherited(parent)
        return node

    def _inherited(self, parent: Node | None) -> tuple[str, int, int]:
        return (parent.file, parent.line, parent.column) if parent else ("", 0, 0)

    def _place(self, value: dict[str, Any]) -> tuple[str, int, int] | None:
        if "spellingLoc" in value or "expansionLoc" in value:
            # A macro's text and where it is used: the use is what the reader looks for.
            self._place(value.get("spellingLoc", {}))
            return self._place(value.get("expansionLoc", {}))
        if "col" not in value:
            return None
        self._file = str(value.get("file", self._file))
        self._line = int(value.get("line", self._line))
        return self._file, self._line, int(value["col"])
