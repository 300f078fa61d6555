"""Moving a gateway's state to another one, in the order in which a migration does it.

The schema says how each section moves, so that whatever is added to the state takes part.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from portvnf.state.schema import Moves
from portvnf.state.vepc import SCHEMA

from .gateway import Gateway, load


def _numbers(moves: Moves) -> list[int]:
    return [SCHEMA.section(name).number for name in SCHEMA.that_move(moves)]


CHANGED_FIRST, ROUND = _numbers(Moves.IN_DELTAS), _numbers(Moves.IN_ROUNDS)
ONCE, AFTERWARDS = _numbers(Moves.ONCE), _numbers(Moves.AFTERWARDS)


def send_round(
    source: Gateway,
    copy: Gateway,
    since: int,
    until: int,
    between: Callable[[], None] | None = None,
) -> None:
    """One round in small steps; `between` runs on the source after each of them."""
    for number in [*CHANGED_FIRST, *ROUND] if since else ROUND:
        first = True
        for chunk in source.vnf.export(source.arena, number, since, until, buffer_bytes=8192):
            copy.now_ns = source.now_ns  # remaining times count from the export
            copy.vnf.import_(copy.arena, number, chunk.data, copy.now_ns, first=first)
            first = False
            if between:
                between()


def finish(source: Gateway, copy: Gateway) -> None:
    """What goes over only once, after the last round."""
    copy.now_ns = source.now_ns
    for number in [*ONCE, *AFTERWARDS]:
        copy.vnf.import_(copy.arena, number, source.section(number), copy.now_ns)
    copy.complete()


def other_engine(gateway: Gateway) -> Gateway:
    """An empty gateway of the other engine, at the same time."""
    loaded = load("native" if gateway.loaded.engine == "jit" else "jit")
    return Gateway(loaded, gateway.encoded, gateway.now_ns)


def moved_without_usage(source: Gateway) -> Gateway:
    """A complete copy whose usage is still to come, as right after a commit."""
    copy = other_engine(source)
    send_round(source, copy, 0, source.vnf.epoch(source.arena))
    for number in ONCE:
        copy.vnf.import_(copy.arena, number, source.section(number), copy.now_ns)
    copy.complete()
    return copy


def tell_usage(source: Gateway, copy: Gateway) -> None:
    """What the source counted until it froze, as it comes after the commit."""
    for number in AFTERWARDS:
        copy.vnf.import_(copy.arena, number, source.section(number), copy.now_ns)


def every_step(_: int, gateway: Gateway) -> Gateway:
    """A Move: the whole state goes to a fresh gateway of the other engine each time."""
    copy = other_engine(gateway)
    copy.take(gateway.state())
    return copy


class Delta:
    """A Move in two rounds: the first after step `at`, the rest after the step that follows.

    With `late`, the first round is exported only then, too: it must leave out what came
    after its epoch.
    """

    def __init__(self, at: int, *, late: bool) -> None:
        self._at, self._late = at, late
        self._until = 0
        self._copy: Gateway | None = None

    def __call__(self, number: int, gateway: Gateway) -> Gateway:
        if number == self._at:
            self._until = gateway.vnf.epoch(gateway.arena)
            self._copy = other_engine(gateway)
            if not self._late:
                send_round(gateway, self._copy, 0, self._until)
        elif self._copy is not None:
            copy, self._copy = self._copy, None
            if self._late:
                send_round(gateway, copy, 0, self._until)
            send_round(gateway, copy, self._until, 0)
            finish(gateway, copy)
            return copy
        return gateway


def chosen_delta(name: str, steps: int) -> Delta:
    """A Delta somewhere in a program of this name and length; always the same one."""
    chance = random.Random(name)
    return Delta(chance.randrange(max(steps - 1, 1)), late=chance.random() < 0.5)
