"""Fixtures: a network with two blades, one of which has subscribers in service."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from portvnf import select
from portvnf.agent import blade as blade_module
from portvnf.migration import destination
from tests.vepc.gateway import DATA

from .network import Network
from .pair import Pair
from .subscribers import Subscriber, make_image

SUBSCRIBERS = 40
PATIENCE_S = 1.0  # a busy machine takes a while between two messages


@pytest.fixture(scope="session")
def population(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Subscriber]]:
    """An image of some subscribers, and what they are."""
    path = tmp_path_factory.mktemp("population") / "population.img"
    return path, make_image(path, "thousands", SUBSCRIBERS)


@pytest.fixture
def subscribers(population: tuple[Path, list[Subscriber]]) -> list[Subscriber]:
    return population[1]


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Network:
    return Network(monkeypatch)


@pytest.fixture(scope="session")
def pki_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the blades' authority and certificates are."""
    return tmp_path_factory.mktemp("pki")


@pytest.fixture(autouse=True)
def load_each_engine_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blades share the loaded VNF, which has no state of its own: verifying takes a while."""
    monkeypatch.setattr(select, "load", _LOAD)


_LOAD = cache(select.load)


@pytest.fixture
def short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Peers that say nothing are given up soon."""
    monkeypatch.setattr(blade_module, "MESSAGE_TIMEOUT_S", PATIENCE_S)
    monkeypatch.setattr(destination, "DRAIN_TIMEOUT_S", PATIENCE_S)


@pytest.fixture
def pair(
    tmp_path: Path,
    network: Network,
    population: tuple[Path, list[Subscriber]],
    pki_folder: Path,
) -> Iterator[Pair]:
    """Blade a (JIT) serves the subscribers; blade b (native) is on standby."""
    configs = dict.fromkeys("ab", DATA / "thousands.toml")
    pair = Pair(tmp_path, pki_folder, configs, {"a": "jit", "b": "native"}, network.port)
    network.pair = pair
    try:
        pair["a"].restore(population[0])
        yield pair
    finally:
        pair.close()
    assert not network.open_instances, "an instance was left open"
