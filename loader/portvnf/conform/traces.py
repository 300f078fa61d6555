"""The traces that a run of the matrix replays: recorded ones and generated ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from portvnf import locate
from portvnf.conform.generator import Generator
from portvnf.conform.scene import SCENES
from portvnf.errors import TraceError
from portvnf.trace import Trace, decode_trace, encode_trace
from portvnf.vnf import Vnf

SUFFIX = ".trace"


@dataclass(frozen=True)
class NamedTrace:
    """A trace, encoded, as a file of that name."""

    name: str
    path: Path
    packets: int

    def trace(self) -> Trace:
        """What is in the file."""
        return decode_trace(self.path.read_bytes(), self.name)


def recorded_folder() -> Path | None:
    """Where the checkout keeps recorded traces; None where portvnf is installed."""
    root = locate.checkout()
    folder = root / "tests" / "conform" / "traces" if root else None
    return folder if folder and folder.is_dir() else None


def recorded(folder: Path) -> Iterator[NamedTrace]:
    """Every trace of a folder."""
    paths = sorted(folder.glob(f"*{SUFFIX}"))
    if not paths:
        raise TraceError(f"{folder} holds no trace (*{SUFFIX})")
    for path in paths:
        trace = decode_trace(path.read_bytes(), str(path))
        yield NamedTrace(path.stem, path, trace.packets)


def generated(
    vnf: Vnf,
    packets: int,
    seed: int,
    each: int,
    folder: Path,
    progress: Callable[[str], None] = lambda line: None,
) -> Iterator[NamedTrace]:
    """Traces of about `each` packets, of every scene in turn and seed after seed, `packets`
    in all; written to a folder."""
    made = number = 0
    while made < packets:
        scene = SCENES[number % len(SCENES)]
        chosen = seed + number // len(SCENES)
        trace = Generator(chosen, scene, vnf).trace(min(each, packets - made))
        path = folder / f"{scene.name}-{chosen}{SUFFIX}"
        path.write_bytes(encode_trace(trace))
        progress(f"generated {path.stem}: {trace.packets} packets")
        yield NamedTrace(path.stem, path, trace.packets)
        made, number = made + trace.packets, number + 1
