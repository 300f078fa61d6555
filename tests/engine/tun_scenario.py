"""What happens on real TUN devices; run by test_tun.py in a network namespace of its own.

Usage: tun_scenario.py DOUBLE_LIBRARY SCENARIO
"""

from __future__ import annotations

import ctypes
import json
import os
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

from portvnf import serial_packets
from portvnf.engine import Engine, Mode, Tun
from portvnf.errors import EngineError

SWAP, REFLECT = 0, 1
DOUBLE = ctypes.CDLL(sys.argv[1])
ARENA = (ctypes.c_uint64 * 16)(REFLECT, 10_000_000)


def ip(*arguments: str) -> str:
    command = ["ip", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def set_kernel(name: str, value: int) -> None:
    Path("/proc/sys/net", name).write_text(str(value), encoding="ascii")


def new_engine(hold_limit: int = 20_000) -> Engine:
    burst = ctypes.cast(DOUBLE.vnf_burst, ctypes.c_void_p).value
    assert burst
    return Engine(burst, ctypes.addressof(ARENA), hold_limit)


def bring_up(device: str, network: int, mtu: int = 1500) -> socket.socket:
    """Gives the device 10.NETWORK.0.1/24; returns a socket that sends into it."""
    ip("address", "add", f"10.{network}.0.1/24", "dev", device)
    ip("link", "set", device, "up", "mtu", str(mtu))
    peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    peer.bind((f"10.{network}.0.1", 0))
    peer.connect((f"10.{network}.0.2", 7))
    peer.settimeout(5)
    return peer


def wait_until_held(engine: Engine, packets: int) -> None:
    end = time.monotonic() + 10
    while engine.stats().held < packets:
        assert time.monotonic() < end, f"only {engine.stats().held} of {packets} are held"
        time.sleep(0.001)


def queue_length(device: str) -> int:
    return int(json.loads(ip("-json", "link", "show", device))[0]["txqlen"])


def queue() -> None:
    """A device's queue is made longer, never shorter."""
    for length, expected in ((500, 10_000), (20_000, 20_000)):
        device = f"queue{length}"
        ip("tuntap", "add", device, "mode", "tun")
        ip("link", "set", device, "txqueuelen", str(length))
        with Tun(device):
            assert queue_length(device) == expected


def echo() -> None:
    """Packets go out and come back in order, many to a wake-up."""
    with new_engine() as engine:
        engine.add_port(0, "tun", "device=one")
        peer = bring_up("one", 1)
        assert queue_length("one") == 10_000
        engine.start()
        for first in range(0, 5000, 50):
            sent = [number.to_bytes(4, "big") for number in range(first, first + 50)]
            for data in sent:
                peer.send(data)
            assert [peer.recv(100) for _ in sent] == sent
        engine.stop()
        stats = engine.port_stats(0)
        assert (stats.rx_packets, stats.tx_packets, stats.tx_dropped) == (5000, 5000, 0)


def hold() -> None:
    """Held packets come back in order through a socket with default buffers."""
    with new_engine() as engine:
        engine.add_port(0, "tun", "device=one")
        peer = bring_up("one", 1)
        engine.start()
        engine.set_mode(Mode.HOLD)
        sent = [number.to_bytes(4, "big") + bytes(1000) for number in range(3000)]
        for data in sent:
            peer.send(data)
        wait_until_held(engine, 3000)
        engine.set_mode(Mode.SERVE)
        assert [peer.recv(2000) for _ in sent] == sent


def stall() -> None:
    """What arrives while the engine does not run at all waits in the kernel."""
    with new_engine() as engine:
        engine.add_port(0, "tun", "device=one")
        # A device holds packets for its reader against the sender's socket buffer.
        peers = [bring_up("one", 1)]
        peers += [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(50)]
        for peer in peers[1:]:
            peer.connect(("10.1.0.2", 7))
        for number in range(5000):
            peers[number % 51].send(number.to_bytes(4, "big"))
        engine.set_mode(Mode.HOLD)
        while engine.step(1):
            pass
        held = [packet for _, packet in serial_packets.decode(engine.take_held())]
        assert [int.from_bytes(packet[28:], "big") for packet in held] == list(range(5000))


def overlong() -> None:
    """A packet that is longer than a buffer is counted, never cut."""
    with new_engine() as engine:
        engine.add_port(0, "tun", "device=one")
        peer = bring_up("one", 1, mtu=12_000)
        engine.start()
        longest = bytes(range(256)) * 39 + bytes(191 - 28)
        for data in (b"before", bytes(10_176 - 28), bytes(11_000), longest, b"after"):
            peer.send(data)
        assert [peer.recv(12_000) for _ in range(3)] == [b"before", longest, b"after"]
        assert engine.port_stats(0).rx_errors == 2


def down() -> None:
    """A device that is down drops and counts; once up again, it carries on."""
    with new_engine() as engine:
        engine.add_port(0, "tun", "device=one")
        peer = bring_up("one", 1)
        engine.start()
        ip("link", "set", "one", "down")
        packet = bytes([0x45]) + bytes(27)
        engine.inject(serial_packets.encode([(0, packet)] * 3))
        end = time.monotonic() + 5
        while engine.port_stats(0).tx_dropped < 3:
            assert time.monotonic() < end
            time.sleep(0.001)
        ip("link", "set", "one", "up")
        peer.send(b"again")
        assert peer.recv(100) == b"again"


def busy() -> None:
    """A device that another program has open is refused with a sentence."""
    with Tun("one"), new_engine() as engine:
        try:
            engine.add_port(0, "tun", "device=one")
        except EngineError as error:
            assert error.message == "cannot attach to TUN device one: Device or resource busy"
        else:
            raise AssertionError("the device was attached twice")


def handle() -> None:
    """The stand-alone handle reads and writes bursts."""
    with Tun("one") as tun:
        peer = bring_up("one", 1)
        begin = time.monotonic()
        assert tun.read(timeout_ms=50) == []
        assert 0.04 < time.monotonic() - begin < 1
        for number in range(100):
            peer.send(bytes([number]))
        packets: list[bytes] = []
        while len(packets) < 100:
            packets += tun.read(timeout_ms=1000)
        assert [packet[28] for packet in packets] == list(range(100))
        answers = [p[:12] + p[16:20] + p[12:16] + p[22:24] + p[20:22] + p[24:] for p in packets]
        assert tun.write(answers) == 100
        assert [peer.recv(10)[0] for _ in range(100)] == list(range(100))
        assert tun.write([b"\x00not IP"]) == 0


RECEIVER = """
import json, socket, sys
sys.stdin.readline()
receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver.bind(("10.9.0.2", 2000))
receiver.settimeout(5)
print("ready", flush=True)
numbers = []
try:
    while True:
        numbers.append(int.from_bytes(receiver.recv(2000)[:4], "big"))
        receiver.settimeout(1)
except TimeoutError:
    print(json.dumps(numbers))
"""


def numbered_packet(number: int) -> bytes:
    data = number.to_bytes(4, "big") + bytes(1368)
    header = struct.pack(">BBHHHBBH", 0x45, 0, 28 + len(data), 0, 0, 64, 17, 0)
    header += bytes([10, 1, 0, 2, 10, 9, 0, 2])
    words: tuple[int, ...] = struct.unpack(">10H", header)
    total: int = sum(words)
    total = (total & 0xFFFF) + (total >> 16)
    checksum: int = ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF
    header = header[:10] + checksum.to_bytes(2, "big") + header[12:]
    return header + struct.pack(">HHHH", 1000, 2000, 8 + len(data), 0) + data


def release() -> None:
    """5,000 held packets of 1,400 bytes reach an ordinary socket behind a veth."""
    ARENA[0] = SWAP
    command = ["unshare", "--net", sys.executable, "-c", RECEIVER]
    with (
        new_engine() as engine,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as receiver,
    ):
        assert receiver.stdin
        assert receiver.stdout
        engine.add_port(0, "mem", "slots=8192")
        engine.add_port(1, "tun", "device=one")
        bring_up("one", 1)
        ip("link", "add", "near", "type", "veth", "peer", "name", "far")
        ip("address", "add", "10.9.0.1/24", "dev", "near")
        ip("link", "set", "near", "up")
        for name in ("ipv4/ip_forward", "ipv4/conf/all/forwarding"):
            set_kernel(name, 1)
        move_far_end(receiver.pid)
        receiver.stdin.write("\n")
        receiver.stdin.flush()
        assert receiver.stdout.readline() == "ready\n"
        engine.set_mode(Mode.HOLD)
        for number in range(5000):
            assert engine.mem_push(0, numbered_packet(number))
        engine.start()
        wait_until_held(engine, 5000)
        engine.set_mode(Mode.SERVE)
        numbers = json.loads(receiver.stdout.readline())
        assert numbers == list(range(5000)), f"{len(numbers)} of 5000 packets arrived"


def move_far_end(pid: int) -> None:
    """Puts the veth's far end into the receiver's namespace and configures it there."""
    end = time.monotonic() + 5
    own = Path("/proc/self/ns/net").readlink()
    while Path(f"/proc/{pid}/ns/net").readlink() == own:
        assert time.monotonic() < end, "the receiver has no namespace of its own"
        time.sleep(0.01)
    ip("link", "set", "far", "netns", str(pid))
    enter = ["nsenter", f"--net=/proc/{pid}/ns/net", "ip"]
    for arguments in ("address add 10.9.0.2/24 dev far", "link set far up"):
        subprocess.run([*enter, *arguments.split()], check=True)


SCENARIOS = (queue, echo, hold, stall, overlong, down, busy, handle, release)

if __name__ == "__main__":
    for interface in ("all", "default"):
        set_kernel(f"ipv6/conf/{interface}/disable_ipv6", 1)
        set_kernel(f"ipv4/conf/{interface}/rp_filter", 0)
    os.environ["LC_ALL"] = "C"
    {scenario.__name__: scenario for scenario in SCENARIOS}[sys.argv[2]]()
