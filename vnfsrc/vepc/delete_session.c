/* Delete Session (TS 29.274, 7.2.9 and 7.2.10). */
#include "access.h"
#include "charging.h"
#include "gtpc.h"
#include "sessions.h"
#include "sgw.h"

/* The session that a request means: at a P-GW its TEID's, else by its Linked EPS Bearer ID or,
 * without one, the UE's only session. CONTEXTS_NONE, with the refusal, when that names none. */
static u64 find_session(const struct request *request, const struct ue *ue, struct refusal *refusal)
{
    const struct vepc *vepc = request->turn->vepc;
    struct ie ie;
    if (is_pgw(vepc))
        return contexts_find(&vepc->sessions, request->teid);
    if (!ies_find(request->ies, IE_EBI, 0, &ie)) {
        u32 first = ue->first_session;
        if (first != NO_SLOT && vepc->session[first - 1].next == NO_SLOT)
            return first - 1;
        *refusal = refuse(CAUSE_CONDITIONAL_IE_MISSING, IE_EBI, 0);
        return CONTEXTS_NONE;
    }
    u8 lbi = ie_read_ebi(ie);
    u64 session = ue_find_linked(vepc, ue, lbi);
    if (session == CONTEXTS_NONE)
        *refusal = refuse(lbi ? CAUSE_CONTEXT_NOT_FOUND : CAUSE_MANDATORY_IE_INCORRECT, IE_EBI, 0);
    return session;
}

struct refusal gtpc_delete_session(struct request *request, struct response *response)
{
    struct vepc *vepc = request->turn->vepc;
    u64 slot = gtpc_find_context(request, response);
    if (slot == CONTEXTS_NONE)
        return refuse(CAUSE_CONTEXT_NOT_FOUND, 0, 0);
    struct refusal refusal = refuse(CAUSE_ACCEPTED, 0, 0);
    if (!is_pgw(vepc) && ies_indicated(request->ies, INDICATION_SCOPE)) { /* all that the UE has */
        if (is_sgw(vepc)) /* another one serves the UE (TS 23.401, 5.3.3.1) */
            charging_end_ue(vepc, slot, CHARGING_SGW_CHANGE);
        ue_delete(vepc, slot);
        ie_write_cause(&response->ies, refusal);
        return refusal;
    }
    u64 session = find_session(request, &vepc->ue[slot], &refusal);
    if (session == CONTEXTS_NONE)
        return refusal;
    if (is_sgw(vepc))
        return sgw_delete_session(request, response, session);
    session_end(vepc, session);
    ie_write_cause(&response->ies, refusal);
    return refusal;
}
