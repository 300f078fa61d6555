"""The one seam between an artifact and a host's own instructions.

parse -> verify -> set triple and layout -> optimise -> emit -> (cache) -> load
"""

from portvnf.jit.compiler import compile_artifact
from portvnf.loaded import LoadedVnf

__all__ = ["LoadedVnf", "compile_artifact"]
