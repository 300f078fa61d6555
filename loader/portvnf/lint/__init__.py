"""Lint: the verifier's twin on the sources, for what is gone by the time of bitcode."""
