"""Policing and marking: rates that hold, to the packet wherever the state moves."""

from __future__ import annotations

from itertools import cycle, islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .gateway import S1U, Gateway, load
from .moving import finish, other_engine, send_round
from .policed import (
    DOWN,
    UP,
    Line,
    Model,
    Subscriber,
    ambr,
    attach,
    gateway,
    put_records,
    records,
)

MIXED = [40, 9000, 40, 1400, 40, 576, 1500, 40, 8000]
SIXTEENTH = 16  # of a ns, in which buckets are measured


def emptied(target: Gateway, burst_ms: int, mtu: int, kbit_s: int) -> Gateway:
    """A copy whose first bearer's buckets have just become empty."""
    left = SIXTEENTH * max(burst_ms * 1_000_000, mtu * 8_000_000 // kbit_s)
    state = target.state()
    (bearer,) = records(state, "bearer")
    bucket = {"s1u_teid": bearer["s1u_teid"], "uplink": left, "downlink": left}
    other = target.fresh()
    other.take(put_records(state, "bucket", [bucket]))
    return other


@pytest.mark.parametrize("way", [UP, DOWN])
@pytest.mark.parametrize(
    "sizes", [[40], [1500], [9000], MIXED], ids=["40", "1500", "9000", "mixed"]
)
@pytest.mark.parametrize("burst_ms", [10, 1000])
@pytest.mark.parametrize("kbit_s", [64, 1_000, 123_456, 1_000_000, 10_000_000])
def test_rate(kbit_s: int, burst_ms: int, sizes: list[int], way: str) -> None:
    """What passes is the rate, within 1 %, in bursts of 64 of one moment, of at least twice as
    much; more where a bucket would be full before the next burst came."""
    target = gateway(burst_ms=burst_ms, sgi_mtu=9000)
    subscriber = attach(target, **ambr(kbit_s))
    line = Line(emptied(target, burst_ms, 9000, kbit_s))
    packets = {size: subscriber.packet(way, size) for size in sizes}
    order = cycle(sizes)
    longest_gap = max(burst_ms * 1_000_000, 9000 * 8_000_000 // kbit_s) // 2
    begin, passed = line.target.now_ns, 0
    while (ideal := (line.target.now_ns - begin) * kbit_s / 8_000_000) < 250 * max(sizes):
        burst = list(islice(order, 64))
        gap = min(sum(burst) * 4_000_000 // kbit_s, longest_gap)
        mask = line.send(way, [packets[size] for size in burst], gap)
        passed += sum(size for size, passes in zip(burst, mask, strict=True) if passes)
    ideal = (line.target.now_ns - begin) * kbit_s / 8_000_000
    assert passed == pytest.approx(ideal, rel=0.01)


@st.composite
def traffic(draw: st.DrawFn) -> tuple[int, int, list[tuple[int, list[int]]]]:
    """A rate, a burst size and bursts of packets: ns since the last one, sizes."""
    kbit_s = draw(st.sampled_from([64, 384, 5_000, 100_000, 10_000_000]))
    burst_ms = draw(st.sampled_from([10, 100, 1000]))
    gaps = st.integers(0, 2000) | st.integers(0, 4 * 8_000_000 * 1500 // kbit_s)
    sizes = st.lists(st.sampled_from([40, 41, 576, 1500, 2800]), min_size=1, max_size=8)
    return kbit_s, burst_ms, draw(st.lists(st.tuples(gaps, sizes), min_size=1, max_size=60))


@settings(max_examples=60, deadline=None)
@given(traffic())
def test_against_exact_arithmetic(given_: tuple[int, int, list[tuple[int, list[int]]]]) -> None:
    """At every moment as much passed as with exact fractions, but for a packet."""
    kbit_s, burst_ms, bursts = given_
    target = gateway(burst_ms=burst_ms)
    subscriber = attach(target, **ambr(kbit_s))
    line = Line(target)
    model = Model(kbit_s, burst_ms, 1500, target.now_ns)
    difference = 0
    for gap, sizes in bursts:
        mask = line.send(DOWN, [subscriber.packet(DOWN, size) for size in sizes], gap)
        for size, passed in zip(sizes, mask, strict=True):
            expected = model.passes(target.now_ns, size)
            difference += size * (int(passed) - int(expected))
            assert abs(difference) <= 2800


Plan = list[tuple[int, str, list[int], int]]
plans = st.lists(
    st.tuples(
        st.integers(0, 300_000_000),
        st.sampled_from([UP, DOWN]),
        st.lists(st.integers(40, 1500), min_size=1, max_size=12),
        st.sampled_from([0, 0, 0, 1, 2]),  # 1: an image moves it afterwards, 2: rounds do
    ),
    min_size=5,
    max_size=40,
)


def carry_out(plan: Plan, kbit_s: tuple[int, int], *, move: bool) -> list[list[bool]]:
    target = gateway(burst_ms=50)
    subscriber = attach(target, **ambr(*kbit_s))
    line = Line(target)
    masks = []
    for gap, way, sizes, how in plan:
        masks.append(line.send(way, [subscriber.packet(way, s) for s in sizes], gap))
        if move and how:
            line.use(moved(line.target, how))
    return masks


def moved(source: Gateway, how: int) -> Gateway:
    copy = other_engine(source)
    if how == 1:
        copy.take(source.state())
        return copy
    send_round(source, copy, 0, source.vnf.epoch(source.arena))
    finish(source, copy)
    return copy


@settings(max_examples=40, deadline=None)
@given(plans, st.sampled_from([(64, 128), (300, 64), (2_000, 700)]))
def test_moves_change_nothing(plan: Plan, kbit_s: tuple[int, int]) -> None:
    """No free burst, no penalty: each packet has the fate that it has without the moves."""
    assert carry_out(plan, kbit_s, move=True) == carry_out(plan, kbit_s, move=False)


def with_dedicated(kbit_s: int, *bearers: tuple[int, int, int]) -> tuple[Gateway, list[Subscriber]]:
    """A session of this APN-AMBR and, besides its default bearer, others of (EBI, QCI, MBR)."""
    target = gateway(bearers=64)
    first = attach(target, **ambr(kbit_s))
    state = target.state()
    (default,) = records(state, "bearer")
    listed, subscribers = [default], [first]
    for ebi, qci, mbr in bearers:
        teid = default["s1u_teid"] + len(listed)
        qos = {**default["qos"], "qci": qci, "mbr_uplink": mbr, "mbr_downlink": mbr}
        enb = {**default["enb"], "teid": 0xA00 + ebi}
        listed.append({**default, "s1u_teid": teid, "ebi": ebi, "qos": qos, "enb": enb})
        subscribers.append(Subscriber(teid, first.ipv4))
    usage = records(state, "usage")[0]
    state = put_records(state, "bearer", listed)
    state = put_records(
        state, "usage", [{**usage, "s1u_teid": bearer["s1u_teid"]} for bearer in listed]
    )
    other = target.fresh()
    other.take(state)
    assert other.section(6) == state[6]
    return other, subscribers


def volume(line: Line, subscriber: Subscriber, seconds: int) -> int:
    """Bytes that pass of 4 Mbit/s uplink in so many seconds."""
    packet = subscriber.packet(UP, 500)
    masks = [line.send(UP, [packet] * 10, 10_000_000) for _ in range(100 * seconds)]
    return 500 * sum(map(sum, masks))


def test_ambr_is_for_all_non_gbr_bearers_together() -> None:
    target, (default, other, voice) = with_dedicated(1000, (6, 8, 0), (7, 1, 100))
    line = Line(target)
    packets = [one.packet(UP, 500) for one in (default, other, voice)]
    passed = [0, 0, 0]
    for _ in range(400):
        for i, packet in enumerate(packets):
            passed[i] += 500 * sum(line.send(UP, [packet] * 3, 10_000_000 // 3))
    # 4 s, and 100 ms of burst.
    assert passed[0] + passed[1] == pytest.approx(1_000_000 / 8 * 4.1, rel=0.01)
    assert passed[2] == pytest.approx(100_000 / 8 * 4.1, rel=0.05)
    assert passed[0] > 0 and passed[1] > 0


@pytest.mark.parametrize("qci", [1, 2, 3, 4, 65, 66, 67, 71, 72, 73, 74, 75, 76, 82, 83, 84, 85])
def test_gbr_qcis_are_policed_by_their_mbr(qci: int) -> None:
    target, (_, voice) = with_dedicated(1000, (6, qci, 200))
    line = Line(target)
    volume(line, voice, 1)
    assert volume(line, voice, 2) == pytest.approx(200_000 / 8 * 2, rel=0.03)


@pytest.mark.parametrize("qci", [5, 6, 7, 8, 9, 64, 68, 69, 70, 77, 79, 80, 81, 86, 128])
def test_other_qcis_are_policed_by_the_ambr(qci: int) -> None:
    target, (_, other) = with_dedicated(1000, (6, qci, 200))
    line = Line(target)
    volume(line, other, 1)
    assert volume(line, other, 2) == pytest.approx(1_000_000 / 8 * 2, rel=0.01)


def test_no_limit() -> None:
    target = gateway()
    line = Line(target)
    subscriber = attach(target, **ambr(0))
    assert all(line.send(UP, [subscriber.packet(UP, 1500)] * 64))
    assert records(target.state(), "bucket") == []


def test_full_buckets_are_not_in_the_state() -> None:
    target = gateway()
    line = Line(target)
    ues = [attach(target, number, **ambr(1000)) for number in range(1, 9)]
    for ue in ues:
        line.send(DOWN, [ue.packet(DOWN, 1250)])
    buckets = records(target.state(), "bucket")
    assert [bucket["s1u_teid"] for bucket in buckets] == [ue.teid for ue in ues]
    # 1250 bytes at 1000 kbit/s are 10 ms.
    assert {(b["uplink"], b["downlink"]) for b in buckets} == {(0, 10_000_000 * SIXTEENTH)}
    target.run(ms=4)
    assert {b["downlink"] for b in records(target.state(), "bucket")} == {6_000_000 * SIXTEENTH}
    target.run(ms=6)
    assert records(target.state(), "bucket") == []


@pytest.mark.parametrize(("qci", "dscp"), [(9, 0), (5, 34), (1, 46), (7, 12), (200, 11)])
def test_marking(qci: int, dscp: int) -> None:
    """By the configuration and, where it says nothing, by default."""
    target = gateway(dscp="{ 7 = 12, 200 = 11 }")
    qos = bytes([0x41, qci]) + bytes(20)
    subscriber = attach(target, put_bearer={"bearer_qos": qos.hex()})
    for engine in (target, target.copy(load("jit"))):
        ((port, sent),) = engine.one(*subscriber.packet(DOWN, 100))[1]
        assert port == S1U and sent[1] >> 2 == dscp
