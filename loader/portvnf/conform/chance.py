"""Seeded chance: the same numbers from the same seed, in every Python on every ISA."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Generic, TypeVar

T = TypeVar("T")


class Chance:
    """Everything is made of random.Random.random(), whose sequence Python promises to keep."""

    def __init__(self, seed: int) -> None:
        self._draw = random.Random(seed).random

    def below(self, limit: int) -> int:
        """An integer from 0 to limit - 1."""
        return int(self._draw() * limit)

    def between(self, low: int, high: int) -> int:
        """An integer from low to high."""
        return low + int(self._draw() * (high - low + 1))

    def hit(self, percent: float) -> bool:
        """True in so many of a hundred cases."""
        return self._draw() * 100 < percent

    def pick(self, items: Sequence[T]) -> T:
        """One of the items."""
        return items[int(self._draw() * len(items))]

    def octets(self, count: int) -> bytes:
        """So many random bytes."""
        return bytes(int(self._draw() * 256) for _ in range(count))


class Weighted(Generic[T]):
    """A choice among items of unlike weight."""

    def __init__(self, weights: Sequence[tuple[int, T]]) -> None:
        # One entry a unit of weight: a draw is one look-up.
        self._items = [item for weight, item in weights for _ in range(weight)]

    def draw(self, chance: Chance) -> T:
        """One of the items."""
        return chance.pick(self._items)
