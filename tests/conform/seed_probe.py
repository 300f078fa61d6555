"""Prints what one seed gives in each scene, as JSON; also run by the Python of other ISAs."""

from __future__ import annotations

import hashlib
import json
import sys

from portvnf import locate
from portvnf.conform.generator import Generator
from portvnf.conform.scene import SCENES
from portvnf.native import load_native
from portvnf.trace import encode_trace
from portvnf.vnf import Vnf

SEED, PACKETS = 7, 400


def digests() -> dict[str, str]:
    """The digest of each scene's trace."""
    vnf = Vnf(load_native(locate.native_vnf()))
    found = {}
    for scene in SCENES:
        trace = Generator(SEED, scene, vnf).trace(PACKETS)
        found[scene.name] = hashlib.sha256(encode_trace(trace)).hexdigest()
    return found


if __name__ == "__main__":
    json.dump(digests(), sys.stdout)
