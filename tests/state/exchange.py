"""`python -m tests.state.exchange ENGINE CONFIG IMAGE NOW_NS OUTPUT`: imports an image file
into a fresh instance and exports it again, on whatever ISA this Python is of."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from portvnf.state import image
from portvnf.state.vepc import SCHEMA

from ..vepc.gateway import Gateway, artifact, configuration, load


def to_image(gateway: Gateway) -> image.Image:
    """Everything that a gateway holds, framed."""
    parts = []
    for section in SCHEMA.image_sections:
        chunks = list(gateway.vnf.export(gateway.arena, section.number))
        data = b"".join(chunk.data for chunk in chunks)
        count = sum(chunk.records for chunk in chunks)
        parts.append(image.SectionData(section.number, count, data))
    return image.Image(SCHEMA, artifact().sha256, tuple(parts))


def from_image(gateway: Gateway, given: image.Image) -> None:
    """All or nothing into a fresh gateway."""
    gateway.take({section.number: section.data for section in given.sections})


def main() -> None:
    engine, name, source, now_ns, output = sys.argv[1:]
    gateway = Gateway(load(engine), configuration(name), int(now_ns))
    from_image(gateway, image.read(Path(source), SCHEMA))
    image.write(Path(output), to_image(gateway))
    json.dump({"isa": gateway.loaded.isa, "engine": gateway.loaded.engine}, sys.stdout)


if __name__ == "__main__":
    main()
