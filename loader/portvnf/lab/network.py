"""Blades, peers and wires: the lab's namespaces, bridges, addresses and routes.

Must run inside the sandbox. The gateway's own addresses belong to no kernel: each blade
routes them into its TUN devices, and the active blade's agent answers for them on the wire.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence

from portvnf.errors import LabError
from portvnf.lab import addresses as at
from portvnf.lab.addresses import Wire
from portvnf.lab.site import Site, demo_sites


def inside(namespace: str, argv: list[str]) -> list[str]:
    """The command that runs `argv` in one of the lab's network namespaces."""
    return ["nsenter", f"--net=/run/netns/{namespace}", "--", *argv]


def build(wires: Sequence[Wire] = at.WIRES, sites: Sequence[Site] | None = None) -> None:
    """Makes wires and sites (by default the demonstration's); a LabError names the step that
    the kernel refused."""
    _sysctl_own([("ipv6/conf/default/disable_ipv6", 1), ("ipv6/conf/all/disable_ipv6", 1)])
    run_ip(None, [line for wire in wires for line in _bridge(wire)])
    for site in demo_sites() if sites is None else sites:
        add(site)


def add(site: Site) -> None:
    """Makes one more namespace, on wires that are there."""
    run_ip(None, [f"netns add {site.name}"])
    set_sysctls(site.name, list(_namespace_settings(site.router)))
    run_ip(None, list(_ports(site)))
    devices = (line for name in site.devices for line in _device(name, site.device_mtu))
    run_ip(site.name, ["link set lo up", *_legs(site), *devices])
    for wire, _host in site.legs:
        run_ip(site.name, list(_neighbour_timing(wire)))
    run_ip(site.name, list(site.routes))


def remove(site: Site) -> None:
    """Takes a site down; whatever ran there has ended. The wires' ends go at once, so that
    another site may have the name."""
    run_ip(None, [f"link del dev {_port(wire, site)}" for wire, _host in site.legs])
    run_ip(None, [f"netns del {site.name}"])


def remove_wires(wires: Sequence[Wire]) -> None:
    """Takes down wires to which no site is joined any more."""
    run_ip(None, [f"link del dev {wire.name}" for wire in wires])


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


def _bridge(wire: Wire) -> Iterator[str]:
    # Neither spanning tree nor multicast snooping: a wire passes frames at once.
    yield (
        f"link add name {wire.name} mtu {at.WIRE_MTU} type bridge "
        "stp_state 0 forward_delay 0 mcast_snooping 0"
    )
    yield f"link set dev {wire.name} up"


def _port(wire: Wire, site: Site) -> str:
    """A wire's end of a leg."""
    return f"{wire.name}-{site.name}"


def _ports(site: Site) -> Iterator[str]:
    for wire, _host in site.legs:
        port = _port(wire, site)
        yield (
            f"link add name {port} mtu {at.WIRE_MTU} type veth "
            f"peer name {wire.name} mtu {at.WIRE_MTU} netns {site.name}"
        )
        yield f"link set dev {port} master {wire.name}"
        yield f"link set dev {port} up"


def _legs(site: Site) -> Iterator[str]:
    for wire, host in site.legs:
        yield f"link set dev {wire.name} up"
        yield f"addr add {wire.v4(host)}/24 dev {wire.name}"
        if wire.net6:
            yield f"addr add {wire.v6(host)}/64 dev {wire.name} nodad"


def _neighbour_timing(wire: Wire) -> Iterator[str]:
    # Answer for proxied addresses at once, and believe an announcement at once even if
    # the entry that it replaces is fresh.
    for table in ("arp_cache", "ndisc_cache") if wire.net6 else ("arp_cache",):
        yield f"ntable change name {table} dev {wire.name} proxy_delay 0 locktime 0"


def _device(name: str, mtu: int) -> Iterator[str]:
    yield f"tuntap add dev {name} mode tun"
    yield f"link set dev {name} mtu {mtu} txqueuelen {at.QUEUE} up"


def run_ip(namespace: str | None, lines: list[str]) -> None:
    """Runs the commands of ip(8) in a namespace (None: the lab's own); a LabError says which
    step the kernel refused."""
    if not lines:
        return
    argv = ["ip", *(["-n", namespace] if namespace else []), "-batch", "-"]
    if lines[0].startswith("netns"):
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
