"""A site: one network namespace of the lab, with its legs on wires, devices and routes."""

from __future__ import annotations

from dataclasses import dataclass

from portvnf.lab import addresses as at
from portvnf.lab.addresses import Wire


@dataclass(frozen=True)
class Site:
    """What a namespace is to have. Routes are words of ip(8) behind `ip`, such as
    `route add …`; they are given when legs and devices are up."""

    name: str
    legs: tuple[tuple[Wire, int], ...] = ()  # wire and last octet there
    router: bool = False  # passes packets on between a wire and a TUN device
    devices: tuple[str, ...] = ()  # TUN devices that stay when no program holds them
    device_mtu: int = at.TUN_MTU
    routes: tuple[str, ...] = ()


def demo_sites() -> tuple[Site, ...]:
    """The sites of `portvnf lab demo`."""
    sgi4, sgi6 = at.SGI.v4(at.GATEWAY), at.SGI.v6(at.GATEWAY)
    blades = (
        Site(
            name,
            legs=tuple((wire, host) for wire in at.WIRES),
            router=True,
            devices=tuple(at.tun_of(wire) for wire in (at.S11, at.S1U, at.SGI)),
            routes=(
                *(
                    f"route add {wire.v4(at.GATEWAY)}/32 dev {at.tun_of(wire)}"
                    for wire in (at.S11, at.S1U, at.SGI)
                ),
                f"route add {sgi6}/128 dev {at.tun_of(at.SGI)}",
                f"route add {at.UE_POOL4} dev {at.tun_of(at.SGI)}",
                f"route add {at.UE_POOL6} dev {at.tun_of(at.SGI)}",
                f"route add default via {at.SGI.v4(at.SERVER)}",
                f"route add ::/0 via {at.SGI.v6(at.SERVER)}",
            ),
        )
        for name, host in at.BLADE_HOSTS.items()
    )
    enb = Site(
        "enb",
        legs=((at.S1U, at.ENB_ROUTER),),
        router=True,
        devices=(at.TUN_S1U, at.TUN_UE),
        routes=(
            f"route add {at.S1U.v4(at.ENB)}/32 dev {at.TUN_S1U}",
            f"neigh add proxy {at.S1U.v4(at.ENB)} dev {at.S1U.name}",
        ),
    )
    server = Site(
        "server",
        legs=((at.SGI, at.SERVER),),
        router=True,
        devices=(at.TUN_TRAFFIC,),
        routes=(
            f"route add {at.TRAFFIC4}/32 dev {at.TUN_TRAFFIC}",
            f"route add {at.TRAFFIC6}/128 dev {at.TUN_TRAFFIC}",
            f"route add {at.UE_POOL4} via {sgi4}",
            f"route add {at.UE_POOL6} via {sgi6}",
        ),
    )
    return (*blades, Site("mme", legs=((at.S11, at.MME),)), enb, Site("ue"), server)
