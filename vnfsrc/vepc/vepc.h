/* The vEPC's arena: a combined S-GW and P-GW (TS 23.401, 4.4.3).
 *
 * A UE has an S11 context, one or more sessions (PDN connections) and, for each, one or
 * more bearers. Each kind lives in a table of its own with a `contexts` allocator whose
 * TEIDs name the slots, so that a TEID is looked up by indexing. What a packet needs stands
 * in two 64-byte records a bearer, apart from the rest.
 */
#ifndef VEPC_VEPC_H
#define VEPC_VEPC_H

#include "address.h"
#include "contexts.h"
#include "memory.h"
#include "portvnf/vnf.h"
#include "timers.h"
#include "vepc_records.h"

enum counter {
#define GAUGE(name) GAUGE_##name,
#define COUNTER(name) COUNT_##name,
#define DROP(name) DROP_##name,
#include "counters.def"
#undef GAUGE
#undef COUNTER
#undef DROP
    COUNTERS
};

/* Reasons start here; struct pv_packet.reason is counter - DROP_FIRST + 1. */
#define DROP_FIRST DROP_unknown_port

#define EBI_FIRST 5
#define EBI_PLACE_FIRST 1 /* places 1 .. 4 are for bearers that have no EBI yet */
#define EBI_LAST 15
#define EBI_COUNT (EBI_LAST - EBI_FIRST + 1)
#define NO_SLOT 0 /* links between tables hold slot + 1 */

/* The time until vnf_burst is called again at the latest. */
#define TIMER_IDLE_NS 1000000000ull

/* A token bucket as the time at which it is full again; see qos.h. */
struct bucket {
    u64 full; /* sixteenths of a ns */
    u64 cost; /* of a byte, 0 without a limit */
};

/* What is known of the buckets of a block of bearers, so that an export finds the few that are
 * not full. */
#define BUCKET_BLOCK 512
#define BUCKET_GROUP 8
struct bucket_block {
    u64 latest; /* no bucket of the block is full later */
    u64 used;   /* groups of the block that may have one that is not: a bit each */
};

struct usage {
    u64 uplink_packets;
    u64 uplink_bytes;
    u64 downlink_packets;
    u64 downlink_bytes;
};

/* All that an uplink packet needs; by bearer slot. */
struct uplink {
    u32 teid;   /* our S1-U TEID, 0 while the slot is free */
    u32 ipv4;   /* UE address, 0 without IPv4 */
    u64 prefix; /* UE /64, 0 without IPv6 */
    u64 packets;
    u64 bytes;
    struct bucket bucket;
    u32 policed_by; /* slot of the bearer whose bucket counts */
    u8 filtered;    /* 1 when packets must match the bearer's uplink filters */
    u8 to_pgw;      /* 1 when packets go to a P-GW instead of SGi */
    u8 dscp;        /* of the outer header towards a P-GW */
    u8 suspended;   /* 1 when packets are dropped: the MME suspended the UE */
    u8 unused[8];
} __attribute__((aligned(64)));

/* All that a downlink packet needs; by bearer slot. */
struct downlink {
    struct pv_address address; /* of the eNodeB */
    u32 teid;                  /* its TEID */
    u32 s1u_teid;              /* ours, 0 while the slot is free */
    u64 packets;
    u64 bytes;
    struct bucket bucket;
    u32 policed_by; /* slot of the bearer whose bucket counts */
    u8 connected;   /* 0 while the UE is idle */
    u8 detour;      /* DETOUR_…: why a packet needs more than the direct way */
    u8 dscp;        /* of the outer header */
    u8 on_path;     /* 1 when the address is counted at its path; so in what follows */
} __attribute__((aligned(64)));

#define DETOUR_SOLICITED 1 /* a router solicitation waits for the connection */
#define DETOUR_BUFFERED 2  /* packets wait: later ones queue up behind them */
#define DETOUR_FILTERS 4   /* the session has packet filters: another bearer may be meant */
#define DETOUR_SUSPENDED 8 /* the MME suspended the UE */

struct ue {
    u8 imsi[8];
    struct vepc_tunnel mme;
    u32 first_session;        /* slot + 1; the others follow in session.next */
    u32 bearer[EBI_LAST + 1]; /* by EBI: bearer slot + 1; places 1 .. 4: none assigned yet */
    u32 packets;              /* buffered for its bearers */
    u8 mme_restart_count;     /* 1 when mme_restart is known */
    u8 mme_restart;
    u8 mme_on_path;
    u8 suspended;
    u8 paging; /* VEPC_UE_PAGING_… */
    u8 releasing;
    u8 msisdn_length;
    u8 mei_length;
    u8 uli_length;
    u8 time_zone_length;
    u8 mme_csid_length;
    u8 rat_type;
    u8 serving_network[3];
    u8 time_zone[2];
    u8 msisdn[15];
    u8 mei[8];
    u8 uli[48];
    u8 mme_csid[36];
};

struct session {
    u32 ue;   /* slot */
    u32 next; /* slot + 1 of the UE's next session */
    u8 lbi;
    u8 pdn_type;
    u8 apn; /* index in the configuration, APN_FOREIGN for one that is not there */
    u8 selection_mode;
    u32 ipv4;
    u32 ambr_uplink;
    u32 ambr_downlink;
    u32 first_filter; /* slot + 1; in order of precedence, over all bearers */
    u64 prefix;
    u64 interface_id;
    struct vepc_tunnel peer;
    u8 peer_restart_count; /* 1 when peer_restart is known */
    u8 peer_restart;
    u8 peer_on_path;
    u8 rules_wait;
    u8 relocated; /* from another S-GW, and the P-GW does not know it yet */
    u8 charging_characteristics_length;
    u8 charging_characteristics[2];
};

struct bearer {
    u32 session; /* slot */
    u32 charging_id;
    u32 first_packet; /* slot + 1; buffered, oldest first */
    u32 last_packet;
    u32 records;
    u32 changing; /* how many requests of ours wait that would change it, */
    u32 deleting; /* or end it */
    u8 ebi;
    u8 rule_length;
    u8 rule[31];
    struct vepc_qos qos;
    struct vepc_tunnel pgw;
    struct vepc_tunnel forward_downlink;
    struct vepc_tunnel forward_uplink;
    u64 opened_ms;
    struct usage recorded;
    u64 recorded_ms;
    u64 last_record; /* serial of the record that it ended with, plus 1; 0 without one */
    u32 ended_teid;  /* its S1-U TEID once no further record is to be written */
    u8 pgw_on_path;
    u8 sgw_change; /* it came from another S-GW, and no record says so yet */
};

/* One address pool of an APN; sizes are powers of two. */
struct pool {
    u64 base;           /* first IPv4 address, or first /64 */
    u64 mask;           /* address & mask == base for every member */
    u64 next;           /* offset at which the next search begins */
    struct bitmap free; /* by offset; size 0 for no pool */
    u32 *bearer;        /* by offset: slot + 1 of the default bearer */
};

/* Both families of one APN, in the order of the configuration. */
struct pdn {
    struct pool pool4;
    struct pool pool6;
};

struct path {
    struct pv_address peer;
    u32 slot;
    u32 references; /* UEs or bearers whose peer it is */
    u32 echo_sequence;
    u32 notification_delay_ms;
    u64 throttled_until_ns;
    u64 rate_full_ns; /* when the peer's rate limit has no debt left */
    u16 sequence;
    u8 plane;     /* VEPC_PATH_PLANE_… */
    u8 interface; /* VEPC_PATH_INTERFACE_… */
    u8 imported;
    u8 restart_known;
    u8 restart_counter;
    u8 echo_tries;
    u8 down;
    u8 purging;
    u8 throttling_percent;
};

/* An answer kept for a repeated request (TS 29.274, 7.6). */
struct procedure {
    u64 serial; /* 0, 1, … in order of sending; the slot is serial modulo capacity */
    u64 deadline_ns;
    u64 digest; /* of the request */
    struct pv_address peer;
    u32 sequence;
    u32 epoch;
    u16 port;
    u16 response_length;
    u8 message_type;
    u8 response[1023];
};

/* A request of ours that waits for its answer; see transactions.h. */
struct transaction {
    struct pv_address peer;
    u64 deadline_ns;
    u32 slot;
    u32 next; /* slot + 1; in order of deadlines */
    u32 previous;
    u32 sequence;
    u32 s11_teid;
    u32 s5c_teid;
    u32 bearers[EBI_LAST - EBI_FIRST + 1];
    u8 bearers_count;
    u8 interface; /* VEPC_TRANSACTION_INTERFACE_… */
    u8 tries;     /* 0 until it is sent */
    u16 message_length;
    struct vepc_origin origin;
    u8 message[1023];
};

struct transactions {
    struct bitmap free;
    struct index by_sequence;
    struct index by_origin;
    u32 unsent_first; /* slot + 1; oldest first */
    u32 unsent_last;
    u32 sent_first; /* the next one due first */
    u32 sent_last;
};

/* UEs of an MME that restarted, or lost PDN connections, are deleted in steps; see purge.h. */
struct purge {
    u64 next; /* UE slot to be looked at */
    u64 left; /* how many are left to look at, 0 when there is nothing to do */
    u64 sets_count;
    struct vepc_connection_set sets[8];
};

/* A downlink packet that waits for its UE; see packets.h. */
struct packet {
    u32 next; /* slot + 1 */
    u16 length;
    u8 data[1920];
};

/* A packet of the transport network of which fragments are missing; see reassembly.h. What is
 * not there is 0. */
#define DATAGRAMS 64
#define DATAGRAM_MAX 1880 /* what fits into the smallest buffer, behind an IPv6 header */
struct datagram {
    struct pv_address source;
    struct pv_address destination;
    u64 deadline_ns;
    u32 identification;
    u16 length;      /* of the payload, as far as it is known */
    u16 units_count; /* how many of the units are here */
    u8 last_came;
    u8 units[30]; /* of 8 bytes each, a bit each, the highest bit of the first byte first */
    u8 data[DATAGRAM_MAX];
};

/* A packet filter of a session. */
struct filter {
    u32 next;   /* slot + 1 */
    u32 bearer; /* slot */
    struct vepc_packet_filter match;
};

struct foreign_apn {
    u8 length;
    u8 name[63];
};

struct vepc {
    struct vepc_config config;
    u64 now_ns;
    u32 epoch; /* the current one, from 1 */
    u8 restart_counter;
    u16 ip_id;
    u32 next_charging_id;
    u32 next_sequence;
    u64 strangers_full_ns; /* rate limits: see rate_limits.h */
    u64 notices_full_ns;
    u64 icmp_full_ns;
    u64 started_ns; /* uptime counts from here, */
    u64 uptime_ms;  /* where it was this much already */
    u64 counters[COUNTERS];

    struct contexts ues;
    struct contexts sessions;
    struct contexts bearers;
    struct ue *ue;
    struct session *session;
    struct bearer *bearer;
    struct uplink *uplink;
    struct downlink *downlink;
    struct index ue_by_imsi;
    struct index bearer_by_enb; /* every bearer with a known eNodeB F-TEID */
    struct index bearer_by_pgw; /* likewise of a P-GW */

    struct pdn pdn[16];

    struct bucket_block *bucket_block; /* by bearer slot / BUCKET_BLOCK */
    u64 bucket_burst;                  /* sixteenths of a ns */
    u8 marking[256];                   /* DSCP by QCI */

    struct path *path; /* by slot: 0 .. path_count - 1 */
    u32 *path_order;   /* slots in ascending order of (peer, plane) */
    u64 path_count;
    u64 paths_unused;            /* those without references */
    u64 import_paths;            /* paths imported; others may be known by reference only */
    struct pv_address last_peer; /* of the path imported last, for the order check */
    u8 last_plane;

    struct timers timers;

    struct purge purge;

    struct transaction *transaction;
    struct transactions transactions;

    struct packet *packet;
    struct bitmap packets_free;

    struct datagram *datagram;
    u8 datagram_order[DATAGRAMS]; /* slots: those in use, oldest first, then the others */
    u64 datagram_count;

    struct filter *filter;
    struct bitmap filters_free;

    struct vepc_record_record *record; /* by serial modulo config.records */
    u64 record_oldest;
    u64 record_next;

    struct foreign_apn *foreign_apn; /* by session slot, in an S-GW alone */

    struct procedure *procedure;
    struct index procedure_by_request;
    u64 procedure_oldest; /* serial of the oldest one kept */
    u64 procedure_next;   /* serial of the next one */

    u64 incomplete_ues;      /* UEs without a session */
    u64 incomplete_sessions; /* sessions without their default bearer */

    u64 import_previous; /* key of the record imported last, for the order check */
    u64 import_answers;  /* serial of the first answer of the section being imported */
    u64 import_gateways; /* gateway and pool records imported */
    u64 import_pools;
    u64 import_records;  /* charging records imported */
    u64 import_usage;    /* 1 once usage was imported */
    u64 importing;       /* 1 from the first record until the state was found complete */
    u64 import_complete; /* 1 once the state was found complete */
};

/* One vnf_burst call. */
struct turn {
    struct vepc *vepc;
    struct pv_burst *burst;
    u64 spares_used;
};

#define APN_NONE (~0ull)
#define APN_FOREIGN 255

/* The place of an APN in the configuration, or APN_NONE. */
PV_INLINE u64 config_find_apn(const struct vepc_config *config, const u8 *name, u64 length)
{
    for (u64 i = 0; i < config->apns_count; i++)
        if (config->apns[i].name_length == length &&
            memory_equal(config->apns[i].name, name, length))
            return i;
    return APN_NONE;
}

/* How long the gateway has run, all instances together, ms. */
PV_INLINE u64 uptime_ms(const struct vepc *vepc)
{
    return vepc->uptime_ms + (vepc->now_ns - vepc->started_ns) / 1000000;
}

/* Numbers of the timers. */
PV_INLINE u64 timer_of_ue(u64 slot)
{
    return slot;
}

PV_INLINE u64 timer_of_session(const struct vepc *vepc, u64 slot)
{
    return vepc->ues.capacity + slot;
}

PV_INLINE u64 timer_of_path(const struct vepc *vepc, u64 slot)
{
    return vepc->ues.capacity + vepc->sessions.capacity + slot;
}

PV_INLINE u64 ns_left(u64 deadline_ns, u64 now_ns)
{
    return deadline_ns > now_ns ? deadline_ns - now_ns : 0;
}

/* ns as ms, rounded up: what remains is never said to be less. */
PV_INLINE u64 ms_left(u64 deadline_ns, u64 now_ns)
{
    return deadline_ns > now_ns ? (deadline_ns - now_ns + 999999) / 1000000 : 0;
}

PV_INLINE void count(struct vepc *vepc, enum counter which)
{
    vepc->counters[which]++;
}

/* Drops an input packet: counts the reason and leaves it for the host to see. */
PV_INLINE void drop(struct turn *turn, struct pv_packet *packet, enum counter reason)
{
    turn->vepc->counters[reason]++;
    packet->reason = (u16)(reason - DROP_FIRST + 1);
}

/* Sends a packet (an input or a spare one) after those sent before. */
PV_INLINE void emit(struct turn *turn, struct pv_packet *packet, u64 port)
{
    packet->port = (u16)port;
    turn->burst->out[turn->burst->out_count++] = packet;
}

/* Whether spare() has one more. */
PV_INLINE int has_spare(const struct turn *turn)
{
    return turn->spares_used < turn->burst->spare_count;
}

/* An empty packet with PV_HEADROOM in front, or 0 (counted) when none is left. */
PV_INLINE struct pv_packet *spare(struct turn *turn)
{
    if (turn->spares_used >= turn->burst->spare_count) {
        count(turn->vepc, COUNT_no_spare_packet);
        return 0;
    }
    struct pv_packet *packet = turn->burst->spare[turn->spares_used++];
    packet->offset = PV_HEADROOM;
    packet->length = 0;
    return packet;
}

PV_INLINE u8 *packet_data(const struct pv_packet *packet)
{
    return packet->base + packet->offset;
}

#endif
