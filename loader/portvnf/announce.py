"""Which blade answers for the gateway's addresses: ARP and neighbour discovery.

The addresses belong to no kernel: behind each port's interface the packets go on to the
VNF. While a blade is active, its kernel answers for them as a proxy (RTM_NEWNEIGH with
NTF_PROXY) on that interface, and an unsolicited announcement tells the neighbours when
that changes: a gratuitous ARP (RFC 5227, 3), an unsolicited neighbour advertisement with
the override flag (RFC 4861, 7.2.6).
"""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

from portvnf.errors import HostError

_RTM_NEWNEIGH, _RTM_DELNEIGH = 28, 29
_NLM_F_REQUEST, _NLM_F_ACK, _NLM_F_CREATE, _NLM_F_REPLACE = 1, 4, 0x400, 0x100
_NLMSG_ERROR = 2
_NUD_PERMANENT, _NTF_PROXY, _NDA_DST = 0x80, 0x08, 1
_ETH_ARP, _ETH_IPV6 = 0x0806, 0x86DD
_ICMPV6_NEIGHBOUR_ADVERTISEMENT = 136
_FROM_ROUTER_OVERRIDING = 0xA0000000

Address = IPv4Address | IPv6Address


@dataclass(frozen=True)
class Announcement:
    """The addresses that a port answers for, and on which interface."""

    interface: str
    addresses: tuple[Address, ...]

    @classmethod
    def of(cls, interface: str, addresses: Sequence[str]) -> Announcement:
        """From text; ValueError for what is no address."""
        return cls(interface, tuple(ip_address(text) for text in addresses))

    def check(self) -> None:
        """Makes sure that take() would find its interface and may use it."""
        self._open_link().close()
        # To remove what nobody has needs the same permission, and does nothing.
        for nowhere in {type(address)(0) for address in self.addresses}:
            self._proxy(_RTM_DELNEIGH, 0, nowhere)

    def take(self) -> None:
        """Begins to answer, and tells the neighbours."""
        for address in self.addresses:
            self._proxy(_RTM_NEWNEIGH, _NLM_F_CREATE | _NLM_F_REPLACE, address)
        self.tell()

    def withdraw(self) -> None:
        """Stops answering; fine if it did not answer."""
        for address in self.addresses:
            self._proxy(_RTM_DELNEIGH, 0, address)

    def tell(self) -> None:
        """Sends the unsolicited announcements."""
        with self._open_link() as link:
            try:
                own = link.getsockname()[4]
                for address in self.addresses:
                    link.send(_frame(own, address))
            except OSError as error:
                raise self._failure("announce", error) from None

    def _open_link(self) -> socket.socket:
        link = None
        try:
            link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
            link.bind((self.interface, 0))
        except OSError as error:
            if link is not None:
                link.close()
            raise self._failure("announce", error) from None
        return link

    def _proxy(self, kind: int, flags: int, address: Address) -> None:
        family = socket.AF_INET if address.version == 4 else socket.AF_INET6
        try:
            index = socket.if_nametoindex(self.interface)
            with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as netlink:
                # Not send() and recv(): QEMU's user mode translates what passes through
                # them and refuses neighbour messages, which it does not know; vectors pass.
                message = _neighbour_message(kind, flags, family, index, address.packed)
                os.writev(netlink.fileno(), [message])
                answer = bytearray(8192)
                length = os.readv(netlink.fileno(), [answer])
                result = _acknowledgement(bytes(answer[:length]))
        except OSError as error:
            raise self._failure("answer for", error) from None
        if result and not (kind == _RTM_DELNEIGH and result == errno.ENOENT):
            raise self._failure("answer for", OSError(result, os.strerror(result)))

    def _failure(self, what: str, error: OSError) -> HostError:
        names = ", ".join(str(address) for address in self.addresses)
        return HostError(
            f"cannot {what} {names} on {self.interface}: {error.strerror or str(error)}"
        )


def _neighbour_message(kind: int, flags: int, family: int, index: int, address: bytes) -> bytes:
    """struct nlmsghdr, struct ndmsg, one attribute; in the host's byte order."""
    body = struct.pack("=BBHiHBB", family, 0, 0, index, _NUD_PERMANENT, _NTF_PROXY, 0)
    body += struct.pack("=HH", 4 + len(address), _NDA_DST) + address
    flags |= _NLM_F_REQUEST | _NLM_F_ACK
    return struct.pack("=IHHII", 16 + len(body), kind, flags, 1, 0) + body


def _acknowledgement(data: bytes) -> int:
    """The errno of a netlink answer, 0 for success."""
    _, kind, _, _, _ = struct.unpack_from("=IHHII", data)
    result: int = struct.unpack_from("=i", data, 16)[0]
    return -result if kind == _NLMSG_ERROR else 0


def _frame(own: bytes, address: Address) -> bytes:
    if isinstance(address, IPv4Address):
        ethernet = b"\xff" * 6 + own + struct.pack("!H", _ETH_ARP)
        arp = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1)
        return ethernet + arp + own + address.packed + b"\x00" * 6 + address.packed
    all_nodes = IPv6Address("ff02::1").packed
    option = struct.pack("!BB", 2, 1) + own
    icmp = struct.pack("!BBHI", _ICMPV6_NEIGHBOUR_ADVERTISEMENT, 0, 0, _FROM_ROUTER_OVERRIDING)
    icmp += address.packed + option
    header = struct.pack("!IHBB", 6 << 28, len(icmp), socket.IPPROTO_ICMPV6, 255)
    header += address.packed + all_nodes
    pseudo = address.packed + all_nodes + struct.pack("!II", len(icmp), socket.IPPROTO_ICMPV6)
    checksum = _internet_checksum(pseudo + icmp)
    ethernet = b"\x33\x33\x00\x00\x00\x01" + own + struct.pack("!H", _ETH_IPV6)
    return ethernet + header + icmp[:2] + struct.pack("!H", checksum) + icmp[4:]


def _internet_checksum(data: bytes) -> int:
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF
