"""Run by test_network.py in a process of its own: enters the sandbox and looks around.

`sandbox_probe.py root|rootless look` prints what it finds as JSON; `… linger` starts a child
in a namespace, says so and waits to be killed.
"""

import json
import subprocess
import sys
import time

from portvnf.errors import PortvnfError
from portvnf.lab import addresses as at
from portvnf.lab import network, sandbox


def inside(namespace, code):
    argv = network.inside(namespace, [sys.executable, "-c", code])
    return subprocess.run(argv, capture_output=True, text=True, timeout=20)


def read(namespace, name):
    return inside(namespace, f"print(open('/proc/sys/net/{name}').read().strip())").stdout.strip()


def echo(server_ns, client_ns, address):
    """One UDP datagram there and back between two namespaces."""
    family = "AF_INET6" if ":" in address else "AF_INET"
    server = subprocess.Popen(
        network.inside(
            server_ns,
            [
                sys.executable,
                "-c",
                f"import socket; s = socket.socket(socket.{family}, socket.SOCK_DGRAM);"
                f"s.bind(('{address}', 9)); s.settimeout(10); print('up', flush=True);"
                "d, a = s.recvfrom(9000); s.sendto(d, a)",
            ],
        ),
        stdout=subprocess.PIPE,
    )
    server.stdout.readline()
    done = inside(
        client_ns,
        f"import socket; s = socket.socket(socket.{family}, socket.SOCK_DGRAM); s.settimeout(5);"
        f"s.sendto(bytes(8000), ('{address}', 9)); print(len(s.recv(9000)))",
    )
    server.wait(15)
    return done.stdout.strip()


def look():
    network.build()
    return {
        "namespaces": sorted(
            line.split()[0]
            for line in subprocess.run(
                ["ip", "netns", "list"], capture_output=True, text=True
            ).stdout.splitlines()
        ),
        "sgi4": echo("server", "blade-a", at.SGI.v4(at.SERVER)),
        "sgi6": echo("server", "blade-b", at.SGI.v6(at.SERVER)),
        "s11": echo("blade-a", "mme", at.S11.v4(at.BLADE_HOSTS["blade-a"])),
        "mig": echo("blade-a", "blade-b", at.MIG.v4(at.BLADE_HOSTS["blade-a"])),
        "forwarding": [read(b, "ipv4/ip_forward") for b in at.BLADES]
        + [read(b, "ipv6/conf/all/forwarding") for b in at.BLADES],
        "rp_filter": read("blade-a", "ipv4/conf/sgi/rp_filter"),
        "proxy_ndp": read("blade-b", "ipv6/conf/sgi/proxy_ndp"),
        "gateway_route": subprocess.run(
            network.inside("blade-a", ["ip", "route", "get", at.S11.v4(at.GATEWAY)]),
            capture_output=True,
            text=True,
        ).stdout,
    }


def main():
    _program, kind, action = sys.argv
    try:
        sandbox.enter(sys.argv, rootless=kind == "rootless")
        if action == "look":
            print(json.dumps(look()))
            return
        network.build()
        subprocess.Popen(network.inside("ue", ["sleep", "3217"]))
        print("lingering", flush=True)
        time.sleep(60)
    except PortvnfError as error:
        sys.exit(error.message)


main()
