"""A blade's figures as Prometheus metrics, read anew at each scrape.

The work is the same however many sessions there are: the VNF's counters, and a line for each
port. docs/metrics.md lists the names. Only what prometheus_client 0.16 (Debian 12) and later
versions have alike is used.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
    StateSetMetricFamily,
)
from prometheus_client.registry import Collector, CollectorRegistry

from portvnf.agent.blade import Blade, State
from portvnf.errors import PortvnfError

_DROP = "drop_"
_IDENTITY = ("name", "vnf", "isa", "engine", "llvm", "cpu", "artifact_sha256", "schema_sha256",
             "config_sha256")  # fmt: skip
_PORT = {
    "rx_packets": "Packets received.",
    "rx_bytes": "Bytes received.",
    "tx_packets": "Packets sent.",
    "tx_bytes": "Bytes sent.",
    "tx_dropped": "Packets that the port did not take.",
    "rx_errors": "Errors while receiving.",
    "tx_errors": "Errors while sending.",
}
_ENGINE = {
    "bursts": "Calls of the VNF.",
    "held_dropped": "Packets dropped because too many were held.",
    "injected": "Packets taken over from another blade.",
    "refused": "Packets of the VNF that lay outside their buffers.",
}


class BladeCollector(Collector):
    """Reads one blade."""

    def __init__(self, blade: Blade) -> None:
        self._blade = blade

    def collect(self) -> Iterable[Metric]:
        """All metrics. Those of an instance are missing while there is none."""
        yield from self._blade_itself()
        try:
            instance = [*self._vnf(), *self._ports(), *self._engine()]
        except PortvnfError:  # on standby, or the sessions left just now
            return
        yield from instance

    def _blade_itself(self) -> Iterator[Metric]:
        blade = self._blade
        identity = {name: str(blade.identity()[name]) for name in _IDENTITY}
        yield InfoMetricFamily("portvnf_blade", "What this blade is.", value=identity)
        states = {state.value: blade.state is state for state in State}
        yield StateSetMetricFamily("portvnf_state", "Who owns the sessions.", value=states)
        moved = CounterMetricFamily(
            "portvnf_migrations", "Migrations that ended.", labels=("direction", "outcome")
        )
        for (direction, outcome), count in sorted(blade.migrations.items()):
            moved.add_metric((direction, outcome), count)
        yield moved
        yield CounterMetricFamily(
            "portvnf_charging_records_written",
            "Charging records that are safe in the file.",
            value=blade.charging.written,
        )
        yield GaugeMetricFamily(
            "portvnf_charging_stalled",
            "1 while charging records cannot be written and wait in the gateway.",
            value=bool(blade.charging.trouble),
        )

    def _vnf(self) -> Iterator[Metric]:
        gauges = self._blade.selection.gauges
        drops = CounterMetricFamily(
            "portvnf_dropped", "Packets and messages dropped, by reason.", labels=("reason",)
        )
        for name, value in self._blade.counters().items():
            if name.startswith(_DROP):
                drops.add_metric((name.removeprefix(_DROP),), value)
            elif name in gauges:
                yield GaugeMetricFamily(f"portvnf_{name}", f"How many {name} there are.", value)
            else:
                text = f"The gateway's counter {name}."
                yield CounterMetricFamily(f"portvnf_{name}", text, value)
        yield drops

    def _ports(self) -> Iterator[Metric]:
        ports = self._blade.view.ports()
        for key, text in _PORT.items():
            metric = CounterMetricFamily(f"portvnf_port_{key}", text, labels=("port",))
            for name, figures in ports.items():
                metric.add_metric((name,), figures[key])
            yield metric

    def _engine(self) -> Iterator[Metric]:
        figures = self._blade.view.engine()
        yield GaugeMetricFamily("portvnf_held_packets", "Packets held now.", figures["held"])
        for key, text in _ENGINE.items():
            yield CounterMetricFamily(f"portvnf_engine_{key}", text, figures[key])


def registry_of(blade: Blade) -> CollectorRegistry:
    """A registry with this blade's metrics and nothing else."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(BladeCollector(blade))
    return registry
