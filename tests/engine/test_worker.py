"""The worker thread: requests from many threads, starts and stops, timers, idleness."""

from __future__ import annotations

import ctypes
import resource
import threading
import time
from collections.abc import Callable

import pytest

from portvnf.engine import Engine, Mode
from portvnf.errors import EngineError

from .conftest import Double, numbered, pop_all

ONE = ctypes.c_uint64(1)


def wait_until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.001)


def test_the_worker_serves(engine: Engine) -> None:
    packets = numbered(0, 2000)
    with engine:
        engine.start()
        for packet in packets:
            assert engine.mem_push(0, packet)
        wait_until(lambda: engine.port_stats(1).tx_packets == 2000)
        assert pop_all(engine, 1) == packets


def test_requests_never_overlap_with_bursts_or_each_other(double: Double) -> None:
    engine = double.engine(hold_limit=3000)
    engine.add_port(0, "mem", "slots=4096")
    engine.add_port(1, "mem", "slots=4096")
    engine.start()
    results: list[int] = []

    def ask() -> None:
        for _ in range(300):
            results.append(engine.run(double.count, ctypes.addressof(ONE)))
            engine.set_mode(Mode.HOLD)
            engine.set_mode(Mode.SERVE)

    def feed() -> None:
        for packet in numbered(0, 3000):
            engine.mem_push(0, packet)

    threads = [threading.Thread(target=target) for target in (ask, ask, ask, feed)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wait_until(lambda: engine.port_stats(1).tx_packets == 3000)
    engine.stop()
    assert sorted(results) == list(range(1, 901))
    assert (double.arena.overlaps, double.arena.backward) == (0, 0)
    assert pop_all(engine, 1) == numbered(0, 3000)
    engine.close()


def test_starts_and_stops_race_with_requests(engine: Engine, double: Double) -> None:
    def restart() -> None:
        for _ in range(100):
            try:
                engine.start()
            except EngineError as error:
                assert error.message == "the packet engine runs already"
            engine.stop()

    def ask() -> None:
        for _ in range(300):
            engine.run(double.count, ctypes.addressof(ONE))

    threads = [threading.Thread(target=target) for target in (restart, restart, ask, ask)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert double.arena.runs == 600
    assert double.arena.overlaps == 0
    assert engine.stats().running == 0


def test_a_stop_that_is_asked_for_during_a_task_is_not_forgotten(
    engine: Engine, double: Double
) -> None:
    def slow_task(_arena: int, _argument: int) -> int:
        time.sleep(0.2)
        return 7

    task = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p)(slow_task)
    address = ctypes.cast(task, ctypes.c_void_p).value
    assert address
    results: list[int] = []
    engine.start()
    asking = threading.Thread(target=lambda: results.append(engine.run(address)))
    stopping = threading.Thread(target=engine.stop)
    asking.start()
    time.sleep(0.05)
    stopping.start()
    stopping.join(3)
    forgotten = stopping.is_alive()
    engine.run(double.count, ctypes.addressof(ONE))  # would remind it
    asking.join()
    stopping.join()
    assert not forgotten
    assert results == [7]


def test_run_works_without_a_worker_and_with_one(engine: Engine, double: Double) -> None:
    assert engine.run(double.count, ctypes.addressof(ONE)) == 1
    engine.start()
    assert engine.stats().running == 1
    assert engine.run(double.count, ctypes.addressof(ONE)) == 2
    engine.stop()
    assert engine.run(double.count, ctypes.addressof(ONE)) == 3


def test_running_engines_refuse_steps_ports_and_second_starts(engine: Engine) -> None:
    engine.start()
    with pytest.raises(EngineError, match="cannot step the packet engine while its worker runs"):
        engine.step(1)
    with pytest.raises(EngineError, match="ports cannot be added while the engine runs"):
        engine.add_port(2, "mem", "slots=1")
    with pytest.raises(EngineError, match="runs already"):
        engine.start()
    engine.stop()
    engine.stop()


def time_of_20_calls(double: Double, enough_s: float) -> float:
    """The least time that 20 idle calls took, of tries until one took less than `enough_s`: a
    busy machine may delay any, but not all of them. Too few calls within a try are a failure."""
    least, end = 10.0, time.monotonic() + 20
    while least >= enough_s and time.monotonic() < end:
        begin, goal = time.monotonic(), double.arena.idle_calls + 20
        wait_until(lambda goal=goal: double.arena.idle_calls >= goal)
        least = min(least, time.monotonic() - begin)
    return least


def test_an_idle_vnf_is_called_every_10_ms(engine: Engine, double: Double) -> None:
    double.arena.delay_ns = 1_000_000_000
    engine.start()
    assert 0.15 < time_of_20_calls(double, 0.3) < 0.3
    engine.stop()


def test_a_timer_is_called_when_it_is_due(engine: Engine, double: Double) -> None:
    double.arena.delay_ns = 2_000_000
    engine.start()
    assert 0.03 < time_of_20_calls(double, 0.12) < 0.12
    engine.stop()


def test_a_frozen_vnf_is_not_called(engine: Engine, double: Double) -> None:
    engine.set_mode(Mode.HOLD)
    engine.start()
    engine.mem_push(0, b"packet")
    wait_until(lambda: engine.stats().held == 1)
    time.sleep(0.1)
    engine.stop()
    assert double.arena.calls == 0


def test_an_idle_worker_sleeps(engine: Engine) -> None:
    def cpu_seconds() -> float:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return usage.ru_utime + usage.ru_stime

    engine.start()
    begin = cpu_seconds()
    time.sleep(1)
    used = cpu_seconds() - begin
    engine.stop()
    assert used < 0.1


def test_a_packet_wakes_an_idle_worker_at_once(engine: Engine, double: Double) -> None:
    double.arena.delay_ns = 1_000_000_000
    engine.start()
    waits = []
    for number in range(50):
        time.sleep(0.003)
        begin = time.monotonic()
        engine.mem_push(0, bytes([number]))
        while engine.mem_pop(1) is None:
            time.sleep(0.0001)
        waits.append(time.monotonic() - begin)
    engine.stop()
    # A worker that only woke for its 10 ms call would be as quick one time in seven at the most;
    # a busy machine delays some of those that wake at once.
    assert sorted(waits)[12] < 0.001


def test_a_closed_engine_says_so(double: Double) -> None:
    engine = double.engine()
    engine.close()
    engine.close()
    with pytest.raises(EngineError, match="the packet engine is closed"):
        engine.stats()
