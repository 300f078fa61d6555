"""tft.c and flow.c built by themselves, for tests against parsers that we did not write."""

from __future__ import annotations

import ctypes
import subprocess
from pathlib import Path
from typing import Any

from portvnf import locate
from portvnf.state.codegen import Generator
from portvnf.state.vepc import SCHEMA
from portvnf.state.vepc_parts import PACKET_FILTER

FOLDER = Path(__file__).resolve().parent
SOURCES = FOLDER.parent.parent / "vnfsrc" / "vepc"
ACCEPTED, TFT_SYNTACTIC, FILTER_SEMANTIC, FILTER_SYNTACTIC = 16, 75, 76, 77
CREATE, DELETE, ADD, REPLACE, DELETE_FILTERS, NO_OPERATION = range(1, 7)


class Templates:
    """The C functions, with records as construct's dictionaries."""

    def __init__(self, folder: Path) -> None:
        generator = Generator(SCHEMA)
        (folder / "vepc_records.h").write_text(generator.header())
        (folder / "vepc_records.c").write_text(generator.source())
        library = folder / "tft.so"
        flags = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-O1", "-fPIC", "-shared"]
        flags += ["-fsanitize=undefined", "-fno-sanitize-recover=all"]
        includes = [f"-I{locate.headers()}", f"-I{folder}", f"-I{SOURCES}"]
        names = ("address.c", "flow.c", "gtpc_ie.c", "index.c", "ip.c", "packet_filter.c", "tft.c")
        sources = [SOURCES / name for name in names]
        files = [*map(str, sources), str(folder / "vepc_records.c"), str(FOLDER / "tft_harness.c")]
        subprocess.run(["gcc", *flags, *includes, *files, "-o", str(library)], check=True)
        self.library = ctypes.CDLL(str(library))
        for name in ("read", "check", "write", "fits"):
            getattr(self.library, f"harness_{name}").restype = ctypes.c_uint64

    def read(self, value: bytes) -> tuple[int, int, list[dict[str, Any]]]:
        """Cause, operation and filters."""
        out, length = ctypes.create_string_buffer(4096), ctypes.c_uint64()
        cause = self.library.harness_read(
            value, ctypes.c_uint64(len(value)), out, ctypes.byref(length)
        )
        if cause != ACCEPTED:
            assert length.value == 0
            return cause, 0, []
        data = out.raw[2 : length.value]
        filters = []
        for _ in range(out.raw[1]):
            filters.append(plain(PACKET_FILTER.parse(data)))
            data = data[len(PACKET_FILTER.build(filters[-1])) :]
        assert data == b""
        return cause, out.raw[0], filters

    def check(self, record: dict[str, Any]) -> int:
        data = PACKET_FILTER.build(record)
        return int(self.library.harness_check(data, ctypes.c_uint64(len(data))))

    def write(self, records: list[dict[str, Any]], operation: int = CREATE) -> bytes:
        data = b"".join(map(PACKET_FILTER.build, records))
        out = ctypes.create_string_buffer(4096)
        count, kind = ctypes.c_uint64(len(records)), ctypes.c_uint64(operation)
        length = self.library.harness_write(data, ctypes.c_uint64(len(data)), kind, count, out)
        assert length > 0
        return out.raw[:length]

    def fits(self, packet: bytes, record: dict[str, Any], *, uplink: bool) -> bool:
        data = PACKET_FILTER.build(record)
        sizes = ctypes.c_uint64(len(packet)), ctypes.c_uint64(len(data))
        result = self.library.harness_fits(
            packet, sizes[0], data, sizes[1], ctypes.c_uint64(uplink)
        )
        assert result in (0, 1)
        return bool(result)


def plain(record: Any) -> dict[str, Any]:
    """A parsed record as a dictionary of values alone."""
    return {
        key: list(value) if isinstance(value, list) else value
        for key, value in record.items()
        if key != "_io"
    }
