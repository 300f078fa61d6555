"""A burst that runs out of packets for fragments: what is dropped then is not too big."""

from __future__ import annotations

from collections import Counter

from portvnf import cdef

from .gateway import SGI, Gateway, configuration, load, names_of
from .packets import build

PARTS = 4  # that a packet of 1800 bytes is split into with tests/data/small_mtu.toml


def test_nobody_is_told_a_size_when_packets_run_out() -> None:
    gateway = Gateway(load("native"), configuration("small_mtu"))
    gateway.run(build({"send": "create", "enb": 0x900})[:2], ms=1)
    big = build({"send": "down", "user": "down_big4", "ue": "10.45.0.1", "size": 1800})[1]
    limits = cdef.constants("vnf.h")
    burst, fit = limits["PV_BURST_MAX"], limits["PV_SPARE_MAX"] // (PARTS - 1)
    assert fit < burst
    result = gateway.run(*[(SGI, big)] * burst, ms=1)
    assert len(result.out) == fit * PARTS
    assert Counter(names_of(result.reasons)) == {"": fit, "no_spare": burst - fit}
    counters = gateway.counters()
    assert counters["icmp_errors_sent"] == counters["drop_too_big"] == 0
    assert counters["no_spare_packet"] == counters["drop_no_spare"] == burst - fit
