/* The vEPC's arena: a combined S-GW and P-GW (TS 23.401, 4.4.3).
 *
 * A UE has an S11 context, one or more sessions (PDN connections) and, for each, one or
 * more bearers. Each kind lives in a table of its own with a `contexts` allocator whose
 * TEIDs name the slots, so that a TEID is looked up by indexing. What a packet needs stands
 * in two 64-byte records a bearer, apart from the rest.
 */
#ifndef VEPC_VEPC_H
#define VEPC_VEPC_H

#include "contexts.h"
#include "index.h"
#include "memory.h"
#include "portvnf/vnf.h"
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
#define EBI_LAST 15
#define NO_SLOT 0 /* links between tables hold slot + 1 */

/* All that an uplink packet needs; by bearer slot. */
struct uplink {
    u32 teid;   /* our S1-U TEID, 0 while the slot is free */
    u32 ipv4;   /* UE address, 0 without IPv4 */
    u64 prefix; /* UE /64, 0 without IPv6 */
    u64 packets;
    u64 bytes;
    u64 unused[4];
} __attribute__((aligned(64)));

/* All that a downlink packet needs; by bearer slot. */
struct downlink {
    u32 teid;      /* TEID of the eNodeB */
    u32 ipv4;      /* address of the eNodeB */
    u32 connected; /* 0 while the UE is idle */
    u32 s1u_teid;  /* ours, 0 while the slot is free */
    u64 packets;
    u64 bytes;
    u32 solicited; /* 1 while a router solicitation waits for the connection */
    u32 unused[7];
} __attribute__((aligned(64)));

struct ue {
    u8 imsi[8];
    struct vepc_tunnel mme;
    u32 first_session;        /* slot + 1; the others follow in session.next */
    u32 bearer[EBI_LAST + 1]; /* by EBI: bearer slot + 1 */
    u8 msisdn_length;
    u8 mei_length;
    u8 uli_length;
    u8 rat_type;
    u8 serving_network[3];
    u8 msisdn[15];
    u8 mei[8];
    u8 uli[48];
};

struct session {
    u32 ue;   /* slot */
    u32 next; /* slot + 1 of the UE's next session */
    u8 lbi;
    u8 pdn_type;
    u8 apn; /* index in the configuration */
    u8 selection_mode;
    u32 ipv4;
    u32 ambr_uplink;
    u32 ambr_downlink;
    u32 charging_id;
    u64 prefix;
    u64 interface_id;
};

struct bearer {
    u32 session; /* slot */
    u8 ebi;
    u8 qci;
    u8 arp;
    u64 mbr_uplink;
    u64 mbr_downlink;
    u64 gbr_uplink;
    u64 gbr_downlink;
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
    u32 ipv4;
    u8 plane; /* VEPC_PATH_PLANE_… */
    u8 restart_known;
    u8 restart_counter;
    u16 sequence;
};

/* An answer kept for a repeated request (TS 29.274, 7.6). */
struct procedure {
    u64 serial; /* 0, 1, … in order of sending; the slot is serial modulo capacity */
    u64 deadline_ns;
    u64 digest; /* of the request */
    u32 peer;
    u32 sequence;
    u32 epoch;
    u16 port;
    u16 response_length;
    u8 message_type;
    u8 response[511];
};

struct vepc {
    struct vepc_config config;
    u64 now_ns;
    u32 epoch; /* the current one, from 1 */
    u8 restart_counter;
    u16 ip_id;
    u32 next_charging_id;
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

    struct pdn pdn[16];

    struct path *path; /* in ascending order of (ipv4, plane) */
    u64 path_count;

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
    u64 import_usage;    /* 1 once usage was imported */
    u64 import_complete; /* 1 once the state was found complete */
};

/* One vnf_burst call. */
struct turn {
    struct vepc *vepc;
    struct pv_burst *burst;
    u64 spares_used;
};

#define APN_NONE (~0ull)

/* The place of an APN in the configuration, or APN_NONE. */
PV_INLINE u64 config_find_apn(const struct vepc_config *config, const u8 *name, u64 length)
{
    for (u64 i = 0; i < config->apns_count; i++)
        if (config->apns[i].name_length == length &&
            memory_equal(config->apns[i].name, name, length))
            return i;
    return APN_NONE;
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
