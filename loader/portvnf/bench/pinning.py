"""CPUs for a gateway and its load generator: one each, where there are two.

Left to itself the kernel now and then wakes one on the other's CPU for a whole round: the
figures would have two peaks.
"""

from __future__ import annotations

import os

from portvnf.lab.role import die_with_parent


def cpu_pair() -> tuple[int, int]:
    """The gateway's CPU and the generator's, which are the same on a machine with one."""
    usable = sorted(os.sched_getaffinity(0))
    return usable[-1], usable[0]


def run_on_cpu(cpu: int) -> None:
    """For a child process, before its program: one CPU, and an end when its parent ends."""
    os.sched_setaffinity(0, {cpu})
    die_with_parent()
