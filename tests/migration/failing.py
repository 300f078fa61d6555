"""A move in which something fails, and what must be so afterwards."""

from __future__ import annotations

from typing import Any

from portvnf.errors import MigrationError
from portvnf.migration.messages import Kind

from .network import Network
from .pair import Pair
from .saboteur import Saboteur
from .subscribers import Subscriber


def move(
    pair: Pair, network: Network, some: list[Subscriber], saboteur: Saboteur
) -> MigrationError | dict[str, Any]:
    """Moves from a to b with packets in every phase; the error, or the report."""

    def report(event: dict[str, Any]) -> None:
        network.pump(some, rounds=5)

    network.pump(some, rounds=5)
    try:
        return pair["a"].migrate("b", report)
    except MigrationError as error:
        return error
    finally:
        for listener in pair.listeners.values():
            listener.settle()
        assert saboteur.struck, f"no such message: {saboteur.log}"


def serves(pair: Pair, network: Network, name: str, some: list[Subscriber]) -> None:
    """`name` alone has the sessions, all of them, and new packets pass."""
    assert pair.owners() == [name]
    other = "b" if name == "a" else "a"
    assert pair[other].status()["state"] == "standby"
    assert len(network.open_instances) == 1, "an instance was left open"
    assert pair[name].status()["sessions"] == 40
    network.pump(some, rounds=5)


def ids(messages: list[tuple[Kind, int]]) -> list[str]:
    return [f"{kind.name}-{nth}" for kind, nth in messages]
