"""`python -m tests.fuzz.run FOLDER SECONDS [--keep]`: fuzzes all targets at once for so long.

Exits 1 when there is a finding, whose input is in FOLDER/findings. With --keep what the
fuzzers found worth keeping is merged into the corpora.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from .targets import CORPUS, TARGETS, build, prepare

_GRACE_S = 120
_RUNS = re.compile(r"Done (\d+) runs")


def fuzz(folder: Path, seconds: int, keep: bool) -> bool:
    """Whether no target found anything."""
    shutil.rmtree(folder, ignore_errors=True)
    prepare(folder)
    findings = folder / "findings"
    findings.mkdir(exist_ok=True)
    environment = {**os.environ, "PORTVNF_FUZZ_STATE": str(folder / "state")}
    running = {}
    for target in TARGETS:
        program = build(target, folder, fuzzer=True)
        found = folder / f"new-{target}"
        found.mkdir(exist_ok=True)
        options = [f"-max_total_time={seconds}", "-timeout=20", "-max_len=16384"]
        options += ["-print_final_stats=0", f"-artifact_prefix={findings}/{target}-"]
        command = [program, *options, found, CORPUS / target]
        with (folder / f"{target}.log").open("w") as log:
            running[target] = subprocess.Popen(command, env=environment, stderr=log, stdout=log)
    try:
        for process in running.values():
            process.wait(seconds + _GRACE_S)
    except subprocess.TimeoutExpired:
        print(f"fuzzers that do not end {_GRACE_S} s after their time are killed")
    finally:  # also when somebody interrupts: nothing is left running
        for process in running.values():
            process.kill()
            process.wait()
    sound = True
    for target, process in running.items():
        log_text = (folder / f"{target}.log").read_text(errors="replace")
        runs = _RUNS.search(log_text)
        if process.returncode or not runs:
            sound = False
            print(f"{target}: a finding, see {folder / target}.log and {findings}")
            print("\n".join(log_text.splitlines()[-12:]))
            continue
        new = len(list((folder / f"new-{target}").iterdir()))
        print(f"{target}: {runs.group(1)} runs in {seconds} s, {new} new inputs, no finding")
        if keep:
            program = folder / f"fuzz_{target}"
            merge = [program, "-merge=1", CORPUS / target, folder / f"new-{target}"]
            subprocess.run(merge, env=environment, check=True, capture_output=True)
    return sound


def main() -> int:
    parser = argparse.ArgumentParser(prog="script/fuzz", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("seconds", type=int)
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    return 0 if fuzz(options.folder.resolve(), options.seconds, options.keep) else 1


if __name__ == "__main__":
    sys.exit(main())
