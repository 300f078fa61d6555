"""Order, holding and injecting: no packet is lost, doubled or overtaken."""

from __future__ import annotations

import time

import pytest

from portvnf import serial_packets
from portvnf.engine import Engine, Mode
from portvnf.errors import EngineError

from .conftest import SPARE, Double, numbered, pop_all


def push_all(engine: Engine, port: int, packets: list[bytes]) -> None:
    for packet in packets:
        assert engine.mem_push(port, packet)


def step_all(engine: Engine, now_ns: int = 1) -> None:
    for _ in range(400):
        engine.step(now_ns)


def test_packets_cross_in_order(engine: Engine) -> None:
    up, down = numbered(0, 500, b"up"), numbered(0, 300, b"down")
    push_all(engine, 0, up)
    push_all(engine, 1, down)
    step_all(engine)
    assert pop_all(engine, 1) == up
    assert pop_all(engine, 0) == down


def test_a_step_takes_one_burst_from_each_port(engine: Engine) -> None:
    push_all(engine, 0, numbered(0, 100))
    push_all(engine, 1, numbered(0, 10))
    assert engine.step(1) == 74
    assert engine.step(1) == 36
    assert engine.step(1) == 0


def test_spare_packets_leave_with_the_others(engine: Engine, double: Double) -> None:
    double.arena.behaviour = SPARE
    packets = numbered(0, 200)
    push_all(engine, 0, packets)
    step_all(engine)
    assert pop_all(engine, 1) == [packet for packet in packets for _ in range(2)]


def test_hold_keeps_the_order_of_arrival_over_all_ports(engine: Engine, double: Double) -> None:
    engine.set_mode(Mode.HOLD)
    expected = []
    for number in range(50):
        port = number % 2
        packet = number.to_bytes(4, "big")
        push_all(engine, port, [packet])
        engine.step(1)
        expected.append((port, packet))
    assert double.arena.calls == 0
    assert engine.stats().held == 50
    assert list(serial_packets.decode(engine.take_held())) == expected
    assert engine.stats().held == 0
    assert engine.take_held() == b""


def test_serve_order_is_injected_then_held_then_fresh(engine: Engine) -> None:
    held, fresh, injected = numbered(0, 150), numbered(150, 400), numbered(900, 1000)
    engine.set_mode(Mode.HOLD)
    push_all(engine, 0, held)
    step_all(engine)
    assert engine.inject(serial_packets.encode((0, packet) for packet in injected)) == 100
    engine.set_mode(Mode.SERVE)
    push_all(engine, 0, fresh)
    step_all(engine)
    assert pop_all(engine, 1) == injected + held + fresh
    stats = engine.stats()
    assert (stats.held, stats.injected, stats.held_dropped) == (0, 100, 0)


def test_injected_packets_are_served_in_hold_mode_too(engine: Engine) -> None:
    engine.set_mode(Mode.HOLD)
    push_all(engine, 0, numbered(0, 3))
    engine.step(1)
    engine.inject(serial_packets.encode([(0, b"first"), (1, b"second")]))
    step_all(engine)
    assert pop_all(engine, 1) == [b"first"]
    assert pop_all(engine, 0) == [b"second"]
    assert engine.stats().held == 3


def test_a_hold_stops_the_release_of_what_was_injected(engine: Engine, double: Double) -> None:
    """A second move may come before the backlog of the first has left: nothing is served behind
    the freeze, and all of it moves on, in order."""
    injected, held = numbered(0, 200), numbered(200, 300)
    engine.inject(serial_packets.encode((0, packet) for packet in injected))
    engine.step(1)
    served = pop_all(engine, 1)
    assert 0 < len(served) < 200
    engine.set_mode(Mode.HOLD)
    calls = double.arena.calls
    push_all(engine, 0, held)
    step_all(engine)
    assert double.arena.calls == calls
    waiting = 300 - len(served)
    assert (engine.stats().held, engine.stats().held_peak) == (waiting, waiting)
    taken = b""
    while piece := engine.take_held(1000):
        taken += piece
    moved = [packet for _, packet in serial_packets.decode(taken)]
    assert served + moved == injected + held
    assert engine.stats().held == 0


def test_a_hold_that_is_given_up_goes_on_with_the_release(engine: Engine) -> None:
    injected, held = numbered(0, 200), numbered(200, 300)
    engine.inject(serial_packets.encode((0, packet) for packet in injected))
    engine.step(1)
    engine.set_mode(Mode.HOLD)
    push_all(engine, 0, held)
    step_all(engine)
    engine.set_mode(Mode.SERVE)
    step_all(engine)
    assert pop_all(engine, 1) == injected + held
    assert engine.stats().held == 0


def test_held_packets_move_to_another_engine_in_pieces(engine: Engine, double: Double) -> None:
    packets = numbered(0, 700)
    engine.set_mode(Mode.HOLD)
    push_all(engine, 1, packets)
    step_all(engine)
    with double.engine() as other:
        other.add_port(0, "mem", "slots=1024")
        other.add_port(1, "mem", "slots=1024")
        while piece := engine.take_held(1000):
            assert len(piece) <= 1000
            other.inject(piece)
        step_all(other)
        assert pop_all(other, 0) == packets


def test_hold_limit_drops_the_newest_and_counts_them(double: Double) -> None:
    with double.engine(hold_limit=10) as engine:
        engine.add_port(0, "mem", "slots=64")
        engine.add_port(1, "mem", "slots=64")
        engine.set_mode(Mode.HOLD)
        push_all(engine, 0, numbered(0, 25))
        step_all(engine)
        stats = engine.stats()
        assert (stats.held, stats.held_peak, stats.held_dropped) == (10, 10, 15)
        engine.set_mode(Mode.SERVE)
        step_all(engine)
        assert pop_all(engine, 1) == numbered(0, 10)
        engine.set_mode(Mode.HOLD)
        assert engine.stats().held_peak == 0


def test_take_held_says_when_not_one_packet_fits(engine: Engine) -> None:
    engine.set_mode(Mode.HOLD)
    push_all(engine, 0, [bytes(100)])
    engine.step(1)
    with pytest.raises(EngineError, match="cannot take held packets into 105 bytes"):
        engine.take_held(105)
    assert len(engine.take_held(106)) == 106


GOOD = serial_packets.encode([(0, b"good")])


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(GOOD + b"\0", id="header-cut"),
        pytest.param(GOOD + GOOD[:-1], id="packet-cut"),
        pytest.param(GOOD + b"\0\0\0\0\0\0", id="empty-packet"),
        pytest.param(GOOD + b"\0\0\xff\xff\xff\xff", id="length-beyond-the-end"),
        pytest.param(serial_packets.encode([(0, bytes(10176))]), id="packet-too-long"),
        pytest.param(GOOD + serial_packets.encode([(7, b"x")]), id="closed-port"),
        pytest.param(GOOD + serial_packets.encode([(65535, b"x")]), id="no-such-port"),
    ],
)
def test_broken_injections_take_nothing(engine: Engine, broken: bytes) -> None:
    with pytest.raises(EngineError, match="not whole packets for open ports"):
        engine.inject(broken)
    step_all(engine)
    assert engine.stats().injected == 0
    assert pop_all(engine, 1) == []


def test_longest_packets_pass_and_longer_ones_are_refused(engine: Engine) -> None:
    longest = bytes(range(256)) * 39 + bytes(191)
    assert len(longest) == 10175
    push_all(engine, 0, [longest])
    with pytest.raises(EngineError, match="cannot push 10176 bytes into port 0"):
        engine.mem_push(0, longest + b"x")
    engine.inject(serial_packets.encode([(0, longest)]))
    step_all(engine)
    assert pop_all(engine, 1) == [longest, longest]


def test_a_backlog_shrinks_with_every_pass_although_all_ports_are_busy(double: Double) -> None:
    ports, in_backlog, passes = 3, 600, 12
    with double.engine(hold_limit=10_000) as engine:
        for port in range(4):  # what enters by port 2 leaves by port 3
            engine.add_port(port, "mem", "slots=2048")
        engine.set_mode(Mode.HOLD)
        sent = {port: numbered(0, in_backlog // ports) for port in range(ports)}
        for port, packets in sent.items():
            push_all(engine, port, packets)
        while engine.step(1):
            pass
        engine.set_mode(Mode.SERVE)
        held = []
        for _ in range(passes):
            for port, packets in sent.items():
                fresh = numbered(len(packets), len(packets) + 64)
                push_all(engine, port, fresh)
                packets += fresh
            assert engine.step(1) == ports * 64
            held.append(engine.stats().held)
        assert held == [max(0, in_backlog - 64 * (number + 1)) for number in range(passes)]
        assert {port: pop_all(engine, port ^ 1) for port in sent} == sent


def test_a_release_is_paced_and_fresh_packets_stay_behind(double: Double) -> None:
    held, fresh = numbered(0, 5000), numbered(5000, 6000)
    with double.engine(hold_limit=10_000) as engine:
        engine.add_port(0, "mem", "slots=16384")
        engine.add_port(1, "mem", "slots=16384")
        engine.set_mode(Mode.HOLD)
        push_all(engine, 0, held)
        engine.start()
        while engine.stats().held < 5000:
            time.sleep(0.001)
        begin = time.monotonic()
        engine.set_mode(Mode.SERVE)
        push_all(engine, 0, fresh)
        while engine.port_stats(0).rx_packets < 6000 or engine.stats().held:
            time.sleep(0.001)
        elapsed = time.monotonic() - begin
        engine.stop()
        assert pop_all(engine, 1) == held + fresh
    # In a second; hardly faster, and slower only as far as the machine is busy.
    assert 0.7 <= elapsed < 10


def test_a_huge_backlog_is_released_in_about_a_second(double: Double) -> None:
    packets = numbered(0, 60_000)
    with double.engine(hold_limit=100_000) as engine:
        engine.add_port(0, "mem", "slots=8")
        engine.add_port(1, "mem", "slots=65536")
        engine.inject(serial_packets.encode((0, packet) for packet in packets))
        engine.start()
        begin = time.monotonic()
        while engine.port_stats(1).tx_packets < len(packets):
            assert time.monotonic() - begin < 10
            time.sleep(0.005)
        elapsed = time.monotonic() - begin
        engine.stop()
        assert pop_all(engine, 1) == packets
    assert elapsed > 0.9
