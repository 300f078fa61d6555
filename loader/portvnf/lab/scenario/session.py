"""What a UE and its network know of its PDN connections and bearers."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field

from portvnf.errors import LabError
from portvnf.lab.scenario import ie
from portvnf.lab.scenario.ie import Fteid
from portvnf.lab.scenario.message import Group, Message
from portvnf.lab.scenario.tft import Filter

_DNS6, _DNS4, _MTU4 = 0x0003, 0x000D, 0x0010  # TS 24.008, table 10.5.154


@dataclass
class Volume:
    """Packets and octets of user data."""

    packets: int = 0
    octets: int = 0

    def add(self, packet: bytes) -> None:
        """Counts one more."""
        self.packets += 1
        self.octets += len(packet)


@dataclass
class Bearer:
    """One EPS bearer: `gateway` is the S-GW's end of its S1-U tunnel, `dscp` what marked the
    outer header of the last downlink packet."""

    ebi: int
    qci: int
    gateway: Fteid
    filters: list[Filter] = field(default_factory=list)
    dscp: int = 0
    uplink: Volume = field(default_factory=Volume)
    downlink: Volume = field(default_factory=Volume)


@dataclass
class Pdn:
    """One PDN connection. `bearers` has the default bearer under the key `ebi`."""

    apn: str
    ebi: int
    address4: str
    link_local: str
    prefix: str  # as the PAA has it; the UE hears of it by router advertisement
    mtu: int
    dns: list[str]
    bearers: dict[int, Bearer]

    @property
    def address6(self) -> str:
        """The address that the UE makes of the prefix and its interface identifier."""
        if not self.prefix:
            return ""
        network = ipaddress.IPv6Network(f"{self.prefix}/64")
        interface = int(ipaddress.IPv6Address(self.link_local)) & (1 << 64) - 1
        return str(network[interface])


def granted(response: Message, apn: str) -> tuple[Fteid, Pdn]:
    """What an accepted Create Session Response (7.2.2) grants: the S-GW's end of S11, too."""
    ies = response.ies
    address4, prefix, link_local = _paa(ies)
    (context,) = ies.bearers()
    if context.cause >= 64:
        raise LabError(f"the default bearer for {apn} is refused with Cause {context.cause}")
    default = Bearer(context.ebi, 0, context.f_teid(0, ie.S1U_SGW))
    mtu, dns = _options(ies)
    return ies.f_teid(0, ie.S11_SGW), Pdn(
        apn, default.ebi, address4, link_local, prefix, mtu, dns, {default.ebi: default}
    )


def _paa(ies: Group) -> tuple[str, str, str]:
    octets = ies.octets(ie.PAA)
    kind = octets[0] & 7
    if len(octets) != 1 + {1: 4, 2: 17, 3: 21}.get(kind, -1):
        raise LabError(f"a PAA of PDN type {kind} has {len(octets)} octets")
    address4 = str(ipaddress.IPv4Address(octets[-4:])) if kind != 2 else ""
    if kind == 1:
        return address4, "", ""
    prefix = ipaddress.IPv6Address(octets[2:10] + bytes(8))
    link_local = ipaddress.IPv6Address(b"\xfe\x80" + bytes(6) + octets[10:18])
    return address4, str(prefix), str(link_local)


def _options(ies: Group) -> tuple[int, list[str]]:
    mtu, dns = 0, []
    if ies.has(ie.PCO):
        for option in ies.get(ie.PCO)["Config"]:
            value = bytes(option["Cont"].to_bytes())
            match int(option["ID"].get_val()):
                case code if code in (_DNS6, _DNS4) and len(value) in (4, 16):
                    dns.append(str(ipaddress.ip_address(value)))
                case code if code == _MTU4 and len(value) == 2:
                    mtu = int.from_bytes(value, "big")
    return mtu, dns
