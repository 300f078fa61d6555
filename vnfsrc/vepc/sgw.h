/* What an S-GW alone does otherwise than one that is its own P-GW (TS 23.401; TS 29.274). */
#ifndef VEPC_SGW_H
#define VEPC_SGW_H

#include "relay.h"

/* The procedures: see gtpc.h. What the P-GW must hear of is answered once it has answered. */
struct refusal sgw_create_session(struct request *request, struct response *response);

/* Ends a session here and, if the MME says so (Operation Indication), at the P-GW. */
struct refusal sgw_delete_session(struct request *request, struct response *response, u64 session);

/* Create, Update and Delete Bearer Requests of a P-GW, passed on to the MME. */
struct refusal sgw_bearer_request(struct request *request, struct response *response);

/* Modify Bearer, Delete Bearer and Bearer Resource Commands, passed on to the P-GW, which answers
 * by one of those requests or by a Failure Indication. */
struct refusal sgw_command(struct request *command, struct response *response);

/* Stands for a bearer that we do not have: no TEID of ours has context number 0. */
#define SGW_UNKNOWN_BEARER(ebi) ((u32)(ebi) << 24)

/* The bearers that a request about them named, and what it told of the UE. */
struct sgw_modified {
    u64 bearers_count;
    u32 bearers[EBI_COUNT]; /* S1-U TEIDs, or SGW_UNKNOWN_BEARER */
    struct ue before;       /* the UE as it was known before */
};

/* Tells P-GWs what a Modify Bearer Request, carried out already, brought that concerns them: that
 * the UE has moved here from another S-GW, or where it is. Returns CAUSE_LATER, or
 * CAUSE_ACCEPTED when they need not know. */
struct refusal sgw_tell_pgws(struct request *request, u64 ue, const struct sgw_modified *modified);

/* Whether a transaction is one of those that pass something on; its answer, or the lack of it
 * (responses.h). */
int sgw_is_passing(const struct vepc *vepc, const struct transaction *transaction);
void sgw_answered(struct request *answer, struct transaction *transaction);
void sgw_unanswered(struct turn *turn, struct transaction *transaction);

/* Ends a session at its P-GW, which our side has forgotten. */
void sgw_end_at_pgw(struct vepc *vepc, u64 session);

/* Likewise all of a UE's; at an S-GW alone only. */
void sgw_end_at_pgws(struct vepc *vepc, u64 ue);

/* The P-GW has lost a bearer (TS 23.007, 21): the MME is asked to delete it. */
void sgw_pgw_lost(struct vepc *vepc, const struct vepc_tunnel *pgw);

/* --- of use to the above ------------------------------------------------------------- */

/* Tells the P-GW at once of a session that has moved here; its MME is answered afterwards. */
struct refusal sgw_tell_moved(struct request *request, u64 session);

/* The answer to the MME for a session that has moved here. */
void sgw_write_moved(const struct vepc *vepc, struct ie_writer *w, u64 session);

void sgw_session_created(struct request *answer, const struct transaction *transaction);
void sgw_session_deleted(struct turn *turn, const struct transaction *transaction,
                         const struct request *answer);
void sgw_pgws_told(struct request *answer, const struct transaction *transaction);
void sgw_bearers_created(struct turn *turn, const struct transaction *transaction,
                         const struct request *answer);
void sgw_bearers_updated(struct request *answer, const struct transaction *transaction);
void sgw_bearers_deleted(struct turn *turn, const struct transaction *transaction,
                         const struct request *answer);

/* A bearer's S5/S8-U F-TEID of ours: the S1-U TEID with the highest bit changed. */
#define SGW_S5_TEID 0x80000000u

/* The session's bearer that an EBI IE names, or CONTEXTS_NONE. */
u64 sgw_find_bearer(const struct vepc *vepc, u64 session, struct ie ie);

/* Takes over the Charging ID that a P-GW's bearer context may have; the first one stays. */
void sgw_learn_charging_id(struct vepc *vepc, u64 bearer, struct ie context);

void sgw_write_s5_f_teid(const struct vepc *vepc, struct ie_writer *w, u8 instance, u64 bearer);

#endif
