"""What the change of a field's type means for the values that are there already."""

from __future__ import annotations

from enum import Enum

from portvnf.state.description import Choice, Integer, Listing, Sized, Type


class Change(Enum):
    """How the values of a new type stand to those of the old one."""

    NONE = "unchanged"
    WIDENED = "widened"
    NARROWED = "narrowed"
    OTHER = "changed"


_FAMILIES = ("ipv4", "ipv6")


def change_of(old: Type, new: Type) -> Change:
    """WIDENED when every old value is one of the new type, though perhaps written otherwise;
    NARROWED when it is the other way round."""
    if old == new:
        return Change.NONE
    match old, new:
        case Integer(), Integer():
            return _by(_within((old.low, old.high), (new.low, new.high)),
                       _within((new.low, new.high), (old.low, old.high)))  # fmt: skip
        case Choice(), Choice():
            before, after = ({name for name, _ in kind.values} for kind in (old, new))
            return _by(before <= after, after <= before)
        case Sized(), Sized() if old.kind == new.kind != "octets":
            return _by(old.size <= new.size, new.size <= old.size)
        case Listing(), Listing():
            inner = change_of(old.inner, new.inner)
            wider = old.limit <= new.limit and inner in (Change.NONE, Change.WIDENED)
            narrower = new.limit <= old.limit and inner in (Change.NONE, Change.NARROWED)
            return _by(wider, narrower)
        case str(), "ip" if old in _FAMILIES:
            return Change.WIDENED
        case "ip", str() if new in _FAMILIES:
            return Change.NARROWED
    return Change.OTHER


def _within(inner: tuple[int, int], outer: tuple[int, int]) -> bool:
    return outer[0] <= inner[0] and inner[1] <= outer[1]


def _by(wider: bool, narrower: bool) -> Change:
    """Both: the same values, otherwise written."""
    if wider:
        return Change.WIDENED
    return Change.NARROWED if narrower else Change.OTHER
