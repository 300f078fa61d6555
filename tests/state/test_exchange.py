"""Images move between engines and ISAs, and come back the same to the byte."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from portvnf.errors import ImageError
from portvnf.state import image
from portvnf.state.vepc import SCHEMA

from ..conftest import require_emulated
from ..vepc.gateway import Gateway, configuration, load
from ..vepc.malformed import flips, populate, truncations
from ..vepc.population import Population
from ..vepc.remote import Remote
from .exchange import from_image, to_image
from .test_rounds import KINDS, stir

SESSIONS = 3000


@pytest.fixture(scope="module")
def lived() -> Gateway:
    """A gateway with thousands of sessions after real traffic."""
    gateway = Gateway(load("jit"), configuration("thousands"))
    population = Population(lambda port, packet: gateway.one(port, packet)[1])
    chance = random.Random(7)
    for number in range(1, SESSIONS + 1):
        pdn, apn = KINDS[number % len(KINDS)]
        population.attach(number, pdn, apn, number)
        if number % 3 == 0:
            gateway.run(ms=1)
    stir(population, chance, range(1, SESSIONS + 1), 2000)
    assert population.sessions > 2500
    return gateway


def test_between_engines(lived: Gateway, tmp_path: Path) -> None:
    data = image.encode(to_image(lived))
    for engine in ("native", "jit"):
        other = Gateway(load(engine), lived.encoded, lived.now_ns)
        from_image(other, image.decode(data, SCHEMA, "the image"))
        assert image.encode(to_image(other)) == data


def test_between_isas(lived: Gateway, tmp_path: Path) -> None:
    """x86-64 to mips64el to s390x (big-endian) to mips64el and back: each file is the same."""
    for isa in ("mips64el", "s390x"):
        require_emulated(isa)
    path = tmp_path / "0.image"
    image.write(path, to_image(lived))
    expected = path.read_bytes()
    for hop, isa in enumerate(["mips64el", "s390x", "mips64el"], 1):
        output = tmp_path / f"{hop}.image"
        remote = Remote(isa, tmp_path)
        words = ("thousands", path, lived.now_ns, output)
        done = remote.run("tests.state.exchange", "jit", *words)
        assert done == {"isa": isa, "engine": "jit"}
        assert output.read_bytes() == expected, f"{path} through {isa}"
        path = output
    back = Gateway(load("native"), lived.encoded, lived.now_ns)
    from_image(back, image.read(path, SCHEMA))
    assert back.state() == lived.state()


def test_construct_reads_what_c_exports(lived: Gateway) -> None:
    """Every record parses, and builds to the very bytes again."""
    for section in to_image(lived).sections:
        record, data, count = SCHEMA.section(section.number).record, section.data, 0
        at = 0
        while at < len(data):
            built = record.build(record.parse(data[at : at + 1024]))
            assert data[at : at + len(built)] == built
            at, count = at + len(built), count + 1
        assert count == section.records


def test_a_damaged_image_is_refused() -> None:
    """Every truncation and every single-bit flip of a whole image file."""
    gateway = Gateway(load("native"), configuration("vepc"))
    populate(gateway)
    data = image.encode(to_image(gateway))
    for damaged in (*truncations(data), *flips(data), data + b"\0"):
        with pytest.raises(ImageError):
            image.decode(damaged, SCHEMA, "the image")
