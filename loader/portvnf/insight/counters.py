"""A gateway's counters: the VNF's own, drops by reason, ports, and the packet engine's."""

from __future__ import annotations

from typing import Any

from portvnf.insight import table

_DROP = "drop_"
# Of the engine's figures, what an operator asks for; the others are its inner life.
_ENGINE = ("held", "held_peak", "held_dropped", "injected", "refused", "bursts")
_PORT = (
    ("rx_packets", "RX PACKETS"),
    ("rx_bytes", "RX BYTES"),
    ("tx_packets", "TX PACKETS"),
    ("tx_bytes", "TX BYTES"),
    ("tx_dropped", "TX DROPPED"),
    ("rx_errors", "RX ERRORS"),
    ("tx_errors", "TX ERRORS"),
)


def grouped(
    counters: dict[str, int], ports: dict[str, dict[str, int]], engine: dict[str, int]
) -> dict[str, Any]:
    """All of them in plain values; drops by reason, without their prefix."""
    return {
        "counters": {n: value for n, value in counters.items() if not n.startswith(_DROP)},
        "drops": {
            n.removeprefix(_DROP): value for n, value in counters.items() if n.startswith(_DROP)
        },
        "ports": {name: {key: port[key] for key, _ in _PORT} for name, port in ports.items()},
        "engine": {key: engine[key] for key in _ENGINE},
    }


def text(groups: dict[str, Any]) -> str:
    """The same as tables."""
    ports = [(name, *(port[key] for key, _ in _PORT)) for name, port in groups["ports"].items()]
    parts = [
        _listed("COUNTER", groups["counters"]),
        _listed("DROPPED FOR", groups["drops"]),
        "\n".join(table.lines(("PORT", *(heading for _, heading in _PORT)), ports)),
        _listed("ENGINE", groups["engine"]),
    ]
    return "\n\n".join(parts)


def _listed(heading: str, values: dict[str, int]) -> str:
    return "\n".join(table.lines((heading, "VALUE"), list(values.items())))
