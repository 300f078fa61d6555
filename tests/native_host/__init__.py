"""portvnf-host, on every ISA."""
