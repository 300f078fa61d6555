"""`portvnf bench control|packets`: what the vEPC costs on this host, by engine.

The engines take turns within one run; medians and their ratio are printed. Only vnf_burst is
timed: neither drivers nor Python are in the figures.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

from portvnf import locate, select
from portvnf.bench import messages
from portvnf.bench.timed import BURST, TRAIN, TimedGateway, Train, scattered
from portvnf.vnf import Vnf

ENGINES = ("jit", "native")
_PACKET = 64
_SAMPLE = 4096
_REPEATS = 100

Rows = list[dict[str, Any]]


def register(commands: Any) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser("bench", help="measure the vEPC, jit and native in turn")
    kinds = parser.add_subparsers(dest="kind", required=True)
    control = kinds.add_parser("control", help="Create Session + Modify Bearer pairs")
    control.set_defaults(run=lambda arguments: _run(arguments, _control))
    packets = kinds.add_parser("packets", help="user packets, uplink and downlink")
    packets.set_defaults(run=lambda arguments: _run(arguments, _packets))
    for sub in (control, packets):
        sub.add_argument(
            "--sessions",
            type=lambda text: [int(number) for number in text.split(",")],
            default=[1000, 100000],
            metavar="N,N",
            help="sessions standing (default 1000,100000)",
        )
        sub.add_argument("--rounds", type=int, default=9, help="turns of each engine (default 9)")
        sub.add_argument("--json", action="store_true")


def _run(arguments: argparse.Namespace, measure: Callable[[dict[str, Vnf], int, int], Rows]) -> int:
    artifact: Path = locate.artifact()
    vnfs = {engine: select.load(artifact, engine).vnf for engine in ENGINES}
    rows: Rows = []
    for sessions in arguments.sessions:
        rows += measure(vnfs, sessions, max(1, arguments.rounds))
    if arguments.json:
        print(json.dumps(rows, indent=2))
        return 0
    print(f"{'what':22}{'sessions':>10}{'jit':>11}{'native':>11}{'jit/native':>12}")
    for row in rows:
        jit, native = row["jit"], row["native"]
        print(
            f"{row['what']:22}{row['sessions']:>10,}{jit:>11,.1f}{native:>11,.1f}"
            f"{jit / native:>12.2f}"
        )
    return 0


def _row(what: str, sessions: int, taken: dict[str, list[float]]) -> dict[str, Any]:
    medians = {engine: statistics.median(values) for engine, values in taken.items()}
    return {"what": what, "sessions": sessions, **medians}


def _control(vnfs: dict[str, Vnf], sessions: int, rounds: int) -> Rows:
    """Microseconds a pair while `sessions` stand already."""
    extra = 1024
    gateways = {e: TimedGateway(vnf, sessions + rounds * extra) for e, vnf in vnfs.items()}
    for gateway in gateways.values():
        gateway.attach(0, sessions)
    taken: dict[str, list[float]] = {engine: [] for engine in vnfs}
    for turn in range(rounds):
        for engine, gateway in gateways.items():
            spent, _ = gateway.attach(sessions + turn * extra, extra)
            taken[engine].append(spent / extra / 1000)
    return [_row("attach, µs a pair", sessions, taken)]


def _packets(vnfs: dict[str, Vnf], sessions: int, rounds: int) -> Rows:
    """Nanoseconds a packet of 64 bytes, UEs in no order. Cold: packets and sessions were not
    touched shortly before. Hot: the same bursts again and again."""
    gateways = {engine: TimedGateway(vnf, sessions) for engine, vnf in vnfs.items()}
    teids = {engine: gateway.attach(0, sessions)[1] for engine, gateway in gateways.items()}
    rows = []
    for what in ("uplink", "downlink"):
        cold: dict[str, list[float]] = {engine: [] for engine in vnfs}
        hot: dict[str, list[float]] = {engine: [] for engine in vnfs}
        for turn in range(rounds):
            for engine, gateway in gateways.items():
                trains = _trains(what, sessions, turn, teids[engine])
                cold[engine].append(sum(gateway.run(train) for train in trains) / _SAMPLE)
                again = [gateway.run(trains[0]) for _ in range(_REPEATS)]
                hot[engine].append(statistics.median(again) / trains[0].count)
        rows.append(_row(f"{what} cold, ns", sessions, cold))
        rows.append(_row(f"{what} hot, ns", sessions, hot))
    return rows


def _trains(what: str, sessions: int, turn: int, teids: list[int]) -> list[Train]:
    order = [(ue + turn) % sessions for ue in scattered(_SAMPLE, sessions)]
    size = BURST * TRAIN
    trains = []
    for begin in range(0, _SAMPLE, size):
        ues = order[begin : begin + size]
        if what == "uplink":
            packets = [messages.uplink(ue, teids[ue], _PACKET) for ue in ues]
            trains.append(Train(messages.PORT_S1U, packets, False))
        else:
            packets = [messages.downlink(ue, _PACKET) for ue in ues]
            trains.append(Train(messages.PORT_SGI, packets, False))
    return trains
