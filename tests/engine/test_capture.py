"""Capture files: replay, writing, recording, and files that are refused."""

from __future__ import annotations

import shutil
import struct
import subprocess
import time
from pathlib import Path

import pytest

from portvnf.engine import Engine
from portvnf.errors import EngineError

from .conftest import Double

MICRO, NANO = 0xA1B2C3D4, 0xA1B23C4D


def ipv4(number: int, payload: int = 20) -> bytes:
    """A UDP packet without check sums."""
    length = 28 + payload
    header = struct.pack(">BBHHHBBH", 0x45, 0, length, number, 0, 64, 17, 0)
    header += bytes([10, 0, 0, 1, 10, 0, 0, 2])
    return header + struct.pack(">HHHH", 1000, 2000, 8 + payload, 0) + bytes(payload)


def capture(packets: list[bytes], order: str = "<", magic: int = NANO, link: int = 101) -> bytes:
    out = struct.pack(order + "IHHIIII", magic, 2, 4, 0, 0, 65535, link)
    for number, packet in enumerate(packets):
        out += struct.pack(order + "IIII", number, 5, len(packet), len(packet)) + packet
    return out


def packets_of(path: Path) -> list[bytes]:
    """Takes a capture that the engine wrote apart; fails when it is not whole."""
    data = path.read_bytes()
    assert struct.unpack_from("<IHHIIII", data) == (NANO, 2, 4, 0, 0, 262144, 101)
    packets, at = [], 24
    while at < len(data):
        seconds, nanoseconds, kept, length = struct.unpack_from("<IIII", data, at)
        assert abs(seconds - time.time()) < 60
        assert nanoseconds < 10**9
        assert kept == length
        packets.append(data[at + 16 : at + 16 + kept])
        assert len(packets[-1]) == kept
        at += 16 + kept
    return packets


def step_all(engine: Engine) -> None:
    for _ in range(40):
        engine.step(1)


PACKETS = [ipv4(number, number) for number in range(1, 1000)]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("magic", [MICRO, NANO])
@pytest.mark.parametrize("link", [101, 228])
def test_a_capture_passes_unchanged(
    double: Double, tmp_path: Path, order: str, magic: int, link: int
) -> None:
    source, sink = tmp_path / "in.pcap", tmp_path / "out.pcap"
    source.write_bytes(capture(PACKETS, order, magic, link))
    with double.engine() as engine:
        engine.add_port(0, "pcap", f"rx={source}")
        engine.add_port(1, "pcap", f"tx={sink}")
        step_all(engine)
        assert engine.port_stats(0).rx_packets == len(PACKETS)
        assert packets_of(sink) == PACKETS  # complete once the engine is idle
    assert packets_of(sink) == PACKETS


def test_a_capture_plays_under_a_worker(double: Double, tmp_path: Path) -> None:
    source, sink = tmp_path / "in.pcap", tmp_path / "out.pcap"
    source.write_bytes(capture(PACKETS))
    with double.engine() as engine:
        engine.add_port(4, "pcap", f"rx={source},tx={tmp_path / 'none.pcap'}")
        engine.add_port(5, "pcap", f"tx={sink}")
        engine.start()
        while engine.port_stats(5).tx_packets < len(PACKETS):
            time.sleep(0.001)
        engine.stop()
        assert packets_of(sink) == PACKETS
    assert packets_of(tmp_path / "none.pcap") == []


def test_cut_and_overlong_packets_are_counted_not_delivered(double: Double, tmp_path: Path) -> None:
    source = tmp_path / "in.pcap"
    data = capture([ipv4(1)])
    data += struct.pack("<IIII", 0, 0, 10, 60) + bytes(10)
    data += capture([bytes(10176)])[24:] + capture([ipv4(2)])[24:]
    source.write_bytes(data)
    with double.engine() as engine:
        engine.add_port(0, "pcap", f"rx={source}")
        step_all(engine)
        stats = engine.port_stats(0)
        assert (stats.rx_packets, stats.rx_errors) == (2, 2)


GOOD = capture([ipv4(1), ipv4(2)])


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "cannot open capture file {}: No such file or directory"),
        (b"", "capture file {} is not a pcap file: it ends after 0 bytes"),
        (GOOD[:23], "capture file {} is not a pcap file: it ends after 23 bytes"),
        (b"\x0a\x0d\x0d\x0a" + GOOD[4:], "is not a pcap file: it begins with 0a0d0d0a"),
        (capture([ipv4(1)], link=1), "capture file {} has link type 1; only raw IP"),
        (GOOD[:30], "capture file {} is truncated: packet 1 at byte 24 has no whole header"),
        (GOOD[:-1], "is truncated: packet 2 at byte 88 needs 48 bytes, 47 are left"),
        (GOOD[:32] + b"\xff\xff\xff\xff" + GOOD[36:], "packet 1 at byte 24 needs 4294967295 bytes"),
    ],
)
def test_foreign_and_damaged_captures(
    engine: Engine, tmp_path: Path, content: bytes | None, sentence: str
) -> None:
    source = tmp_path / "in.pcap"
    if content is not None:
        source.write_bytes(content)
    with pytest.raises(EngineError) as caught:
        engine.add_port(2, "pcap", f"rx={source},tx={tmp_path / 'out.pcap'}")
    expected = sentence.format(source)
    assert expected in caught.value.message
    assert not (tmp_path / "out.pcap").exists()
    with pytest.raises(EngineError, match="no statistics of port 2"):
        engine.port_stats(2)


def test_every_truncation_of_a_capture_is_refused_or_shorter(
    double: Double, tmp_path: Path
) -> None:
    whole = {24: 0, len(capture([ipv4(1)])): 1, len(GOOD): 2}
    for length in range(len(GOOD) + 1):
        source = tmp_path / "in.pcap"
        source.write_bytes(GOOD[:length])
        with double.engine() as engine:
            if length in whole:
                engine.add_port(0, "pcap", f"rx={source}")
                assert engine.step(1) == whole[length]
            else:
                with pytest.raises(EngineError, match=r"truncated|not a pcap file"):
                    engine.add_port(0, "pcap", f"rx={source}")


def test_a_recording_is_complete_and_readable(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "port0.pcap"
    engine.start()
    engine.record(0, path)
    for packet in PACKETS:
        assert engine.mem_push(0, packet)
        assert engine.mem_push(1, packet)
    while engine.port_stats(0).tx_packets < len(PACKETS):
        time.sleep(0.001)
    while engine.port_stats(0).rx_packets < len(PACKETS):
        time.sleep(0.001)
    engine.record(0, None)
    engine.mem_push(0, ipv4(5))
    engine.stop()
    recorded = packets_of(path)
    assert sorted(recorded) == sorted(PACKETS * 2)
    tshark = shutil.which("tshark")
    if tshark is None:
        pytest.skip("there is no tshark (Debian package of that name) to read it as well")
    fields = ["-T", "fields", "-e", "ip.len", "-e", "udp.dstport"]
    command = [tshark, "-r", str(path), "-o", "ip.check_checksum:FALSE", *fields]
    result = subprocess.run(command, check=True, capture_output=True, text=True)
    assert [line.split("\t") for line in result.stdout.splitlines()] == [
        [str(len(packet)), "2000"] for packet in recorded
    ]


def test_a_recording_can_be_replaced(engine: Engine, tmp_path: Path) -> None:
    for number in range(3):
        engine.record(1, tmp_path / f"{number}.pcap")
        engine.mem_push(1, ipv4(number))
        engine.step(1)
    engine.record(1, None)
    engine.record(1, None)
    for number in range(3):
        assert packets_of(tmp_path / f"{number}.pcap") == [ipv4(number)]


def test_recordings_that_cannot_be_made(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="port 9 is not open and cannot be recorded"):
        engine.record(9, tmp_path / "x.pcap")
    missing = tmp_path / "no" / "x.pcap"
    with pytest.raises(EngineError, match=f"cannot create capture file {missing}: No such file"):
        engine.record(0, missing)


@pytest.mark.parametrize("worker", [False, True])
def test_sent_packets_that_met_a_full_disk_are_counted(double: Double, worker: bool) -> None:
    with double.engine() as engine:
        engine.add_port(0, "mem", "slots=512")
        engine.add_port(1, "pcap", "tx=/dev/full")
        for number in range(3):
            assert engine.mem_push(0, ipv4(number))
        if worker:
            engine.start()
            while engine.port_stats(1).tx_packets < 3:
                time.sleep(0.001)
        else:
            engine.step(1)
        engine.stop()  # writes what is left
        stats = engine.port_stats(1)
        assert (stats.tx_packets, stats.tx_dropped, stats.tx_errors) == (3, 0, 3)
        for number in range(3):
            assert engine.mem_push(0, ipv4(number))
        engine.step(1)
        stats = engine.port_stats(1)
        assert (stats.tx_packets, stats.tx_dropped, stats.tx_errors) == (3, 3, 3)


def test_a_recording_that_met_a_full_disk_says_so(engine: Engine) -> None:
    engine.record(0, Path("/dev/full"))
    engine.mem_push(0, ipv4(1))
    engine.step(1)
    engine.step(1)
    with pytest.raises(EngineError, match="/dev/full is incomplete: No space left on device"):
        engine.record(0, None)
