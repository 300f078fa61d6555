"""Addresses of the gateway (tests/data/vepc.toml) and of its peers in the tests."""

from __future__ import annotations

GATEWAY_S11, GATEWAY_S1U, GATEWAY_SGI = "10.11.0.1", "10.12.0.1", "10.13.0.1"
GATEWAY_SGI6 = "fd00:13::1"
GATEWAY_S5 = "10.14.0.1"
MME, ENB, SERVER, SERVER6 = "10.11.0.10", "10.12.0.20", "10.13.0.30", "fd00:13::30"
SGW, SGW2, PGW = "10.14.0.40", "10.14.0.41", "10.14.0.50"
