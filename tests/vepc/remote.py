"""Running a module of the tests in the Python of another ISA, under QEMU's user mode."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from portvnf import locate, roots

from .gateway import OPT_LEVEL

ROOT = Path(__file__).resolve().parent.parent.parent


# LLVM under QEMU takes minutes for -O3 and seconds for -O0. script/setup compiles for mips64el
# ahead of time; of s390x, the other byte order matters more than its optimiser, whose turn comes
# in the tests marked slow and in `portvnf conform`.
QUICK = {"mips64el": 3, "s390x": 0}


class Remote:
    """One other ISA, whose JIT optimises at `opt_level`. `folder` is where files for it are
    put."""

    def __init__(self, isa: str, folder: Path, opt_level: int | None = None) -> None:
        self.isa, self.folder = isa, folder
        self.opt_level = QUICK[isa] if opt_level is None else opt_level

    def run(self, module: str, *arguments: object, programs: Any = None) -> Any:
        """Runs `python -m module arguments...` there; what it prints, as JSON. `programs` is
        written to a JSON file whose path is the last argument."""
        extra = [str(argument) for argument in arguments]
        if programs is not None:
            path = self.folder / "programs.json"
            path.write_text(json.dumps(programs))
            extra.append(str(path))
        environment = {
            "PORTVNF_ARTIFACT": str(locate.artifact()),
            OPT_LEVEL: str(self.opt_level),
        }
        argv = [*roots.command(self.isa, environment), "-m", module, *extra]
        done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)
