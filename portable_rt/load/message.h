/* The requests that an MME sends on S11 (TS 29.274), written in one pass. */
#ifndef PORTVNF_LOAD_MESSAGE_H
#define PORTVNF_LOAD_MESSAGE_H

#include <portvnf/types.h>

/* Message types, table 6.1-1. A response's type is its request's plus one. */
#define ECHO_REQUEST 1
#define ECHO_RESPONSE 2
#define CREATE_SESSION_REQUEST 32
#define MODIFY_BEARER_REQUEST 34
#define DELETE_SESSION_REQUEST 36

/* IE types, table 8.1-1, and F-TEID interface types, 8.22. */
#define IE_CAUSE 2
#define IE_RECOVERY 3
#define IE_PAA 79
#define IE_F_TEID 87
#define IE_BEARER_CONTEXT 93
#define S1U_ENB 0
#define S1U_SGW 1
#define S5C_PGW 7
#define S11_MME 10
#define S11_SGW 11

/* No request below is longer: the APN is the only part that varies, by 64 octets. */
#define MESSAGE_MAX 512
#define APN_MAX 63
#define SEQUENCE_MASK 0xFFFFFF

/* What all messages of one run share. Addresses are in network order. */
struct network {
    u8 mme[4];
    u8 gateway[4];
    u8 enb[4];
    char apn[APN_MAX + 1];
};

/* The MME's TEID of a UE, and the eNodeB's on S1-U: unlike any that the gateway gives out
 * by the same rule, and never 0. */
static inline u32 own_teid(u32 ue)
{
    return 0x80000000u | ue;
}

/* Each writes a whole message into `out` (MESSAGE_MAX octets) and returns its length.
 * `ue` is the UE's number, from 0; `teid` the gateway's on S11. */

/* 7.2.1: the default bearer of an initial attach. */
u64 write_create_session(u8 *out, const struct network *network, u32 ue, u32 sequence);

/* 7.2.7: the S1-U F-TEID of the eNodeB. */
u64 write_modify_bearer(u8 *out, const struct network *network, u32 ue, u32 teid, u32 sequence);

/* 7.2.9: the UE detaches. */
u64 write_delete_session(u8 *out, u32 teid, u32 sequence);

/* 7.1.2: the answer to the gateway's Echo Request. */
u64 write_echo_response(u8 *out, u32 sequence);

#endif
