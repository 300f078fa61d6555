/* Requests of ours about a PDN connection's bearers (TS 29.274, 7.2.3, 7.2.9.2, 7.2.15): to
 * the MME on S11, or from a P-GW to its S-GW on S5/S8. Policy is not their matter.
 *
 * What a request asks for is carried out when its answer accepts it. Until then it stands
 * in the request itself, and a bearer that is being created has a place below EBI_FIRST.
 */
#ifndef VEPC_BEARER_REQUEST_H
#define VEPC_BEARER_REQUEST_H

#include "tft.h"
#include "transactions.h"

/* What made us send a request: a command of the peer's, or nothing of the kind. */
struct trigger {
    const struct request *command; /* 0 for none */
    u8 has_pti;
    u8 pti; /* Procedure Transaction ID of the UE */
};

/* Begins a request about a session, which the caller goes on writing and then posts.
 * Returns 0 when too many wait already. */
int bearer_request_begin(struct vepc *vepc, u64 session_slot, const struct trigger *trigger,
                         struct draft *draft);

/* Posts it; one that a command triggered has the command's sequence number (7.6). */
void bearer_request_post(struct vepc *vepc, u64 session_slot, const struct trigger *trigger,
                         struct draft *draft, u8 type);

/* When an answer puts a request off because of a handover (TS 29.274, 7.2.4, 7.2.10.2 and
 * 7.2.16): makes the same request anew, to be sent after T3 to where the session's requests
 * go now. Returns 0 when the answer does no such thing, or the request was sent N3 times. */
int bearer_request_postpone(const struct request *answer, const struct transaction *transaction);

/* The cause of an answer, or of one of its bearer contexts; `otherwise` without one. */
u8 bearer_request_cause(struct ie ies, u8 otherwise);

/* An answer's cause for one bearer: the context's of that EBI, if the whole is accepted. */
u8 bearer_request_cause_for(struct ie ies, u8 ebi);

PV_INLINE int is_accepted(u8 cause)
{
    return cause >= CAUSE_ACCEPTED && cause < CAUSE_CONTEXT_NOT_FOUND;
}

/* --- create_bearer.c ---------------------------------------------------------------- */

/* A dedicated bearer as it is to be. The filters' precedences are wishes: one that is taken
 * in the session becomes the next free one. */
struct bearer_wish {
    struct vepc_qos qos;
    u8 rule_length; /* 0 for none */
    u8 rule[31];
    u8 count; /* 1 .. TFT_FILTERS_MAX */
    struct vepc_packet_filter filter[TFT_FILTERS_MAX];
};

/* Asks for a dedicated bearer. Returns CAUSE_ACCEPTED, or why not, with nothing changed. */
u64 bearer_create(struct vepc *vepc, u64 session_slot, const struct bearer_wish *wish,
                  const struct trigger *trigger);
void bearer_create_answered(struct request *answer, const struct transaction *transaction);
void bearer_create_unanswered(struct vepc *vepc, const struct transaction *transaction);

/* --- update_bearer.c ---------------------------------------------------------------- */

/* An APN-AMBR, kbit/s. */
struct ambr {
    u32 uplink;
    u32 downlink;
};

/* What is to change of a bearer. */
struct bearer_change {
    const struct vepc_qos *qos; /* 0 to leave it */
    const struct ambr *ambr;    /* 0 to leave it */
    const struct tft *tft;      /* 0 to leave it */
};

/* Asks for a change; likewise. */
u64 bearer_update(struct vepc *vepc, u64 bearer_slot, const struct bearer_change *change,
                  const struct trigger *trigger);
void bearer_update_answered(struct request *answer, const struct transaction *transaction);

/* --- delete_bearer.c ---------------------------------------------------------------- */

/* Asks for the end of these bearers of one session; if one is its default bearer, of the
 * whole PDN connection. Likewise. */
u64 bearers_delete(struct vepc *vepc, const u64 *bearer_slots, u64 count,
                   const struct trigger *trigger);
void bearers_delete_answered(struct request *answer, const struct transaction *transaction);

/* Nobody answered: the bearers end all the same. */
void bearers_delete_unanswered(struct vepc *vepc, const struct transaction *transaction);

#endif
