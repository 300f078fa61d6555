/* What a Create Session Request asks for (TS 29.274, 7.2.1), read and checked; nothing is
 * changed yet. */
#ifndef VEPC_SESSION_WISH_H
#define VEPC_SESSION_WISH_H

#include "gtpc.h"
#include "pools.h"

#define PDN_TYPE_IPV4V6 3

/* The contexts of one bearer context IE each are numbered as in table 7.2.1-1. */
#define WISH_TO_BE_CREATED 0
#define WISH_TO_BE_REMOVED 1

struct wish {
    struct ie imsi;
    struct vepc_tunnel sender; /* the MME or, at a P-GW, the S-GW */
    struct vepc_tunnel enb;    /* likewise; without an address when there is none */
    u64 ue;                    /* slot of the UE that we know by this IMSI, or CONTEXTS_NONE */
    u64 moved;                 /* slot of the UE's session that comes from another S-GW, or NONE */
    u64 old_session;           /* slot of a session that the new one replaces, or CONTEXTS_NONE */
    u64 old_bearer;            /* likewise of a dedicated bearer alone */
    u8 keeps_ue;               /* whether the UE's context stays */
    u8 ebi;
    u8 apn;
    u8 asked_type;
    u8 pdn_type;
    u8 cause;   /* of acceptance */
    u32 ipv4;   /* static address asked for, 0 for any */
    u64 prefix; /* likewise */
    u32 ambr_uplink;
    u32 ambr_downlink;
    struct vepc_qos qos;
};

/* Reads a request; response->teid is set as soon as it is known. Returns CAUSE_ACCEPTED when it
 * can be carried out. With wish->moved only imsi, sender and ue are filled in besides. */
struct refusal wish_read(struct request *request, struct response *response, struct wish *wish);

#endif
