"""Running a module of the tests in the Python of another ISA, under QEMU's user mode."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from portvnf import locate, roots

ROOT = Path(__file__).resolve().parent.parent.parent


class Remote:
    """One other ISA. `folder` is where files for it are put."""

    def __init__(self, isa: str, folder: Path) -> None:
        self.isa, self.folder = isa, folder

    def run(self, module: str, *arguments: object, programs: Any = None) -> Any:
        """Runs `python -m module arguments...` there; what it prints, as JSON. `programs` is
        written to a JSON file whose path is the last argument."""
        extra = [str(argument) for argument in arguments]
        if programs is not None:
            path = self.folder / "programs.json"
            path.write_text(json.dumps(programs))
            extra.append(str(path))
        environment = {"PORTVNF_ARTIFACT": str(locate.artifact())}
        argv = [*roots.command(self.isa, environment), "-m", module, *extra]
        done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)
