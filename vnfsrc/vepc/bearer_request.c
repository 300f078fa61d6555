/* What our requests about bearers have in common: see bearer_request.h. */
#include "bearer_request.h"

#include "access.h"

/* Where a session's requests go. */
static const struct vepc_tunnel *peer_of(const struct vepc *vepc, u64 session_slot)
{
    const struct session *session = &vepc->session[session_slot];
    return is_pgw(vepc) ? &session->peer : &vepc->ue[session->ue].mme;
}

int bearer_request_begin(struct vepc *vepc, u64 session_slot, const struct trigger *trigger,
                         struct draft *draft)
{
    const struct vepc_tunnel *peer = peer_of(vepc, session_slot);
    u8 interface = is_pgw(vepc) ? VEPC_TRANSACTION_INTERFACE_S5 : VEPC_TRANSACTION_INTERFACE_S11;
    if (!transactions_begin(vepc, &peer->address, interface, draft))
        return 0;
    draft->transaction->s11_teid = vepc->ues.teid[vepc->session[session_slot].ue];
    draft->transaction->s5c_teid = vepc->sessions.teid[session_slot];
    if (trigger->command)
        transactions_set_origin(draft->transaction, trigger->command);
    if (trigger->has_pti)
        ie_write_u8(&draft->ies, IE_PTI, trigger->pti);
    return 1;
}

void bearer_request_post(struct vepc *vepc, u64 session_slot, const struct trigger *trigger,
                         struct draft *draft, u8 type)
{
    const struct vepc_tunnel *peer = peer_of(vepc, session_slot);
    u32 teid = peer->teid;
    /* A peer that gave its command one of our own numbers gets another one. */
    if (trigger->command && !transactions_find(vepc, &peer->address, trigger->command->sequence))
        transactions_post_as(vepc, draft, type, teid, trigger->command->sequence);
    else
        transactions_post(vepc, draft, type, teid);
}

int bearer_request_postpone(const struct request *answer, const struct transaction *transaction)
{
    struct vepc *vepc = answer->turn->vepc;
    struct trigger trigger = {0, 0, 0};
    struct draft draft;
    u64 session = contexts_find(&vepc->sessions, transaction->s5c_teid);
    if (bearer_request_cause(answer->ies, 0) != CAUSE_TEMPORARILY_REJECTED ||
        session == CONTEXTS_NONE || transaction->tries >= vepc->config.n3 ||
        !bearer_request_begin(vepc, session, &trigger, &draft))
        return 0;
    struct transaction *again = draft.transaction;
    again->bearers_count = transaction->bearers_count;
    for (u64 i = 0; i < transaction->bearers_count; i++)
        again->bearers[i] = transaction->bearers[i];
    memory_copy(again->message, transaction->message, transaction->message_length);
    draft.ies.length = transaction->message_length;
    again->tries = transaction->tries;
    again->deadline_ns = vepc->now_ns + (u64)vepc->config.t3_ms * 1000000;
    bearer_request_post(vepc, session, &trigger, &draft, transaction_type(transaction));
    return 1;
}

u8 bearer_request_cause(struct ie ies, u8 otherwise)
{
    struct ie cause;
    return ies_find(ies, IE_CAUSE, 0, &cause) && cause.length >= 1 ? cause.value[0] : otherwise;
}

u8 bearer_request_cause_for(struct ie ies, u8 ebi)
{
    struct ie context;
    struct ie ie;
    u8 cause = bearer_request_cause(ies, 0);
    if (!is_accepted(cause))
        return cause;
    for (u64 n = 0; n <= EBI_LAST && ies_find_nth(ies, IE_BEARER_CONTEXT, 0, n, &context); n++)
        if (ies_well_formed(context) && ies_find(context, IE_EBI, 0, &ie) && ie_read_ebi(ie) == ebi)
            return bearer_request_cause(context, cause);
    return cause;
}
