"""The packet engine of this host, driven from Python.

A thin, typed face of `portable_rt/include/portvnf/engine.h`: the C library moves the
packets, Python only controls it. Every call releases the interpreter lock while it runs.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import IntEnum
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any

from cffi import FFI

from portvnf import cdef, locate, serial_packets
from portvnf.errors import EngineError

_ERROR_SIZE = 1024
_HELD_BYTES = 1 << 20
_READ_BYTES = 1 << 20
_PACKET_BYTES = 1 << 16  # no IP packet is longer


class Mode(IntEnum):
    """What the worker does with packets that arrive."""

    SERVE = 1
    HOLD = 2


@dataclass(frozen=True)
class PortStats:
    """What passed one port (struct pv_port_stats)."""

    rx_packets: int
    rx_bytes: int
    tx_packets: int
    tx_bytes: int
    tx_dropped: int
    rx_errors: int
    tx_errors: int
    last_rx_ns: int


@dataclass(frozen=True)
class EngineStats:
    """The engine's state and counters (struct pv_engine_stats)."""

    bursts: int
    held: int
    held_peak: int
    held_dropped: int
    injected: int
    refused: int
    last_rx_ns: int
    mode: int
    running: int


@cache
def ffi() -> Any:
    """The cffi interface with every structure of the host ABI declared.

    Structures for `Engine.run` can be made with it: ffi().new("struct pv_export *").
    """
    interface = FFI()
    interface.cdef(cdef.declarations("types.h", "vnf.h", "engine.h"))
    return interface


@cache
def _library() -> Any:
    path = locate.host_library()
    try:
        return ffi().dlopen(str(path))
    except OSError as error:
        raise EngineError(f"cannot load the packet engine {path}: {error}") from None


def now_ns() -> int:
    """Monotonic time in ns, the clock of every `now_ns`."""
    return int(_library().pv_now_ns())


def time_bursts(burst_address: int, arena: int, bursts: Any) -> int:
    """For benchmarks: runs an array of struct pv_burst back to back; the ns that took."""
    library = _library()
    burst = ffi().cast("pv_vnf_burst", burst_address)
    return int(library.pv_time_bursts(burst, ffi().cast("u8 *", arena), bursts, len(bursts)))


def _new_error() -> Any:
    return ffi().new("char[]", _ERROR_SIZE)


def _sentence(error: Any) -> str:
    return str(ffi().string(error).decode("utf-8", "replace"))


def _checked(result: int, what: str) -> int:
    if result < 0:
        raise EngineError(f"{what}: {os.strerror(-result)}")
    return int(result)


def _checked_with(result: int, error: Any) -> None:
    if result < 0:
        raise EngineError(_sentence(error) or os.strerror(-result))


class Engine:
    """Moves packets between ports and one VNF.

    `burst_address` is the address of vnf_burst and `arena` that of an initialised arena;
    both must stay valid until `close`. `hold_limit` is in packets. The engine starts in
    Mode.SERVE, without a worker: run it with `start`, or by hand with `step`.
    """

    def __init__(self, burst_address: int, arena: int, hold_limit: int) -> None:
        burst = ffi().cast("pv_vnf_burst", burst_address)
        self._engine = _library().pv_engine_create(burst, ffi().cast("u8 *", arena), hold_limit)
        if self._engine == ffi().NULL:
            raise EngineError("there is no memory for a packet engine")

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def _handle(self) -> Any:
        if self._engine is None:
            raise EngineError("the packet engine is closed")
        return self._engine

    def close(self) -> None:
        """Stops the worker and closes all ports; no other thread may be in a call."""
        engine, self._engine = self._engine, None
        if engine is not None:
            _library().pv_engine_destroy(engine)

    def add_port(self, number: int, driver: str, arguments: str = "") -> None:
        """Opens a port, for instance add_port(0, "tun", "device=s1u")."""
        error = _new_error()
        result = _library().pv_engine_add_port(
            self._handle, number, driver.encode(), os.fsencode(arguments), error, _ERROR_SIZE
        )
        _checked_with(result, error)

    def start(self) -> None:
        """Starts the worker thread."""
        error = _new_error()
        _checked_with(_library().pv_engine_start(self._handle, error, _ERROR_SIZE), error)

    def stop(self) -> None:
        """Stops the worker thread after the burst in hand."""
        _checked(_library().pv_engine_stop(self._handle), "cannot stop the packet engine")

    def step(self, now_ns: int) -> int:
        """Without a worker: one burst from each port. Returns the packets received."""
        result = _library().pv_engine_step(self._handle, now_ns)
        return _checked(result, "cannot step the packet engine while its worker runs")

    def set_mode(self, mode: Mode) -> None:
        """Changes the mode at a burst boundary, and returns once that is done."""
        result = _library().pv_engine_set_mode(self._handle, int(mode))
        _checked(result, f"cannot set mode {int(mode)} of the packet engine")

    def run(self, function_address: int, argument: Any = 0) -> int:
        """Calls function(arena, argument) between two bursts and returns its result.

        `argument` is an address or a cffi pointer, which the caller keeps alive.
        """
        function = ffi().cast("pv_engine_call", function_address)
        pointer = ffi().cast("void *", argument)
        return int(_library().pv_engine_run(self._handle, function, pointer))

    def take_held(self, capacity: int = _HELD_BYTES) -> bytes:
        """Takes the oldest held packets in serial form, at most `capacity` bytes.

        Returns b"" when none is held.
        """
        buffer = ffi().new("u8[]", capacity)
        result = _library().pv_engine_take_held(self._handle, buffer, capacity)
        length = _checked(result, f"cannot take held packets into {capacity} bytes")
        return bytes(ffi().buffer(buffer, length))

    def inject(self, serial: bytes) -> int:
        """Queues packets in serial form before all others. Returns how many."""
        result = _library().pv_engine_inject(self._handle, ffi().from_buffer(serial), len(serial))
        what = f"cannot inject {len(serial)} bytes: not whole packets for open ports"
        return _checked(result, what)

    def record(self, number: int, path: Path | None) -> None:
        """Begins to record a port into a pcap file; None ends the recording.

        EngineError when the file cannot be made, or on ending, is not complete.
        """
        error = _new_error()
        name = ffi().NULL if path is None else os.fsencode(path)
        result = _library().pv_engine_record(self._handle, number, name, error, _ERROR_SIZE)
        _checked_with(result, error)

    def stats(self) -> EngineStats:
        """The engine's counters; may be asked from any thread, at any time."""
        stats = ffi().new("struct pv_engine_stats *")
        _checked(_library().pv_engine_get_stats(self._handle, stats), "no engine statistics")
        return EngineStats(**{f.name: getattr(stats, f.name) for f in fields(EngineStats)})

    def port_stats(self, number: int) -> PortStats:
        """One port's counters; may be asked from any thread, at any time."""
        stats = ffi().new("struct pv_port_stats *")
        result = _library().pv_engine_get_port_stats(self._handle, number, stats)
        _checked(result, f"no statistics of port {number}")
        return PortStats(**{f.name: getattr(stats, f.name) for f in fields(PortStats)})

    def mem_push(self, number: int, packet: bytes) -> bool:
        """Puts a packet into a "mem" port; False when its ring is full."""
        data = ffi().from_buffer(packet)
        result = _library().pv_mem_push(self._handle, number, data, len(packet))
        if result == -errno.ENOBUFS:
            return False
        _checked(result, f"cannot push {len(packet)} bytes into port {number}")
        return True

    def mem_pop(self, number: int) -> bytes | None:
        """Takes the oldest packet that a "mem" port sent; None when there is none."""
        buffer = ffi().new("u8[]", _PACKET_BYTES)
        result = _library().pv_mem_pop(self._handle, number, buffer, _PACKET_BYTES)
        length = _checked(result, f"cannot pop from port {number}")
        return bytes(ffi().buffer(buffer, length)) if length else None


class Tun:
    """A TUN device of this network namespace, for traffic sources and sinks.

    One thread may read while another writes.
    """

    def __init__(self, device: str) -> None:
        error = _new_error()
        self._tun = _library().pv_tun_open(device.encode(), error, _ERROR_SIZE)
        if self._tun == ffi().NULL:
            self._tun = None
            raise EngineError(_sentence(error))
        self._buffer = ffi().new("u8[]", _READ_BYTES)

    def __enter__(self) -> Tun:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def _handle(self) -> Any:
        if self._tun is None:
            raise EngineError("the TUN device is closed")
        return self._tun

    def close(self) -> None:
        """Closes the handle; no other thread may be in a call."""
        tun, self._tun = self._tun, None
        if tun is not None:
            _library().pv_tun_close(tun)

    def read(self, timeout_ms: int) -> list[bytes]:
        """Waits at most timeout_ms for a packet and returns those that are there."""
        result = _library().pv_tun_read(self._handle, self._buffer, _READ_BYTES, timeout_ms)
        length = _checked(result, "cannot read from the TUN device")
        serial = bytes(ffi().buffer(self._buffer, length))
        return [packet for _, packet in serial_packets.decode(serial)]

    def write(self, packets: Sequence[bytes]) -> int:
        """Sends the packets in order. Returns how many the device took."""
        serial = serial_packets.encode((0, packet) for packet in packets)
        result = _library().pv_tun_write(self._handle, ffi().from_buffer(serial), len(serial))
        return _checked(result, "cannot write to the TUN device")
