"""Shrinking and naming: small traces, fields by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from portvnf import locate
from portvnf.artifact.label import read_label
from portvnf.burst import Packet
from portvnf.conform import packet_fields, requests, wire
from portvnf.conform.chance import Chance
from portvnf.conform.difference import Names, first_difference
from portvnf.conform.mutation import mutate
from portvnf.conform.shrink import Budget, minimise, shrink, with_bytes
from portvnf.native import load_native
from portvnf.trace import (
    Burst,
    BurstOutcome,
    CountersOutcome,
    ExportOutcome,
    ImportOutcome,
    Outcome,
    Result,
    Tick,
    Trace,
    replay,
)
from portvnf.vnf import Vnf

from ..vepc import vectors
from .record import of_vectors

NAMES = Names.of(read_label(locate.artifact(), None).manifest)
PEOPLE = (b"\x0a\0\0\1", b"\x0a\0\0\2")


def plenty() -> Budget:
    return Budget(60, 100_000)


@pytest.mark.parametrize("wanted", [(), (3,), (0, 99), (17, 18, 50), tuple(range(0, 100, 7))])
def test_minimise_finds_what_is_needed(wanted: Sequence[int]) -> None:
    kept = minimise(range(100), lambda items: set(wanted) <= set(items), plenty())
    assert kept == list(wanted)


def test_minimise_stops_when_its_budget_is_spent() -> None:
    budget = Budget(60, 3)
    assert len(minimise(range(100), lambda items: 5 in items, budget)) > 1


def test_shrink_removes_operations_and_packets() -> None:
    packets = tuple(Packet(0, bytes((n,))) for n in range(20))
    steps = (*(Burst(n, packets) for n in range(30)), Tick(31), Tick(32))
    trace = Trace(b"", 0, (), steps)

    def differs(candidate: Trace) -> int | None:
        # Burst 3 must carry packet 5 before burst 20 carries packet 7.
        found = [
            n
            for n, step in enumerate(candidate.operations)
            if isinstance(step, Burst)
            for want in ((3, 5), (20, 7))
            if step.now_ns == want[0] and Packet(0, bytes((want[1],))) in step.packets
        ]
        return found[-1] if len(found) == 2 else None

    small = shrink(trace, differs, plenty())
    wanted = (Burst(3, (packets[5],)), Burst(20, (packets[7],)))
    assert small.operations == wanted


def test_fields_cover_a_packet() -> None:
    inner = wire.ipv4(*PEOPLE, wire.UDP, wire.udp(1, 2, b"body"))
    message = wire.gtpu(255, 7, inner, flags=2, optional=bytes(4))
    packet = wire.udp4(*PEOPLE, wire.GTPU_PORT, wire.GTPU_PORT, message)
    at = 0
    for _, begin, length in packet_fields.fields(packet):
        assert begin == at
        at += length
    assert at == len(packet)


@pytest.mark.parametrize(
    ("at", "name"),
    [
        (4, "IPv4 identification"),
        (13, "IPv4 source"),
        (32, "GTP-U TEID"),
        (49, "inner IPv4 source"),
    ],
)
def test_a_difference_has_its_fields_name(at: int, name: str) -> None:
    inner = wire.ipv4(*PEOPLE, 253, b"body")
    packet = wire.udp4(*PEOPLE, 2152, 2152, wire.gtpu(255, 7, inner))
    other = packet[:at] + bytes((packet[at] ^ 1,)) + packet[at + 1 :]
    other = other[:10] + b"\xaa\xaa" + other[12:]  # a checksum follows from the rest
    assert packet_fields.first_difference(packet, other)[0] == name


def test_a_difference_in_an_answer_names_the_element() -> None:
    ies = requests.ie(2, b"\x10\0") + requests.ie(93, requests.ie(73, b"\5"))
    answers = [
        wire.udp4(*PEOPLE, 2123, 2123, requests.message(33, 1, 2, ies[:-1] + bytes((ebi,))))
        for ebi in (5, 6)
    ]
    found = packet_fields.first_difference(*answers)
    assert found == ("Bearer Context[0].EBI[0]", "05", "06")


def test_no_packet_is_too_broken_to_take_apart() -> None:
    chance = Chance(11)
    inner = wire.ipv4(*PEOPLE, wire.UDP, wire.udp(1, 2, b"body"))
    packet = wire.udp4(*PEOPLE, 2152, 2152, wire.gtpu(255, 7, inner, flags=2, optional=bytes(4)))
    for _ in range(3000):
        broken = mutate(packet, chance)
        list(packet_fields.fields(broken))
        packet_fields.first_difference(packet, broken)


def small_run() -> tuple[Trace, Result]:
    trace = with_bytes(of_vectors(vectors.FOLDER / "s11.toml", "tiny"))
    return trace, replay(Vnf(load_native(locate.native_vnf())), trace)


def changed(result: Result, at: int, outcome: Outcome) -> Result:
    outcomes = (*result.outcomes[:at], outcome, *result.outcomes[at + 1 :])
    return replace(result, outcomes=outcomes)


def test_equal_results_have_no_difference() -> None:
    trace, result = small_run()
    assert first_difference(trace, result, result, NAMES) is None


def test_differences_by_name() -> None:
    trace, result = small_run()
    seen = set()
    for at, outcome in enumerate(result.outcomes):
        other: Outcome
        match outcome:
            case BurstOutcome(reasons=(reason, *rest)):
                other = replace(outcome, reasons=(reason + 1, *rest))
                wanted = "input packet 0, drop reason"
            case CountersOutcome(values=(_, sessions, *rest)):
                other = CountersOutcome((outcome.values[0], sessions + 1, *rest))
                wanted = "counter sessions"
            case ImportOutcome():
                other = replace(outcome, status=-5, section=4, field=3)
                wanted = "status"
            case ExportOutcome(sections=(first, *rest)):
                # The gateway's record begins with its S11 address.
                data = first.data[:3] + b"\x63" + first.data[4:]
                part = replace(first, data=data, sha256=bytes(32))
                other = replace(outcome, sections=(part, *rest))
                wanted = "gateway.s11.ipv4"
            case _:
                continue
        found = first_difference(trace, result, changed(result, at, other), NAMES)
        assert found is not None and (found.operation, found.field) == (at, wanted)
        seen.add(wanted)
    assert len(seen) == 4
    bigger = replace(result, arena_size=result.arena_size + 64)
    found = first_difference(trace, result, bigger, NAMES)
    assert found is not None and found.field == "arena size"
