/* Change Notification (TS 29.274, 7.3.14 and 7.3.15): a connected UE's location or RAT type. */
#include "gtpc.h"
#include "sessions.h"
#include "sgw.h"
#include "ue_information.h"

/* Passes one on: to the P-GW of the PDN connection that it names, else to all of the UE's.
 * Returns CAUSE_LATER, or CAUSE_ACCEPTED when there is nobody to tell, or why not. */
static struct refusal pass_on(struct request *request, u64 ue)
{
    const struct vepc *vepc = request->turn->vepc;
    struct ie ie;
    if (!ies_find(request->ies, IE_EBI, 0, &ie))
        return relay_to_all(request, ue);
    u64 session = ue_find_linked(vepc, &vepc->ue[ue], ie_read_ebi(ie));
    if (session == CONTEXTS_NONE)
        return refuse(CAUSE_CONTEXT_NOT_FOUND, IE_EBI, 0);
    if (vepc->session[session].peer.teid == 0)
        return refuse(CAUSE_ACCEPTED, 0, 0); /* its P-GW does not know it yet */
    return relay_to_pgw(request, session);
}

struct refusal gtpc_change_notification(struct request *request, struct response *response)
{
    struct vepc *vepc = request->turn->vepc;
    u64 slot = gtpc_find_ue(request, response);
    struct ie ie;
    if (slot == CONTEXTS_NONE)
        return refuse(CAUSE_CONTEXT_NOT_FOUND, 0, 0);
    if (!ies_find(request->ies, IE_RAT_TYPE, 0, &ie))
        return refuse(CAUSE_MANDATORY_IE_MISSING, IE_RAT_TYPE, 0);
    if (ie.length < 1)
        return refuse(CAUSE_INVALID_LENGTH, IE_RAT_TYPE, 0);
    struct refusal passed = is_sgw(vepc) ? pass_on(request, slot) : refuse(CAUSE_ACCEPTED, 0, 0);
    if (passed.cause == CAUSE_CONTEXT_NOT_FOUND)
        return passed;
    ue_learn(request, &vepc->ue[slot]);
    ue_touch(vepc, slot);
    if (passed.cause == CAUSE_LATER)
        return passed;
    ie_write_cause(&response->ies, refuse(CAUSE_ACCEPTED, 0, 0));
    /* Whoever names the UE gets the name back. */
    if (ies_find(request->ies, IE_IMSI, 0, &ie) && ie.length <= sizeof vepc->ue[slot].imsi) {
        u64 imsi = ie_begin(&response->ies, IE_IMSI, 0);
        ie_put_octets(&response->ies, ie.value, ie.length);
        ie_end(&response->ies, imsi);
    }
    return refuse(CAUSE_ACCEPTED, 0, 0);
}
