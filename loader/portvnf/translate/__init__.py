"""Ahead of time: from an artifact to object code of any ISA, on any host.

verify -> set triple and layout -> optimise -> emit -> (link). The same steps as in
portvnf.jit, for a machine that has no Python or no LLVM; portvnf-host runs what comes out.
"""

from portvnf.translate.translator import Translation, link, translate

__all__ = ["Translation", "link", "translate"]
