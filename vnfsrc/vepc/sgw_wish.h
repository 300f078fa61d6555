/* What a Create Session Request asks of an S-GW alone (TS 29.274, 7.2.1), read and checked;
 * nothing is changed yet. */
#ifndef VEPC_SGW_WISH_H
#define VEPC_SGW_WISH_H

#include "apn.h"
#include "gtpc.h"

struct sgw_wished_bearer {
    u8 ebi;
    struct vepc_qos qos;
    struct vepc_tunnel enb; /* without an address when there is none */
    struct vepc_tunnel pgw; /* likewise: unless it moves */
};

/* What a request asks for, once it is checked. */
struct sgw_wish {
    u8 imsi[8];
    struct vepc_tunnel mme;
    struct vepc_tunnel pgw;
    u8 moves; /* whether the PDN connection exists at the P-GW */
    u8 lbi;
    u8 pdn_type;
    u32 ambr_uplink;
    u32 ambr_downlink;
    u8 apn_length;
    u8 apn[APN_LONGEST];
    u64 old_ue;      /* slot, or CONTEXTS_NONE */
    u8 same_context; /* whether the MME knows old_ue's context */
    u8 replaces_all; /* whether all that old_ue has goes: the MME has lost it, or moves it anew */
    u8 count;
    struct sgw_wished_bearer bearer[EBI_COUNT];
};

/* Reads a request; response->teid is set as soon as it is known. Returns CAUSE_ACCEPTED when it
 * asks for something sound. */
struct refusal sgw_wish_read(struct request *request, struct response *response,
                             struct sgw_wish *wish);

#endif
