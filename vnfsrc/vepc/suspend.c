/* Suspend and Resume Notification (TS 29.274, 7.4.1 to 7.4.4; TS 23.272, 6.3 and 6.5): the UE
 * is in a network where it can have no packet service. Nothing is buffered for it, nobody
 * pages it; its GBR bearers are the MME's matter. */
#include "gtpc.h"
#include "packets.h"
#include "paging.h"
#include "sessions.h"
#include "sgw.h"

/* Forgets what waits for a suspended UE. */
static void discard(struct vepc *vepc, u64 ue_slot)
{
    const struct ue *ue = &vepc->ue[ue_slot];
    for (u64 ebi = EBI_PLACE_FIRST; ebi <= EBI_LAST; ebi++) {
        u64 bearer = ue_find_bearer(ue, ebi);
        if (bearer != CONTEXTS_NONE && (vepc->downlink[bearer].detour & DETOUR_SUSPENDED))
            vepc->counters[COUNT_discarded_suspended] += packets_drop_all(vepc, bearer);
    }
    if (ue->packets == 0)
        paging_end(vepc, ue_slot);
}

struct refusal gtpc_suspend(struct request *request, struct response *response)
{
    struct vepc *vepc = request->turn->vepc;
    u64 slot = gtpc_find_ue(request, response);
    if (slot == CONTEXTS_NONE)
        return refuse(CAUSE_CONTEXT_NOT_FOUND, 0, 0);
    ue_set_suspended(vepc, slot, 1);
    discard(vepc, slot);
    if (is_sgw(vepc) && relay_to_all(request, slot).cause == CAUSE_LATER)
        return refuse(CAUSE_LATER, 0, 0);
    ie_write_cause(&response->ies, refuse(CAUSE_ACCEPTED, 0, 0));
    return refuse(CAUSE_ACCEPTED, 0, 0);
}

struct refusal gtpc_resume(struct request *request, struct response *response)
{
    struct vepc *vepc = request->turn->vepc;
    u64 slot = gtpc_find_ue(request, response);
    if (slot == CONTEXTS_NONE)
        return refuse(CAUSE_CONTEXT_NOT_FOUND, 0, 0);
    ue_set_suspended(vepc, slot, 0);
    if (is_sgw(vepc) && relay_to_all(request, slot).cause == CAUSE_LATER)
        return refuse(CAUSE_LATER, 0, 0);
    ie_write_cause(&response->ies, refuse(CAUSE_ACCEPTED, 0, 0));
    return refuse(CAUSE_ACCEPTED, 0, 0);
}
