"""The vEPC's configuration in canonical form, which `config` encodes from TOML."""

from __future__ import annotations

import construct as cs

from portvnf.state.fields import (
    U8,
    U16,
    U32,
    Bounded,
    Choice,
    Ip,
    Ipv4,
    Ipv6,
    Listing,
    Prefix64,
    Text,
)
from portvnf.state.vepc_parts import ENDPOINT, MODE, PACKET_FILTER, QOS, YES_NO

APN = cs.Struct(
    "name" / Text(63) * "Access Point Name (network identifier), lower case",
    "pdn_types" / Bounded(U8, 1, 3) * "bit 0: IPv4, bit 1: IPv6",
    "pool4" / Ipv4() * "first address of the IPv4 pool",
    "pool4_length" / Bounded(U8, 0, 30) * "its prefix length, 8 or more; 0 for no pool",
    "pool6" / Prefix64() * "first /64 of the IPv6 pool",
    "pool6_length" / Bounded(U8, 0, 63) * "its prefix length, 40 or more; 0 for no pool",
    "dns4" / Listing(2, Ipv4()) * "DNS servers for the UE",
    "dns6" / Listing(2, Ipv6()) * "DNS servers for the UE",
    "pcscf4" / Listing(2, Ipv4()) * "P-CSCFs for the UE (IMS)",
    "pcscf6" / Listing(2, Ipv6()) * "P-CSCFs for the UE",
    "mtu" / Bounded(U16, 576, 9000) * "link MTU told to the UE",
    "ambr_uplink" / U32 * "most APN-AMBR uplink granted, kbit/s; 0 for what is asked",
    "ambr_downlink" / U32 * "most APN-AMBR downlink granted, kbit/s; 0 for what is asked",
)

RULE = cs.Struct(
    "name" / Text(31) * "name of the rule",
    "apn" / Text(63) * "APN that it is for, empty for all",
    "imsi" / Text(15) * "first digits of the IMSIs that it is for, empty for all",
    "qos" / QOS * "quality of service of the dedicated bearer",
    "filters" / Listing(8, PACKET_FILTER) * "its Traffic Flow Template",
)

MARKING = cs.Struct(
    "qci" / U8 * "QoS class identifier",
    "dscp" / Bounded(U8, 0, 63) * "DSCP of outer headers (TS 23.203, 6.1.7.2; RFC 2474)",
)

NETWORK = cs.Struct(
    "address" / Ip() * "first address",
    "length" / Bounded(U8, 0, 128) * "prefix length, that of IPv4 counted from 96",
)

CONFIG = cs.Struct(
    "mode" / MODE * "combined S-GW and P-GW, S-GW alone, or P-GW alone",
    "s11" / ENDPOINT * "addresses of the gateway on S11",
    "s1u" / ENDPOINT * "addresses of the gateway on S1-U",
    "s5" / ENDPOINT * "addresses of the gateway on S5/S8",
    "sgi" / Ipv4() * "address of the gateway on SGi, 0.0.0.0 for none",
    "sgi6" / Ipv6() * "IPv6 address of the gateway on SGi, :: for none",
    "restart_counter" / U8 * "our Recovery value when no state is imported",
    "sessions" / Bounded(U32, 1, 0xFFFFFF) * "most UEs, and most PDN connections",
    "bearers" / Bounded(U32, 1, 0xFFFFFF) * "most bearers",
    "filters" / Bounded(U32, 1, 0xFFFFFF) * "most packet filters of all bearers",
    "peers" / Bounded(U32, 1, 0xFFFF) * "most GTP-C and GTP-U peers known at a time",
    "procedures" / Bounded(U32, 1, 0xFFFFFF) * "most answers kept for repeated requests",
    "retention_ms" / Bounded(U32, 1, 600000) * "how long an answer is kept, ms",
    "transactions" / Bounded(U32, 1, 0xFFFF) * "most requests of ours that wait for an answer",
    "t3_ms" / Bounded(U32, 100, 60000) * "T3-RESPONSE: time until a request is sent again, ms",
    "n3" / Bounded(U8, 1, 20) * "N3-REQUESTS: how often a request is sent",
    "echo_ms" / Bounded(U32, 0, 3600000) * "time between Echo Requests on a path, 0 for none",
    "packets" / Bounded(U32, 1, 0xFFFFFF) * "most downlink packets buffered for idle UEs",
    "packets_per_ue" / Bounded(U32, 1, 0xFFFF) * "most of them for one UE",
    "packets_drop" / Choice(U8, newest=0, oldest=1) * "which goes when a UE has too many",
    "paging_ms" / Bounded(U32, 1000, 600000) * "how long packets wait for a paged UE, ms",
    "paging_bar_ms" / Bounded(U32, 0, 600000) * "no notification for so long after a failed one",
    "s1u_mtu" / Bounded(U16, 576, 65535) * "most bytes of an IP packet on S1-U and S5/S8-U",
    "sgi_mtu" / Bounded(U16, 576, 65535) * "most bytes of an IP packet on SGi",
    "verify_uplink" / YES_NO * "whether uplink packets must match their dedicated bearer's filters",
    "rate" / Bounded(U32, 0, 10000000) * "GTP-C messages a second from one peer, 0 for any",
    "rate_burst" / Bounded(U32, 1, 1000000) * "messages that may come at once beyond that rate",
    "records" / Bounded(U32, 1, 0xFFFFFF) * "most charging records that wait to be taken",
    "record_ms" / U32 * "time between charging records of a session, ms; 0: only when it closes",
    "burst_ms" / Bounded(U32, 10, 10000) * "burst size of a token bucket as time at its rate, ms",
    "markings" / Listing(32, MARKING) * "DSCP by QCI; 0 for the others",
    "peers_allowed" / Listing(16, NETWORK) * "who may speak GTP with us; none for everybody",
    "apns" / Listing(16, APN) * "the PDNs that are served",
    "rules" / Listing(16, RULE) * "policy rules for new PDN connections",
)
