/* Delete PDN Connection Set (TS 29.274, 7.9.1 and 7.9.2; TS 23.007, 27): an MME lost part of
 * what it had, named by its FQ-CSID. */
#include "gtpc.h"
#include "paths.h"
#include "purge.h"

#define CSID_MOST sizeof(((struct vepc_connection_set *)0)->csid)

/* Accepted at once; the deletion takes its time. Who has no path with us has no sessions. */
struct refusal gtpc_delete_connection_set(struct request *request, struct response *response)
{
    struct vepc *vepc = request->turn->vepc;
    struct ie csid;
    if (!ies_find(request->ies, IE_FQ_CSID, 0, &csid))
        return refuse(CAUSE_CONDITIONAL_IE_MISSING, IE_FQ_CSID, 0);
    if (csid.length == 0 || csid.length > CSID_MOST)
        return refuse(CAUSE_MANDATORY_IE_INCORRECT, IE_FQ_CSID, 0);
    if (!paths_find(vepc, &request->route.peer, VEPC_PATH_PLANE_GTP_C))
        return refuse(CAUSE_REQUEST_REJECTED, 0, 0);
    if (!purge_add_set(vepc, csid.value, csid.length))
        return refuse(CAUSE_NO_RESOURCES, 0, 0);
    ie_write_cause(&response->ies, refuse(CAUSE_ACCEPTED, 0, 0));
    return refuse(CAUSE_ACCEPTED, 0, 0);
}
