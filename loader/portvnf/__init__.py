"""portvnf: one network function, compiled once, runs on any CPU, and its sessions move."""

from __future__ import annotations

__version__ = "0.1.0"
