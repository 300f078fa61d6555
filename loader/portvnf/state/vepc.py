"""The vEPC's state schema: every record that leaves or enters an instance.

With its parts (`vepc_parts`) and the configuration (`vepc_config`) this is the one declaration.
The build derives from it the encoder and decoder inside the artifact (`codegen`), docs/state-
format.md (`docgen`) and the schema hash; construct itself reads and writes images here. A record
describes the thing modelled in 3GPP's terms; it holds no pointers, no table positions, no
absolute times: what is due is said as the time that remains, what began by the gateway's uptime
then.

A context number is the low 24 bits of a TEID that this gateway allocated, never 0. Records of
a kind stand in ascending order of their context number, unless said otherwise.
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
    Ip,
    Ipv4,
    Listing,
    Octets,
    Prefix64,
    Text,
)
from portvnf.state.schema import Moves, Schema, Section
from portvnf.state.vepc_config import APN, CONFIG, MARKING, NETWORK, RULE
from portvnf.state.vepc_parts import (
    ALLOCATOR,
    CONTEXT,
    EBI,
    ENDPOINT,
    MODE,
    PACKET_FILTER,
    QOS,
    SEQUENCE,
    TUNNEL,
    YES_NO,
)

CONNECTION_SET = cs.Struct(
    "csid"
    / Blob(36)
    * "FQ-CSID (TS 29.274, 8.62) of the MME, which has lost these PDN connections",
)

GATEWAY = cs.Struct(
    "mode" / MODE * "which gateway it is; an instance of another mode refuses the state",
    "s11" / ENDPOINT * "our addresses on S11; an instance with others refuses the state",
    "s1u" / ENDPOINT * "our addresses on S1-U; likewise",
    "s5" / ENDPOINT * "our addresses on S5/S8, control and user plane; likewise",
    "restart_counter" / U8 * "our Recovery value (TS 23.007, 18)",
    "ue" / ALLOCATOR * "allocator of S11 TEIDs",
    "session" / ALLOCATOR * "allocator of S5/S8-C TEIDs",
    "bearer" / ALLOCATOR * "allocator of S1-U and S5/S8-U TEIDs",
    "next_charging_id" / U32 * "Charging ID of the next bearer",
    "next_sequence" / Bounded(U32, 0, 0x7FFFFF) * "sequence number of our next GTPv2-C request",
    "next_record" / U64 * "serial number of the next charging record",
    "ip_id" / U16 * "Identification of the next outer IPv4 header",
    "uptime_ms" / U64 * "how long the gateway has run, all instances together, ms",
    "strangers_remaining_ns" / U64 * "debt of the GTP-C rate limit that peers without a path share",
    "notices_remaining_ns" / U64 * "debt of the rate limit of Error Indications to such peers, ns",
    "icmp_remaining_ns" / U64 * "debt of the rate limit of ICMP errors, ns",
    "lost_sets"
    / Listing(8, CONNECTION_SET)
    * "Delete PDN Connection Set Requests being carried out",
)

POOL = cs.Struct(
    "apn" / Text(63) * "Access Point Name that the pool serves",
    "family" / Choice(U8, ipv4=4, ipv6=6) * "addresses, or /64 prefixes",
    "next" / U32 * "offset in the pool at which the next search for a free entry begins",
)

PATH = cs.Struct(
    "peer" / Ip() * "address of the peer",
    "plane" / Choice(U8, gtp_c=1, gtp_u=2) * "GTP-C or GTP-U",
    "interface" / Choice(U8, s11=0, s1u=1, s5=3) * "where the peer is",
    "restart_known" / YES_NO * "whether the peer told its restart counter",
    "restart_counter" / U8 * "the peer's Recovery value, 0 while unknown",
    "sequence" / U16 * "next GTP-U sequence number towards the peer, 0 on GTP-C",
    "echo_remaining_ms" / U32 * "time until the next Echo Request, or, on "
    "a path that nothing uses, until it is forgotten; 0 for neither",
    "echo_sequence" / SEQUENCE * "sequence number of the Echo Request that waits, 0 for none",
    "echo_tries" / U8 * "how often it was sent without an answer",
    "down" / YES_NO * "whether the peer left an Echo Request unanswered to the end",
    "purging" / YES_NO * "whether contexts from before the peer's restart are being deleted",
    "notification_delay_ms" / U32 * "how long the MME wants data notifications delayed",
    "throttling_percent" / Bounded(U8, 0, 100) * "share of notifications that the MME declines",
    "throttling_remaining_ms" / U32 * "for how much longer",
    "rate_remaining_ns" / U64 * "debt of the peer's rate limit: of its GTP-C "
    "messages, or of Error Indications to it, ns",
)

UE = cs.Struct(
    "s11_teid" / U32 * "our S11 TEID; the key",
    "imsi" / Octets(8) * "IMSI in TBCD (TS 29.274, 8.3), padded with ff",
    "msisdn" / Blob(15) * "MSISDN in TBCD, empty if unknown",
    "mei" / Blob(8) * "IMEI or IMEISV in TBCD, empty if unknown",
    "mme" / TUNNEL * "S11 F-TEID of the MME, none at a P-GW",
    "mme_restart" / Listing(1, U8) * "the MME's restart counter when it made the context",
    "mme_csid" / Blob(36) * "the MME's FQ-CSID (TS 29.274, 8.62), empty if it told none",
    "rat_type" / U8 * "RAT Type (TS 29.274, 8.17)",
    "serving_network" / Octets(3) * "MCC and MNC (TS 29.274, 8.18), 000000 if unknown",
    "uli" / Blob(48) * "User Location Information (TS 29.274, 8.21), empty if unknown",
    "time_zone" / Blob(2) * "UE Time Zone (TS 29.274, 8.44), empty if unknown",
    "suspended" / YES_NO * "whether the MME suspended the UE's bearers (TS 23.272)",
    "paging"
    / Choice(U8, none=0, delayed=1, notified=2, acknowledged=3, barred=4, connecting=5)
    * "Downlink Data Notification: not sent, waits, sent, accepted, not to be sent for now, not to"
    " be sent at once since the UE's first connection is to come",
    "paging_remaining_ms" / U32 * "time until that ends, 0 for none, notified and connecting",
    "releasing" / YES_NO * "whether buffered packets are being sent to the connected UE",
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
    "selection_mode" / Bounded(U8, 0, 3) * "Selection Mode (TS 29.274, 8.58)",
    "charging_characteristics" / Blob(2) * "Charging Characteristics, empty if unknown",
    "peer" / TUNNEL * "S5/S8-C F-TEID of the other gateway, none in a combined one",
    "peer_restart" / Listing(1, U8) * "the other gateway's restart counter then, if known",
    "relocated"
    / YES_NO
    * "whether the session came here from another S-GW, of which the P-GW does not know yet",
    "rules_wait" / YES_NO * "whether policy rules wait for the default bearer's connection",
    "record_remaining_ms" / U32 * "time until the next charging record, 0 without intervals",
)

BEARER = cs.Struct(
    "s1u_teid" / U32 * "our S1-U TEID; the key",
    "s5c_teid" / U32 * "the session that the bearer belongs to",
    "ebi" / Bounded(U8, 1, 15) * "EPS Bearer ID; 1 to 4: none yet, the MME is being asked",
    "qos" / QOS * "quality of service",
    "charging_id" / U32 * "Charging ID, 0 while an S-GW alone has not been told it",
    "rule" / Text(31) * "policy rule that made the bearer, empty for none",
    "enb" / TUNNEL * "S1-U F-TEID of the eNodeB, the last known one while idle; at a P-GW the "
    "S5/S8-U F-TEID of the S-GW",
    "connected" / YES_NO * "whether downlink packets go to that F-TEID now",
    "solicited" / YES_NO * "whether a router solicitation waits for the bearer to be connected",
    "pgw" / TUNNEL * "S5/S8-U F-TEID of the P-GW, none unless this is an S-GW",
    "forward_downlink" / TUNNEL * "where forwarded downlink packets go (indirect forwarding)",
    "forward_uplink" / TUNNEL * "where forwarded uplink packets go (indirect forwarding)",
    "opened_ms" / U64 * "uptime of the gateway when the bearer was set up, ms",
    "recorded_uplink_packets" / U64 * "usage that charging records already say",
    "recorded_uplink_bytes" / U64 * "likewise",
    "recorded_downlink_packets" / U64 * "likewise",
    "recorded_downlink_bytes" / U64 * "likewise",
    "recorded_ms" / U64 * "uptime of the gateway when the last charging record closed, ms",
    "records" / U32 * "charging records written for the bearer",
    "sgw_change" / YES_NO * "whether it came from another S-GW, and no record says so yet",
)

FILTER = cs.Struct(
    "s1u_teid" / U32 * "the bearer",
    "match" / PACKET_FILTER * "packet filter of its Traffic Flow Template (TS 24.008, 10.5.6.12)",
)

PACKET = cs.Struct(
    "s1u_teid" / U32 * "the bearer",
    "data" / Blob(1920) * "a downlink IP packet that waits for the UE",
)

PROCEDURE = cs.Struct(
    "peer" / Ip() * "address of the peer that sent the request",
    "port" / U16 * "its UDP port",
    "message_type" / U8 * "GTPv2-C message type of the request",
    "sequence" / SEQUENCE * "sequence number of the request",
    "digest" / U64 * "FNV-1a of the request: another one with this number is no repetition",
    "remaining_ms" / U32 * "how much longer a repeated request gets this answer, ms",
    "response" / Blob(1023) * "the answer that was sent, from the GTPv2-C header on",
)

ORIGIN = cs.Struct(
    "peer" / Ip() * "address of the peer that waits for an answer, :: for none",
    "port" / U16 * "its UDP port",
    "message_type" / U8 * "GTPv2-C message type of its request",
    "sequence" / SEQUENCE * "sequence number of its request",
    "digest" / U64 * "FNV-1a of its request",
)

TRANSACTION = cs.Struct(
    "peer" / Ip() * "address of the peer that our request was sent to",
    "interface" / Choice(U8, s11=0, s5=3) * "where it is",
    "sequence" / SEQUENCE * "sequence number of our request",
    "remaining_ms" / U32 * "time until it is sent again or given up, ms",
    "tries" / U8 * "how often it was sent",
    "s11_teid" / U32 * "the UE that it is about, 0 for none",
    "s5c_teid" / U32 * "the session that it is about, 0 for none",
    "bearers" / Listing(11, U32) * "S1-U TEIDs of the bearers, in order of its bearer contexts",
    "origin" / ORIGIN * "the request that is answered once ours is",
    "message" / Blob(1023) * "our request, from the GTPv2-C header on",
)

BUCKET = cs.Struct(
    "s1u_teid" / U32 * "the bearer; the default bearer for the APN-AMBR",
    "uplink" / U64 * "time until the uplink token bucket is full, in sixteenths of a ns",
    "downlink" / U64 * "time until the downlink token bucket is full, likewise",
)

DATAGRAM = cs.Struct(
    "source" / Ip() * "address of the peer that sends it in fragments",
    "destination" / Ip() * "ours",
    "identification" / U32 * "what its fragments have in common (RFC 791, 3.2; RFC 8200, 4.5)",
    "remaining_ms" / U32 * "how much longer the others are waited for, ms",
    "last_came" / YES_NO * "whether its end is known",
    "units" / Octets(30) * "which parts of 8 bytes are there: a bit each, the highest first",
    "data" / Blob(1880) * "what came of the UDP datagram; 0 where something is missing",
)

RECORD = cs.Struct(
    "serial" / U64 * "serial number among all records of this gateway; the key",
    "cause" / U8 * "causeForRecClosing (TS 32.298, 5.1.2.2.7)",
    "charging_id" / U32 * "chargingID, 0 if unknown",
    "sequence" / U32 * "number among the records of its bearer, from 1",
    "imsi" / Octets(8) * "servedIMSI in TBCD, padded with ff",
    "msisdn" / Blob(15) * "servedMSISDN in TBCD",
    "mei" / Blob(8) * "servedIMEI in TBCD",
    "apn" / Text(63) * "accessPointNameNI",
    "pdn_type" / U8 * "pdpPDNType: 1 IPv4, 2 IPv6, 3 both; 0 if unknown",
    "ipv4" / Ipv4() * "servedPDPPDNAddress, of a dual-stack connection servedPDPPDNAddressExt",
    "prefix" / Prefix64() * "servedPDPPDNAddress",
    "peer" / Ip() * "servingNodeAddress: the MME, at a P-GW the S-GW",
    "pgw" / Ip() * "p-GWAddressUsed of an S-GW alone",
    "sgw_change" / YES_NO * "sGWChange, likewise",
    "ebi" / U8 * "EPS Bearer ID",
    "qos" / QOS * "ePCQoSInformation",
    "rat_type" / U8 * "rATType",
    "serving_network" / Octets(3) * "servingNodePLMNIdentifier, 000000 if unknown",
    "uli" / Blob(48) * "userLocationInformation",
    "charging_characteristics" / Blob(2) * "chargingCharacteristics",
    "opened_ms" / U64 * "uptime of the gateway at recordOpeningTime, ms",
    "closed_ms" / U64 * "uptime of the gateway when the record was closed, ms",
    "uplink_packets" / U64 * "packets from the UE",
    "uplink_bytes" / U64 * "dataVolumeGPRSUplink",
    "downlink_packets" / U64 * "packets to the UE",
    "downlink_bytes" / U64 * "dataVolumeGPRSDownlink",
)

USAGE = cs.Struct(
    "s1u_teid" / U32 * "the bearer",
    "charging_id" / U32 * "its Charging ID, 0 while unknown",
    "uplink_packets" / U64 * "packets forwarded from the UE since the last charging record",
    "uplink_bytes" / U64 * "bytes of these, inner IP packet",
    "downlink_packets" / U64 * "packets forwarded to the UE since the last charging record",
    "downlink_bytes" / U64 * "bytes of these, inner IP packet",
)

CLEARED = cs.Struct(
    "ue" / CONTEXT * "context number of a UE that changed or left: forget all that belongs to it",
)

BEARER_ORDER = cs.Struct(
    "action" / Choice(U8, create=1, update=2, delete=3) * "what to do",
    "imsi" / Octets(8) * "IMSI of the UE in TBCD, padded with ff",
    "apn" / Text(63) * "APN of the PDN connection",
    "ebi" / Bounded(U8, 0, 15) * "EPS Bearer ID to update or delete; 0: the bearer of that rule",
    "rule" / Text(31) * "name of the rule",
    "qos" / QOS * "quality of service of the bearer, except when it is deleted",
    "filters" / Listing(16, PACKET_FILTER) * "its Traffic Flow Template; none to leave it",
)

RECORDS_TAKEN = cs.Struct(
    "below" / U64 * "charging records with smaller serial numbers are kept safe elsewhere",
)

SCHEMA = Schema(
    name="vepc",
    version=2,
    ports=("s11", "s1u", "sgi", "s5"),
    config=CONFIG,
    records={
        "tunnel": TUNNEL,
        "endpoint": ENDPOINT,
        "allocator": ALLOCATOR,
        "qos": QOS,
        "packet_filter": PACKET_FILTER,
        "connection_set": CONNECTION_SET,
        "origin": ORIGIN,
        "apn": APN,
        "rule": RULE,
        "marking": MARKING,
        "network": NETWORK,
    },
    sections=(
        Section(1, "gateway", GATEWAY, "The gateway itself; exactly one record."),
        Section(2, "pool", POOL, "Address pools, in order of the configuration, IPv4 first."),
        Section(3, "path", PATH, "Peers, in ascending order of address, then plane."),
        Section(4, "ue", UE, "UEs that have at least one PDN connection.", Moves.IN_ROUNDS),
        Section(5, "session", SESSION, "PDN connections.", Moves.IN_ROUNDS),
        Section(6, "bearer", BEARER, "EPS bearers.", Moves.IN_ROUNDS),
        Section(
            7,
            "filter",
            FILTER,
            "Packet filters, by bearer, then precedence, then identifier.",
            Moves.IN_ROUNDS,
        ),
        Section(8, "packet", PACKET, "Buffered packets, by bearer, oldest first.", Moves.IN_ROUNDS),
        Section(
            9, "procedure", PROCEDURE, "Answers kept for repeats, oldest first.", Moves.IN_ROUNDS
        ),
        Section(10, "transaction", TRANSACTION, "Requests of ours, the next one due first."),
        Section(11, "bucket", BUCKET, "Token buckets that are not full."),
        Section(12, "record", RECORD, "Charging records that wait to be taken, oldest first."),
        Section(13, "datagram", DATAGRAM, "Outer packets that miss fragments, oldest first."),
        Section(14, "usage", USAGE, "Volume of each bearer; added up on import.", Moves.AFTERWARDS),
        Section(15, "cleared", CLEARED, "In a delta only: what to forget first.", Moves.IN_DELTAS),
        Section(16, "bearer_order", BEARER_ORDER, "Asks for a dedicated bearer.", Moves.AS_COMMAND),
        Section(17, "records_taken", RECORDS_TAKEN, "Ends the wait of records.", Moves.AS_COMMAND),
    ),
)
