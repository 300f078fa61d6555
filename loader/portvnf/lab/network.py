"""Blades, peers and wires: the lab's namespaces, bridges, addresses and routes.

Must run inside the sandbox. The gateway's own addresses belong to no kernel: each blade
routes them into its TUN devices, and the active blade's agent answers for them on the wire.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

from portvnf.errors import LabError
from portvnf.lab import addresses as at
from portvnf.lab.addresses import Wire

# Who has a leg on which wire, and with which last octet.
_LEGS: dict[str, tuple[tuple[Wire, int], ...]] = {
    **{blade: tuple((wire, host) for wire in at.WIRES) for blade, host in at.BLADE_HOSTS.items()},
    "mme": ((at.S11, at.MME),),
    "enb": ((at.S1U, at.ENB_ROUTER),),
    "server": ((at.SGI, at.SERVER),),
}

# Namespaces that pass packets on between a wire and a TUN device.
_ROUTERS = (*at.BLADES, "enb", "server")


def inside(namespace: str, argv: list[str]) -> list[str]:
    """The command that runs `argv` in one of the lab's network namespaces."""
    return ["nsenter", f"--net=/run/netns/{namespace}", "--", *argv]


def build() -> None:
    """Makes the whole network; a LabError names the step that the kernel refused."""
    for namespace in at.NAMESPACES:
        run_ip(None, [f"netns add {namespace}"])
        set_sysctls(namespace, list(_namespace_settings(namespace in _ROUTERS)))
    _sysctl_own([("ipv6/conf/default/disable_ipv6", 1), ("ipv6/conf/all/disable_ipv6", 1)])
    run_ip(None, list(_bridges()))
    for namespace in at.NAMESPACES:
        run_ip(namespace, ["link set lo up", *_legs(namespace), *_devices(namespace)])
        for wire, _host in _LEGS.get(namespace, ()):
            run_ip(namespace, list(_neighbour_timing(wire)))
        run_ip(namespace, list(_routes(namespace)))


def give_ue_its_device(address4: str, address6: str) -> None:
    """Moves the eNB's device ue0 to the UE's namespace and configures it there.

    The eNB must hold the device open already; it keeps it. Either address may be empty.
    """
    run_ip("enb", [f"link set {at.TUN_UE} netns ue"])
    lines = [f"link set {at.TUN_UE} mtu {at.APN_MTU} txqueuelen {at.QUEUE} up"]
    if address4:
        lines += [f"addr add {address4}/32 dev {at.TUN_UE}", f"route add default dev {at.TUN_UE}"]
    if address6:
        lines += [
            f"addr add {address6}/64 dev {at.TUN_UE} nodad",
            f"route add ::/0 dev {at.TUN_UE}",
        ]
    run_ip("ue", lines)


def _namespace_settings(router: bool) -> Iterator[tuple[str, int]]:
    for scope in ("all", "default"):
        yield f"ipv4/conf/{scope}/rp_filter", 0
        yield f"ipv4/conf/{scope}/send_redirects", 0
        yield f"ipv4/conf/{scope}/accept_redirects", 0
        yield f"ipv6/conf/{scope}/accept_ra", 0
        yield f"ipv6/conf/{scope}/accept_redirects", 0
        yield f"ipv6/conf/{scope}/autoconf", 0
        yield f"ipv6/conf/{scope}/router_solicitations", 0
        yield f"ipv6/conf/{scope}/accept_dad", 0
        if router:
            yield f"ipv6/conf/{scope}/forwarding", 1
            yield f"ipv6/conf/{scope}/proxy_ndp", 1
    if router:
        yield "ipv4/ip_forward", 1


def _bridges() -> Iterator[str]:
    for wire in at.WIRES:
        # Neither spanning tree nor multicast snooping: a wire passes frames at once.
        yield (
            f"link add name {wire.name} mtu {at.WIRE_MTU} type bridge "
            "stp_state 0 forward_delay 0 mcast_snooping 0"
        )
        yield f"link set dev {wire.name} up"
    for namespace, legs in _LEGS.items():
        for wire, _host in legs:
            port = f"{wire.name}-{namespace}"
            yield (
                f"link add name {port} mtu {at.WIRE_MTU} type veth "
                f"peer name {wire.name} mtu {at.WIRE_MTU} netns {namespace}"
            )
            yield f"link set dev {port} master {wire.name}"
            yield f"link set dev {port} up"


def _legs(namespace: str) -> Iterator[str]:
    for wire, host in _LEGS.get(namespace, ()):
        yield f"link set dev {wire.name} up"
        yield f"addr add {wire.v4(host)}/24 dev {wire.name}"
        if wire.net6:
            yield f"addr add {wire.v6(host)}/64 dev {wire.name} nodad"


def _neighbour_timing(wire: Wire) -> Iterator[str]:
    # Answer for proxied addresses at once, and believe an announcement at once even if
    # the entry that it replaces is fresh.
    for table in ("arp_cache", "ndisc_cache") if wire.net6 else ("arp_cache",):
        yield f"ntable change name {table} dev {wire.name} proxy_delay 0 locktime 0"


def _devices(namespace: str) -> Iterator[str]:
    names = {
        **{blade: [at.tun_of(wire) for wire in (at.S11, at.S1U, at.SGI)] for blade in at.BLADES},
        "enb": [at.TUN_S1U, at.TUN_UE],
        "server": [at.TUN_TRAFFIC],
    }.get(namespace, [])
    for name in names:
        yield f"tuntap add dev {name} mode tun"
        yield f"link set dev {name} mtu {at.TUN_MTU} txqueuelen {at.QUEUE} up"


def _routes(namespace: str) -> Iterator[str]:
    sgi4, sgi6 = at.SGI.v4(at.GATEWAY), at.SGI.v6(at.GATEWAY)
    if namespace in at.BLADES:
        for wire in (at.S11, at.S1U, at.SGI):
            yield f"route add {wire.v4(at.GATEWAY)}/32 dev {at.tun_of(wire)}"
        yield f"route add {sgi6}/128 dev {at.tun_of(at.SGI)}"
        yield f"route add {at.UE_POOL4} dev {at.tun_of(at.SGI)}"
        yield f"route add {at.UE_POOL6} dev {at.tun_of(at.SGI)}"
        yield f"route add default via {at.SGI.v4(at.SERVER)}"
        yield f"route add ::/0 via {at.SGI.v6(at.SERVER)}"
    elif namespace == "enb":
        yield f"route add {at.S1U.v4(at.ENB)}/32 dev {at.TUN_S1U}"
        yield f"neigh add proxy {at.S1U.v4(at.ENB)} dev {at.S1U.name}"
    elif namespace == "server":
        yield f"route add {at.TRAFFIC4}/32 dev {at.TUN_TRAFFIC}"
        yield f"route add {at.TRAFFIC6}/128 dev {at.TUN_TRAFFIC}"
        yield f"route add {at.UE_POOL4} via {sgi4}"
        yield f"route add {at.UE_POOL6} via {sgi6}"


def run_ip(namespace: str | None, lines: list[str]) -> None:
    """Runs the commands of ip(8) in a namespace (None: the lab's own); a LabError says which
    step the kernel refused."""
    argv = ["ip", *(["-n", namespace] if namespace else []), "-batch", "-"]
    if lines and lines[0].startswith("netns"):
        argv = ["ip", *lines[0].split()]
        lines = []
    text = "".join(line + "\n" for line in lines)
    done = subprocess.run(argv, input=text, capture_output=True, text=True)
    if done.returncode != 0:
        raise LabError(
            f"the lab's network cannot be made in namespace {namespace or 'of the lab'}: "
            f"{' '.join(done.stderr.split())}"
        )


def set_sysctls(namespace: str, settings: list[tuple[str, int]]) -> None:
    """Writes values under /proc/sys/net in a namespace."""
    _write_settings(inside(namespace, ["sh", "-e"]), settings, namespace)


def _sysctl_own(settings: list[tuple[str, int]]) -> None:
    _write_settings(["sh", "-e"], settings, "of the lab")


def _write_settings(shell: list[str], settings: list[tuple[str, int]], where: str) -> None:
    script = "".join(f"echo {value} > /proc/sys/net/{name}\n" for name, value in settings)
    done = subprocess.run(shell, input=script, capture_output=True, text=True)
    if done.returncode != 0:
        raise LabError(
            f"a network setting cannot be made in namespace {where}: "
            f"{' '.join(done.stderr.split())}"
        )
