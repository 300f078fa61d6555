"""Addresses, names and sizes of the lab's network: the one place that knows them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Wire:
    """A bridge that joins namespaces; IPv4 hosts are `net4` plus a last octet."""

    name: str
    net4: str
    net6: str = ""

    def v4(self, host: int) -> str:
        return f"{self.net4}.{host}"

    def v6(self, host: int) -> str:
        return f"{self.net6}::{host}"


S11 = Wire("s11", "10.11.0")
S1U = Wire("s1u", "10.12.0")
SGI = Wire("sgi", "10.13.0", "fd00:13")
MIG = Wire("mig", "10.14.0")
WIRES = (S11, S1U, SGI, MIG)

# Last octets on every wire.
GATEWAY = 1
MME = 10
ENB = 20
ENB_ROUTER = 21
SERVER = 30
BLADE_HOSTS = {"blade-a": 101, "blade-b": 102}

BLADES = tuple(BLADE_HOSTS)
NAMESPACES = (*BLADES, "mme", "enb", "ue", "server")

UE_POOL4 = "10.45.0.0/16"
UE_POOL6 = "2001:db8:45::/48"
APN = "internet"
APN_MTU = 1400

# The far end of the light traffic: documentation addresses "in the Internet", reached
# through the server, which owns no such address itself but hands them to a TUN device.
TRAFFIC4 = "198.51.100.30"
TRAFFIC6 = "2001:db8:100::30"

TUN_TRAFFIC = "traffic"
TUN_S1U = "gtpu"
TUN_UE = "ue0"

WIRE_MTU = 9000
TUN_MTU = 1600  # holds a full UE packet and its GTP-U headers
QUEUE = 20000  # packets a device keeps for a reader that was not scheduled for a while

GTPU_PORT = 2152
GTPC_PORT = 2123
VIDEO_PORT = 5004
LIGHT_PORT = 7000
AGENT_PORT = 7443


def tun_of(wire: Wire) -> str:
    """The blade's TUN device for a wire's port."""
    return f"tun-{wire.name}"
