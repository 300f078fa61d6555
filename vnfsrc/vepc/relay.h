/* Passing GTPv2-C messages on between MME and P-GW, as an S-GW alone does (TS 23.401, 4.4.3.2;
 * TS 29.274, 7.2).
 *
 * A request of one side becomes a transaction towards the other side, whose answer is then
 * passed back. IEs go over in their order, but for those that are about the hop itself: F-TEIDs,
 * bearer contexts, Recovery and FQ-CSIDs, in whose place the S-GW puts its own.
 */
#ifndef VEPC_RELAY_H
#define VEPC_RELAY_H

#include "access.h"
#include "transactions.h"

/* Room for what the S-GW adds to a message, and again to each bearer context. */
#define RELAY_OWN 80

/* Whether a message can be passed on: whether it leaves that room. */
int relay_fits(struct ie ies);

/* Reads a list's next IE that is not the hop's own, as ies_next does. */
int relay_next(struct ie *ies, struct named_ie *ie);

/* Copies an IE, or all that are not the hop's own. The message must fit. */
void relay_copy_ie(struct ie_writer *w, const struct named_ie *ie);
void relay_copy(struct ie_writer *w, struct ie ies);

/* Begins a bearer context and copies one into it, but for its F-TEIDs and its Charging ID, which is
 * the gateways' alone (tables 7.2.2-2 and 7.2.3-2): MMEs that do not expect it there refuse the
 * message. ie_end ends it. */
u64 relay_begin_context(struct ie_writer *w, struct ie context, u8 instance);

/* Begins a request to a session's P-GW, or about a session to its MME, which answers `request`;
 * 0 for one that nobody asked for. Returns 0 (counted) when too many wait already. */
int relay_begin_to_pgw(struct vepc *vepc, u64 session, const struct request *request,
                       struct draft *draft);
int relay_begin_to_mme(struct vepc *vepc, u64 session, const struct request *request,
                       struct draft *draft);

/* Passes a request on to a session's P-GW as it is. Returns CAUSE_LATER, or why not. */
struct refusal relay_to_pgw(struct request *request, u64 session);

/* Passes a request about a UE on to the P-GW of every session that it has; the first one's answer
 * is passed back. A Linked EPS Bearer ID becomes each session's own, for a P-GW knows no other.
 * Returns CAUSE_LATER, or CAUSE_ACCEPTED when there is nobody to tell. */
struct refusal relay_to_all(struct request *request, u64 ue);

/* Passes an answer back as it is, its bearer contexts included, to whoever has this TEID. */
void relay_back(struct request *answer, const struct transaction *transaction, u32 teid);

/* Answers what a transaction stands for with a cause of ours; nothing when it has no origin. */
void relay_refuse(struct turn *turn, const struct transaction *transaction, u32 teid, u8 cause);

/* The answer's Cause; CAUSE_INVALID_REPLY without one. */
u8 relay_cause(struct ie ies);

PV_INLINE int relay_is_command(u8 type)
{
    return type == GTPC_MODIFY_BEARER_COMMAND || type == GTPC_DELETE_BEARER_COMMAND ||
           type == GTPC_BEARER_RESOURCE_COMMAND;
}

PV_INLINE int relay_accepted(u8 cause)
{
    return cause >= CAUSE_ACCEPTED && cause < CAUSE_CONTEXT_NOT_FOUND;
}

PV_INLINE int relay_has_origin(const struct transaction *transaction)
{
    return address_is_set(&transaction->origin.peer);
}

/* The MME's TEID of the UE that a transaction is about, 0 when the UE is gone. */
u32 relay_mme_teid(const struct vepc *vepc, const struct transaction *transaction);

/* The P-GW's TEID of the session that a transaction is about, 0 when it is gone. */
u32 relay_pgw_teid(const struct vepc *vepc, const struct transaction *transaction);

#endif
