"""Many moves, one upon the other, with everything else that may happen meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.vepc.gateway import DATA

from .chaos import Chaos
from .pair import Pair
from .peers import PeersNetwork
from .subscribers import Subscriber, make_image

SUBSCRIBERS = 20
Run = Callable[..., Chaos]


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Subscriber]]:
    path = tmp_path_factory.mktemp("chaos") / "population.img"
    return path, make_image(path, "chaos", SUBSCRIBERS)


@pytest.fixture
def run(
    tmp_path: Path,
    image: tuple[Path, list[Subscriber]],
    pki_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Run:
    """Runs a seed for so many steps on blades of these names."""

    def run(seed: int, steps: int, names: str, *, in_order: bool = True) -> Chaos:
        before = threading.active_count()
        network = PeersNetwork(monkeypatch)
        engines = {name: "native" if name == "b" else "jit" for name in names}
        configs = dict.fromkeys(names, DATA / "chaos.toml")
        pair = Pair(tmp_path, pki_folder, configs, engines, network.port)
        network.pair = pair
        chaos = None
        try:
            pair["a"].restore(image[0])
            chaos = Chaos(seed, pair, network, image[1], monkeypatch, in_order=in_order)
            chaos.run(steps)
        except BaseException:
            print("\n".join(chaos.history if chaos else []))
            raise
        finally:
            pair.close()
            print(dict(chaos.outcomes) if chaos else {}, sum(network.sent.values()), network.echoes)
        assert not network.open_instances and not network.losses
        network.until(lambda: threading.active_count() == before, "all threads end", 5)
        return chaos

    return run


@pytest.mark.parametrize(("seed", "names"), [(1, "ab"), (2, "abc"), (3, "ab"), (4, "abc")])
def test_nothing_is_lost_whatever_happens(run: Run, seed: int, names: str) -> None:
    chaos = run(seed, 25, names)
    assert chaos.outcomes["done"] >= 5


def test_nothing_is_lost_when_sources_have_to_ask(run: Run) -> None:
    run(5, 25, "abc", in_order=False)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(200, 210))
def test_nothing_is_lost_for_long_when_sources_have_to_ask(run: Run, seed: int) -> None:
    run(seed, 60, "abc", in_order=False)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 120))
def test_nothing_is_lost_for_long(run: Run, seed: int) -> None:
    run(seed, 80, "abc")
