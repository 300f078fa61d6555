"""The gateway that answers the generator: it alone knows which TEIDs it gives out."""

from __future__ import annotations

from collections.abc import Sequence

from portvnf.burst import BurstRunner, Packet
from portvnf.conform.scene import START_NS
from portvnf.vnf import Vnf


class Reference:
    """One instance in this process. It sees the control packets only; user packets change
    nothing that a request's answer depends on."""

    def __init__(self, vnf: Vnf, config: bytes) -> None:
        arena = vnf.new_arena(config, START_NS)
        self._runner = BurstRunner(vnf, arena)

    def answers(self, packets: Sequence[Packet], now_ns: int) -> tuple[Packet, ...]:
        """What it sends for one burst."""
        return self._runner.run(packets, now_ns).out
