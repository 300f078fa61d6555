"""`portvnf bench control|packets`: what the vEPC costs on this host, by engine.

The engines take turns within one run; medians and their ratio are printed. `packets`, and the
part `vnf` of `control`, time vnf_burst alone: neither drivers nor Python are in the figures.
The part `kernel` of `control` is a gateway as one runs it, asked through the kernel.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
from pathlib import Path
from typing import Any

from portvnf import locate, output, select
from portvnf.bench import messages
from portvnf.bench.timed import BURST, TRAIN, TimedGateway, Train, scattered
from portvnf.errors import ConfigError
from portvnf.vnf import Vnf

ENGINES = ("jit", "native")
PARTS = ("vnf", "kernel")
_PACKET = 64
_SAMPLE = 4096
_REPEATS = 100
# Together they fit into the pool of messages.CONFIG.
_MOST_SESSIONS = 4_000_000
_MOST_PAIRS = 100_000
_MOST_ROUNDS = 1000
_ALONE = "vnf_burst alone, bursts made beforehand"

Rows = list[dict[str, Any]]


def register(commands: Any) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser("bench", help="measure the vEPC, jit and native in turn")
    kinds = parser.add_subparsers(dest="kind", required=True)
    control = kinds.add_parser("control", help="Create Session + Modify Bearer pairs")
    control.add_argument(
        "--part",
        choices=PARTS,
        help="only the VNF's own time, or only a gateway asked through the kernel",
    )
    control.add_argument(
        "--pairs", type=int, default=10000, metavar="N", help="pairs a round (default 10000)"
    )
    control.set_defaults(run=_run_control)
    packets = kinds.add_parser("packets", help="user packets, uplink and downlink")
    packets.set_defaults(run=_run_packets)
    for sub in (control, packets):
        sub.add_argument(
            "--sessions",
            default="1000,100000",
            metavar="N,N",
            help="sessions standing (default 1000,100000)",
        )
        sub.add_argument("--rounds", type=int, default=9, help="turns of each engine (default 9)")
        sub.add_argument("--json", action="store_true")
        sub.add_argument("--report", type=Path, metavar="FILE", help="write the JSON there too")


def _run_packets(arguments: argparse.Namespace) -> int:
    populations = _checked(arguments)
    vnfs = _vnfs()
    rows: Rows = []
    for sessions in populations:
        rows += _packets(vnfs, sessions, arguments.rounds)
    _report(arguments, {"vnf": _ALONE}, rows)
    return 0


def _run_control(arguments: argparse.Namespace) -> int:
    populations = _checked(arguments)
    if not 1 <= arguments.pairs <= _MOST_PAIRS:
        raise ConfigError(f"--pairs {arguments.pairs} is not within 1 to {_MOST_PAIRS}")
    parts = [part for part in PARTS if arguments.part in (None, part)]
    # Only the gateway's namespaces need the lab's modules.
    from portvnf.bench import kernel_path
    from portvnf.lab import sandbox

    if "kernel" in parts:
        locate.load_program()
        sandbox.enter(["-m", "portvnf.cli", *sys.argv[1:]])
    vnfs = _vnfs()
    rows: Rows = []
    measured = {}
    if "vnf" in parts:
        measured["vnf"] = _ALONE
        for sessions in populations:
            rows += _control(vnfs, sessions, arguments.rounds)
    if "kernel" in parts:
        measured["kernel"] = kernel_path.describe(arguments.pairs, arguments.rounds)
        rows += kernel_path.measure(vnfs, populations, arguments.pairs, arguments.rounds)
    _report(arguments, measured, rows)
    return 0


def _vnfs() -> dict[str, Vnf]:
    artifact = locate.artifact()
    return {engine: select.load(artifact, engine).vnf for engine in ENGINES}


def _checked(arguments: argparse.Namespace) -> list[int]:
    """The populations asked for; a ConfigError names the first option that is wrong."""
    texts = arguments.sessions.split(",")
    if not all(text.isdecimal() and 1 <= int(text) <= _MOST_SESSIONS for text in texts):
        raise ConfigError(
            f"--sessions {arguments.sessions} must be numbers from 1 to {_MOST_SESSIONS:,}, "
            "with commas between them"
        )
    if not 1 <= arguments.rounds <= _MOST_ROUNDS:
        raise ConfigError(f"--rounds {arguments.rounds} is not within 1 to {_MOST_ROUNDS}")
    if arguments.report is not None:
        output.check_file("--report", arguments.report)
    return sorted({int(text) for text in texts})


def _report(arguments: argparse.Namespace, measured: dict[str, str], rows: Rows) -> None:
    host = {"isa": platform.machine(), "cpus": len(os.sched_getaffinity(0))}
    text = json.dumps({"host": host, "measured": measured, "rows": rows}, indent=2)
    if arguments.report is not None:
        try:
            arguments.report.write_text(text + "\n")
        except OSError as error:
            raise ConfigError(f"--report {arguments.report}: {error.strerror}") from None
    if arguments.json:
        print(text)
        return
    for part, what in measured.items():
        print(what)
        print(f"{'what':26}{'sessions':>10}{'jit':>12}{'native':>12}{'jit/native':>12}")
        for row in (row for row in rows if row["part"] == part):
            jit, native = row["jit"], row["native"]
            ratio = f"{jit / native:>12.2f}" if native else ""
            print(f"{row['what']:26}{row['sessions']:>10,}{jit:>12,.2f}{native:>12,.2f}{ratio}")


def _row(what: str, sessions: int, taken: dict[str, list[float]]) -> dict[str, Any]:
    medians = {engine: statistics.median(values) for engine, values in taken.items()}
    return {"part": "vnf", "what": what, "sessions": sessions, **medians}


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
