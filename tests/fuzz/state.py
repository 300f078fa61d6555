"""`python -m tests.fuzz.state FILE`: writes the state that the fuzz targets start from.

It is made by the population of the malformed-packet tests, so it holds what those hold:
connected and idle UEs, several PDN connections, kept answers. gateway.h has the layout.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.vepc.gateway import Gateway, configuration, load
from tests.vepc.malformed import populate


def state_file() -> bytes:
    """The configuration as part 0, then the sections of an image in their order."""
    gateway = Gateway(load("native"), configuration("vepc"))
    populate(gateway)
    parts = {0: gateway.encoded, **gateway.state()}
    return b"".join(
        number.to_bytes(2, "big") + len(data).to_bytes(4, "big") + data
        for number, data in parts.items()
    )


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(state_file())
