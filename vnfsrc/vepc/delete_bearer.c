/* Delete Bearer (TS 29.274, 7.2.9.2 and 7.2.10.2; TS 23.401, 5.4.4): see bearer_request.h. */
#include "bearer_request.h"
#include "sessions.h"

/* Instances of the EBI IE (table 7.2.9.2-1). */
#define INSTANCE_LINKED 0
#define INSTANCE_DEDICATED 1

/* Whether any of these bearers is the session's default bearer. */
static int has_default(const struct vepc *vepc, const u64 *bearer_slots, u64 count)
{
    for (u64 i = 0; i < count; i++)
        if (bearer_is_default(vepc, bearer_slots[i]))
            return 1;
    return 0;
}

static void write_ebi(struct ie_writer *w, u8 instance, u8 ebi)
{
    u64 ie = ie_begin(w, IE_EBI, instance);
    ie_put_u8(w, ebi);
    ie_end(w, ie);
}

u64 bearers_delete(struct vepc *vepc, const u64 *bearer_slots, u64 count,
                   const struct trigger *trigger)
{
    u64 session = vepc->bearer[bearer_slots[0]].session;
    const struct ue *ue = &vepc->ue[vepc->session[session].ue];
    u64 linked = ue_find_bearer(ue, vepc->session[session].lbi);
    struct draft draft;
    int all = has_default(vepc, bearer_slots, count);
    if (linked == CONTEXTS_NONE || vepc->bearer[linked].deleting)
        return CAUSE_COLLISION;
    for (u64 i = 0; i < count; i++)
        if (vepc->bearer[bearer_slots[i]].ebi < EBI_FIRST || vepc->bearer[bearer_slots[i]].deleting)
            return CAUSE_COLLISION;
    if (!bearer_request_begin(vepc, session, trigger, &draft))
        return CAUSE_NO_RESOURCES;
    u32 *teids = draft.transaction->bearers;
    draft.transaction->bearers_count = all ? 1 : (u8)count;
    for (u64 i = 0; i < draft.transaction->bearers_count; i++) {
        u64 slot = all ? linked : bearer_slots[i];
        write_ebi(&draft.ies, all ? INSTANCE_LINKED : INSTANCE_DEDICATED, vepc->bearer[slot].ebi);
        teids[i] = vepc->bearers.teid[slot];
    }
    bearer_request_post(vepc, session, trigger, &draft, GTPC_DELETE_BEARER_REQUEST);
    return CAUSE_ACCEPTED;
}

static void end(struct vepc *vepc, u64 slot)
{
    count(vepc, COUNT_bearers_deleted);
    bearer_end(vepc, slot);
}

/* A bearer is over when the peer accepts that, or does not know it. */
void bearers_delete_answered(struct request *answer, const struct transaction *transaction)
{
    struct vepc *vepc = answer->turn->vepc;
    for (u64 i = 0; i < transaction->bearers_count; i++) {
        u64 slot = contexts_find(&vepc->bearers, transaction->bearers[i]);
        if (slot == CONTEXTS_NONE)
            continue;
        u8 cause = bearer_request_cause_for(answer->ies, vepc->bearer[slot].ebi);
        if (is_accepted(cause) || cause == CAUSE_CONTEXT_NOT_FOUND)
            end(vepc, slot);
        else
            count(vepc, COUNT_bearers_refused);
    }
}

void bearers_delete_unanswered(struct vepc *vepc, const struct transaction *transaction)
{
    for (u64 i = 0; i < transaction->bearers_count; i++) {
        u64 slot = contexts_find(&vepc->bearers, transaction->bearers[i]);
        if (slot != CONTEXTS_NONE)
            end(vepc, slot);
    }
}
