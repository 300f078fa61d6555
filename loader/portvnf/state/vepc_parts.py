"""What records of the vEPC's state and its configuration are made of, both."""

from __future__ import annotations

import construct as cs

from portvnf.state.fields import U8, U16, U32, U64, Bounded, Choice, Ip, Listing, Octets

EBI = Bounded(U8, 5, 15)
CONTEXT = Bounded(U32, 1, 0xFFFFFF)
RATE = Bounded(U64, 0, (1 << 40) - 1)
SEQUENCE = Bounded(U32, 0, 0xFFFFFF)
YES_NO = Choice(U8, no=0, yes=1)
MODE = Choice(U8, combined=0, sgw=1, pgw=2)

TUNNEL = cs.Struct(
    "teid" / U32 * "Tunnel Endpoint Identifier, 0 for none",
    "address" / Ip() * "address of the end point, :: for none",
)

ENDPOINT = cs.Struct(
    "ipv4" / Ip() * "IPv4 address, :: for none",
    "ipv6" / Ip() * "IPv6 address, :: for none",
)

ALLOCATOR = cs.Struct(
    "next" / CONTEXT * "context number at which the next search for a free one begins",
    "round" / U8 * "high 8 bits of the next TEID: how often the search began anew",
)

QOS = cs.Struct(
    "qci" / U8 * "QoS class identifier",
    "arp" / U8 * "priority level and pre-emption bits (TS 29.274, 8.15, octet 5)",
    "mbr_uplink" / RATE * "maximum bit rate uplink, kbit/s",
    "mbr_downlink" / RATE * "maximum bit rate downlink, kbit/s",
    "gbr_uplink" / RATE * "guaranteed bit rate uplink, kbit/s",
    "gbr_downlink" / RATE * "guaranteed bit rate downlink, kbit/s",
)

PACKET_FILTER = cs.Struct(
    "identifier" / Bounded(U8, 0, 15) * "packet filter identifier",
    "direction" / Choice(U8, pre_release_7=0, downlink=1, uplink=2, bidirectional=3) * "direction",
    "precedence" / U8 * "evaluation precedence: the lowest is tried first",
    "remote" / Ip() * "remote address, IPv4 or IPv6, :: for any",
    "remote_mask" / Octets(16) * "its mask, 0 for any; one of IPv4 follows 96 set bits",
    "local" / Ip() * "local (UE) address, :: for any",
    "local_mask" / Octets(16) * "its mask, likewise",
    "protocol" / Listing(1, U8) * "protocol or next header, if one is asked for",
    "local_ports" / Listing(2, U16) * "first and last local port, if any are asked for",
    "remote_ports" / Listing(2, U16) * "first and last remote port, if any are asked for",
    "spi" / Listing(1, U32) * "IPsec security parameter index, if one is asked for",
    "traffic_class" / U8 * "type of service or traffic class",
    "traffic_class_mask" / U8 * "its mask, 0 for any",
    "flow_label" / Listing(1, Bounded(U32, 0, 0xFFFFF)) * "IPv6 flow label, if one is asked for",
)
