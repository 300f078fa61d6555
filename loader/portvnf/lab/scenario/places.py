"""Who lives where in a scenario's network: wires, last octets, pools."""

from __future__ import annotations

from portvnf.lab.addresses import MIG, Wire

S11 = Wire("s11", "10.11.0", "fd00:11")
S1U = Wire("s1u", "10.12.0", "fd00:12")
SGI = Wire("sgi", "10.13.0", "fd00:13")
S5 = Wire("s5", "10.15.0", "fd00:15")
WIRES = (S11, S1U, SGI, S5, MIG)

# Last octets on every wire. Blades come from 101 on.
GATEWAY = 1
PGW_ON_S5 = 2
SERVER = 30
FIRST_MME = 10  # MME 1 has 11, …
FIRST_ENB = 20
FIRST_BLADE = 101
MOST = 9  # MMEs, eNBs, blades

POOLS = {
    "internet": ("10.45.0.0/16", "2001:db8:45::/48"),
    "ims": ("10.46.0.0/16", "2001:db8:46::/48"),
}
MTU = 1400
