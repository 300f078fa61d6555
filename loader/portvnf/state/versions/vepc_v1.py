"""Version 1 of the vEPC's state schema, as portvnf 0.1.0 wrote it: frozen.

Images of that version are read by it, and `vepc_v1_to_v2` makes version 2 of them. Nothing
here may change: the digest of the description, `SHA256`, is in every such image.
"""

from __future__ import annotations

import construct as cs

from portvnf.state.fields import (
    U8,
    U16,
    U32,
    U64,
    Blob,
    Bounded,
    Choice,
    Ipv4,
    Ipv6,
    Listing,
    Octets,
    Prefix64,
    Text,
)
from portvnf.state.schema import Moves, Schema, Section

SHA256 = "3f5e10e022ba468e3c810c8352a52fcc0be7bdd6838619b7ff195159ca4cf251"

EBI = Bounded(U8, 5, 15)
CONTEXT = Bounded(U32, 1, 0xFFFFFF)
RATE = Bounded(U64, 0, (1 << 40) - 1)
YES_NO = Choice(U8, no=0, yes=1)

TUNNEL = cs.Struct(
    "teid" / U32 * "Tunnel Endpoint Identifier, 0 for none",
    "ipv4" / Ipv4() * "address of the end point",
)

ALLOCATOR = cs.Struct(
    "next" / CONTEXT * "context number at which the next search for a free one begins",
    "round" / U8 * "high 8 bits of the next TEID: how often the search began anew",
)

GATEWAY = cs.Struct(
    "s11" / Ipv4() * "our address on S11; an instance with another one refuses the state",
    "s1u" / Ipv4() * "our address on S1-U; likewise",
    "restart_counter" / U8 * "our Recovery value (TS 23.007, 18)",
    "ue" / ALLOCATOR * "allocator of S11 TEIDs",
    "session" / ALLOCATOR * "allocator of S5/S8-C TEIDs",
    "bearer" / ALLOCATOR * "allocator of S1-U TEIDs",
    "next_charging_id" / U32 * "Charging ID of the next session",
    "ip_id" / U16 * "Identification of the next outer IPv4 header",
)

POOL = cs.Struct(
    "apn" / Text(63) * "Access Point Name that the pool serves",
    "family" / Choice(U8, ipv4=4, ipv6=6) * "addresses, or /64 prefixes",
    "next" / U32 * "offset in the pool at which the next search for a free entry begins",
)

PATH = cs.Struct(
    "ipv4" / Ipv4() * "address of the peer",
    "plane" / Choice(U8, gtp_c=1, gtp_u=2) * "GTP-C (an MME) or GTP-U (an eNodeB)",
    "restart_known" / YES_NO * "whether the peer told its restart counter",
    "restart_counter" / U8 * "the peer's Recovery value, 0 while unknown",
    "sequence" / U16 * "next GTP-U sequence number towards the peer, 0 on GTP-C",
)

UE = cs.Struct(
    "s11_teid" / U32 * "our S11 TEID; the key",
    "imsi" / Octets(8) * "IMSI in TBCD (TS 29.274, 8.3), padded with ff",
    "msisdn" / Blob(15) * "MSISDN in TBCD, empty if unknown",
    "mei" / Blob(8) * "IMEI or IMEISV in TBCD, empty if unknown",
    "mme" / TUNNEL * "S11 F-TEID of the MME",
    "rat_type" / U8 * "RAT Type (TS 29.274, 8.17)",
    "serving_network" / Octets(3) * "MCC and MNC (TS 29.274, 8.18), 000000 if unknown",
    "uli" / Blob(48) * "User Location Information (TS 29.274, 8.21), empty if unknown",
)

SESSION = cs.Struct(
    "s5c_teid" / U32 * "our S5/S8-C TEID; the key",
    "s11_teid" / U32 * "the UE that the PDN connection belongs to",
    "lbi" / EBI * "Linked EPS Bearer ID: EBI of the default bearer",
    "apn" / Text(63) * "Access Point Name (network identifier)",
    "pdn_type" / Choice(U8, ipv4=1, ipv6=2, ipv4v6=3) * "PDN type (TS 29.274, 8.34)",
    "ipv4" / Ipv4() * "UE address, 0.0.0.0 unless the PDN type has IPv4",
    "prefix" / Prefix64() * "UE prefix, ::/64 unless the PDN type has IPv6",
    "interface_id" / U64 * "interface identifier given to the UE, 0 without IPv6",
    "ambr_uplink" / U32 * "APN-AMBR uplink, kbit/s",
    "ambr_downlink" / U32 * "APN-AMBR downlink, kbit/s",
    "charging_id" / U32 * "Charging ID of the default bearer",
    "selection_mode" / Bounded(U8, 0, 3) * "Selection Mode (TS 29.274, 8.58)",
)

BEARER = cs.Struct(
    "s1u_teid" / U32 * "our S1-U TEID; the key",
    "s5c_teid" / U32 * "the session that the bearer belongs to",
    "ebi" / EBI * "EPS Bearer ID",
    "qci" / U8 * "QoS class identifier",
    "arp" / U8 * "priority level and pre-emption bits (TS 29.274, 8.15, octet 5)",
    "mbr_uplink" / RATE * "maximum bit rate uplink, kbit/s",
    "mbr_downlink" / RATE * "maximum bit rate downlink, kbit/s",
    "gbr_uplink" / RATE * "guaranteed bit rate uplink, kbit/s",
    "gbr_downlink" / RATE * "guaranteed bit rate downlink, kbit/s",
    "enb" / TUNNEL * "S1-U F-TEID of the eNodeB, the last known one while idle",
    "connected" / YES_NO * "whether downlink packets go to that F-TEID now",
    "solicited" / YES_NO * "whether a router solicitation waits for the bearer to be connected",
)

PROCEDURE = cs.Struct(
    "peer" / Ipv4() * "address of the peer that sent the request",
    "port" / U16 * "its UDP port",
    "message_type" / U8 * "GTPv2-C message type of the request",
    "sequence" / Bounded(U32, 0, 0xFFFFFF) * "sequence number of the request",
    "digest" / U64 * "FNV-1a of the request: another one with this number is no repetition",
    "remaining_ms" / U32 * "how much longer a repeated request gets this answer, ms",
    "response" / Blob(511) * "the answer that was sent, from the GTPv2-C header on",
)

USAGE = cs.Struct(
    "s1u_teid" / U32 * "the bearer",
    "uplink_packets" / U64 * "packets forwarded from the UE",
    "uplink_bytes" / U64 * "bytes of these, inner IP packet",
    "downlink_packets" / U64 * "packets forwarded to the UE",
    "downlink_bytes" / U64 * "bytes of these, inner IP packet",
)

CLEARED = cs.Struct(
    "ue" / CONTEXT * "context number of a UE that changed or left: forget all that belongs to it",
)

APN = cs.Struct(
    "name" / Text(63) * "Access Point Name (network identifier), lower case",
    "pdn_types" / Bounded(U8, 1, 3) * "bit 0: IPv4, bit 1: IPv6",
    "pool4" / Ipv4() * "first address of the IPv4 pool",
    "pool4_length" / Bounded(U8, 0, 30) * "its prefix length, 8 or more; 0 for no pool",
    "pool6" / Prefix64() * "first /64 of the IPv6 pool",
    "pool6_length" / Bounded(U8, 0, 63) * "its prefix length, 40 or more; 0 for no pool",
    "dns4" / Listing(2, Ipv4()) * "DNS servers for the UE",
    "dns6" / Listing(2, Ipv6()) * "DNS servers for the UE",
    "mtu" / Bounded(U16, 576, 9000) * "link MTU told to the UE",
    "ambr_uplink" / U32 * "most APN-AMBR uplink granted, kbit/s; 0 for what is asked",
    "ambr_downlink" / U32 * "most APN-AMBR downlink granted, kbit/s; 0 for what is asked",
)

CONFIG = cs.Struct(
    "s11" / Ipv4() * "address of the gateway on S11",
    "s1u" / Ipv4() * "address of the gateway on S1-U",
    "sgi" / Ipv4() * "address of the gateway on SGi, 0.0.0.0 for none",
    "sgi6" / Ipv6() * "IPv6 address of the gateway on SGi, :: for none",
    "restart_counter" / U8 * "our Recovery value when no state is imported",
    "sessions" / Bounded(U32, 1, 0xFFFFFF) * "most UEs, and most PDN connections",
    "bearers" / Bounded(U32, 1, 0xFFFFFF) * "most bearers",
    "peers" / Bounded(U32, 1, 0xFFFF) * "most GTP-C and GTP-U peers known at a time",
    "procedures" / Bounded(U32, 1, 0xFFFFFF) * "most answers kept for repeated requests",
    "retention_ms" / Bounded(U32, 1, 600000) * "how long an answer is kept, ms",
    "apns" / Listing(16, APN) * "the PDNs that are served",
)


class SchemaV1(Schema):
    """Its description says in two words how a section moves: added up, and in deltas only."""

    def section_line(self, section: Section) -> str:
        added, in_deltas = (section.moves is m for m in (Moves.AFTERWARDS, Moves.IN_DELTAS))
        return f"section {section.number} {section.name} {added} {in_deltas}"


SCHEMA = SchemaV1(
    name="vepc",
    version=1,
    ports=("s11", "s1u", "sgi"),
    config=CONFIG,
    records={"tunnel": TUNNEL, "allocator": ALLOCATOR, "apn": APN},
    sections=(
        Section(1, "gateway", GATEWAY, "The gateway itself; exactly one record."),
        Section(2, "pool", POOL, "Address pools, in order of the configuration, IPv4 first."),
        Section(3, "path", PATH, "Peers, in ascending order of address, then plane."),
        Section(4, "ue", UE, "UEs that have at least one PDN connection.", Moves.IN_ROUNDS),
        Section(5, "session", SESSION, "PDN connections.", Moves.IN_ROUNDS),
        Section(6, "bearer", BEARER, "EPS bearers.", Moves.IN_ROUNDS),
        Section(
            7, "procedure", PROCEDURE, "Answers kept for repeats, oldest first.", Moves.IN_ROUNDS
        ),
        Section(8, "usage", USAGE, "Volume of each bearer; added up on import.", Moves.AFTERWARDS),
        Section(9, "cleared", CLEARED, "In a delta only: what to forget first.", Moves.IN_DELTAS),
    ),
)
