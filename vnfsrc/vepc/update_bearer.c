/* Update Bearer (TS 29.274, 7.2.15 and 7.2.16; TS 23.401, 5.4.2 and 5.4.3): see
 * bearer_request.h. */
#include "bearer_request.h"
#include "filters.h"
#include "qos.h"
#include "sessions.h"

static void write_context(const struct vepc *vepc, struct ie_writer *w, u64 slot,
                          const struct bearer_change *change)
{
    u64 context = ie_begin(w, IE_BEARER_CONTEXT, 0);
    ie_write_u8(w, IE_EBI, vepc->bearer[slot].ebi);
    if (change->tft)
        ie_write_tft(w, change->tft->operation, change->tft->filter, change->tft->count);
    if (change->qos)
        ie_write_qos(w, change->qos);
    ie_end(w, context);
}

static void write_ambr(struct ie_writer *w, const struct session *session,
                       const struct bearer_change *change)
{
    u64 ie = ie_begin(w, IE_AMBR, 0);
    ie_put_u32(w, change->ambr ? change->ambr->uplink : session->ambr_uplink);
    ie_put_u32(w, change->ambr ? change->ambr->downlink : session->ambr_downlink);
    ie_end(w, ie);
}

u64 bearer_update(struct vepc *vepc, u64 bearer_slot, const struct bearer_change *change,
                  const struct trigger *trigger)
{
    const struct bearer *bearer = &vepc->bearer[bearer_slot];
    struct draft draft;
    if (bearer->ebi < EBI_FIRST || bearer->changing || bearer->deleting)
        return CAUSE_COLLISION;
    if (change->tft && tft_length(change->tft->filter, change->tft->count) > TFT_LENGTH_MAX)
        return CAUSE_TFT_SYNTACTIC;
    if (!filters_have_room(vepc, change->tft) ||
        !bearer_request_begin(vepc, bearer->session, trigger, &draft))
        return CAUSE_NO_RESOURCES;
    write_context(vepc, &draft.ies, bearer_slot, change);
    write_ambr(&draft.ies, &vepc->session[bearer->session], change);
    draft.transaction->bearers[0] = vepc->bearers.teid[bearer_slot];
    draft.transaction->bearers_count = 1;
    bearer_request_post(vepc, bearer->session, trigger, &draft, GTPC_UPDATE_BEARER_REQUEST);
    return CAUSE_ACCEPTED;
}

/* Carries out what our request says of a bearer, in its context and its APN-AMBR. */
static void apply(struct vepc *vepc, u64 slot, struct ie ies, struct ie context)
{
    u64 session = vepc->bearer[slot].session;
    struct vepc_qos qos;
    struct tft tft;
    struct ie ie;
    if (ies_find(context, IE_BEARER_QOS, 0, &ie) && ie_read_qos(ie, &qos))
        bearer_set_qos(vepc, slot, &qos);
    if (ies_find(context, IE_BEARER_TFT, 0, &ie) && tft_read(ie, &tft) == CAUSE_ACCEPTED)
        filters_apply(vepc, slot, &tft);
    if (bearer_is_default(vepc, slot) && ies_find(ies, IE_AMBR, 0, &ie) && ie.length >= 8)
        session_set_ambr(vepc, session, pv_load_be32(ie.value), pv_load_be32(ie.value + 4));
    count(vepc, COUNT_bearers_updated);
}

/* The n-th context of our request, and the slot of its bearer, which is still that bearer;
 * CONTEXTS_NONE when it is gone. */
static u64 asked(const struct vepc *vepc, const struct transaction *transaction, u64 n,
                 struct ie *context)
{
    if (!ies_find_nth(transaction_ies(transaction), IE_BEARER_CONTEXT, 0, n, context))
        return CONTEXTS_NONE;
    return contexts_find(&vepc->bearers, transaction->bearers[n]);
}

void bearer_update_answered(struct request *answer, const struct transaction *transaction)
{
    struct vepc *vepc = answer->turn->vepc;
    u64 session = contexts_find(&vepc->sessions, transaction->s5c_teid);
    if (session == CONTEXTS_NONE)
        return;
    u64 ue = vepc->session[session].ue;
    for (u64 n = 0; n < transaction->bearers_count; n++) {
        struct ie context;
        u64 slot = asked(vepc, transaction, n, &context);
        if (slot == CONTEXTS_NONE)
            continue;
        u8 cause = bearer_request_cause_for(answer->ies, vepc->bearer[slot].ebi);
        if (is_accepted(cause))
            apply(vepc, slot, transaction_ies(transaction), context);
        else if (cause == CAUSE_CONTEXT_NOT_FOUND && !bearer_is_default(vepc, slot))
            bearer_delete(vepc, slot); /* the peer lost it (TS 29.274, 7.2.16) */
        else
            count(vepc, COUNT_bearers_refused);
    }
    ue_touch(vepc, ue);
}
