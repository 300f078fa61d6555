"""Drivers by name, their arguments, and what a VNF must not put out."""

from __future__ import annotations

import pytest

from portvnf.engine import Engine, Tun
from portvnf.errors import EngineError

from .conftest import DROP, FAULTY, Double, numbered, pop_all


@pytest.mark.parametrize(
    ("number", "driver", "arguments", "sentence"),
    [
        (2, "dpdk", "", 'port 2: there is no packet driver named "dpdk"'),
        (2, "", "", 'port 2: there is no packet driver named ""'),
        (16, "mem", "slots=1", "port 16: port numbers go from 0 to 15"),
        (0, "mem", "slots=1", "port 0 is open already"),
        (2, "tun", "", "port 2: driver tun needs the argument device=NAME"),
        (2, "tun", "device=", "driver tun: argument device has no value"),
        (2, "tun", "device", "driver tun: argument device has no value"),
        (2, "tun", "device=a,device=b", "driver tun: argument device is given twice"),
        (2, "tun", "dev=a", 'driver tun: unknown argument "dev"'),
        (2, "tun", f"device={16 * 'x'}", "is not a device name of 1 to 15 characters"),
        (2, "tun", f"device={64 * 'x'}", "argument device is longer than 63 characters"),
        (2, "mem", "", "port 2: driver mem needs the argument slots=N"),
        (2, "mem", "slots=0", 'N from 1 to 65536, not "0"'),
        (2, "mem", "slots=-1", 'N from 1 to 65536, not "-1"'),
        (2, "mem", "slots=65537", 'N from 1 to 65536, not "65537"'),
        (2, "mem", "slots=many", 'N from 1 to 65536, not "many"'),
        (2, "pcap", "in=x", 'driver pcap: unknown argument "in"'),
    ],
)
def test_ports_that_cannot_be_opened(
    engine: Engine, number: int, driver: str, arguments: str, sentence: str
) -> None:
    with pytest.raises(EngineError) as caught:
        engine.add_port(number, driver, arguments)
    assert sentence in caught.value.message
    assert "\n" not in caught.value.message


def test_a_tun_handle_needs_a_device_name() -> None:
    with pytest.raises(EngineError, match="is not a device name of 1 to 15 characters"):
        Tun("")


def test_a_full_device_drops_and_counts(double: Double) -> None:
    with double.engine() as engine:
        engine.add_port(0, "mem", "slots=100")
        engine.add_port(1, "mem", "slots=10")
        for packet in numbered(0, 25):
            assert engine.mem_push(0, packet)
        engine.step(1)
        stats = engine.port_stats(1)
        assert (stats.tx_packets, stats.tx_bytes, stats.tx_dropped) == (10, 100, 15)
        assert pop_all(engine, 1) == numbered(0, 10)


def test_a_full_mem_port_takes_no_more(double: Double) -> None:
    with double.engine() as engine:
        engine.add_port(0, "mem", "slots=3")
        assert [engine.mem_push(0, b"x") for _ in range(4)] == [True, True, True, False]


def test_a_faulty_vnf_harms_nothing(engine: Engine, double: Double) -> None:
    double.arena.behaviour = FAULTY
    for round_ in range(3):
        assert engine.mem_push(0, b"packet")
        engine.step(round_)
    assert pop_all(engine, 1) == [b"packet"] * 3
    assert engine.stats().refused == 3 * 7


def test_port_statistics(engine: Engine, double: Double) -> None:
    double.arena.behaviour = DROP
    for packet in numbered(0, 7):
        engine.mem_push(1, packet)
    engine.step(12345)
    stats = engine.port_stats(1)
    assert (stats.rx_packets, stats.rx_bytes, stats.last_rx_ns) == (7, 70, 12345)
    assert engine.stats().last_rx_ns == 12345
    assert engine.stats().bursts == 1
    with pytest.raises(EngineError, match="no statistics of port 9"):
        engine.port_stats(9)


def test_mem_calls_refuse_other_ports(engine: Engine) -> None:
    engine.add_port(2, "pcap")
    for number in (2, 3, 99):
        with pytest.raises(EngineError, match=f"into port {number}"):
            engine.mem_push(number, b"x")
        with pytest.raises(EngineError, match=f"from port {number}"):
            engine.mem_pop(number)
