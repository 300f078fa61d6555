/* A UE that comes from another S-GW: see relocation.h. */
#include "relocation.h"

#include "paging.h"
#include "paths.h"
#include "sessions.h"
#include "ue_information.h"

#define CONTEXTS_MAX EBI_COUNT

struct carried {
    u64 bearer; /* slot, or CONTEXTS_NONE */
    struct vepc_tunnel enb;
    u8 ebi;
};

/* Reads the bearer contexts of one instance; those of other sessions count as not found. */
static struct refusal read_contexts(const struct request *request, const struct wish *wish,
                                    u8 instance, struct carried *carried, u64 *count)
{
    const struct vepc *vepc = request->turn->vepc;
    struct ie context;
    struct ie ie;
    *count = 0;
    while (*count < CONTEXTS_MAX &&
           ies_find_nth(request->ies, IE_BEARER_CONTEXT, instance, *count, &context)) {
        struct carried *one = &carried[(*count)++];
        if (!ies_well_formed(context))
            return refuse(CAUSE_INVALID_LENGTH, IE_BEARER_CONTEXT, instance);
        if (!ies_find(context, IE_EBI, 0, &ie))
            return refuse(CAUSE_MANDATORY_IE_MISSING, IE_EBI, 0);
        one->ebi = ie_read_ebi(ie);
        if (one->ebi == 0)
            return refuse(CAUSE_MANDATORY_IE_INCORRECT, IE_EBI, 0);
        __builtin_memset(&one->enb, 0, sizeof one->enb);
        if (instance == WISH_TO_BE_CREATED && ies_find(context, IE_F_TEID, 0, &ie) &&
            !ie_read_f_teid(ie, S1U_ENODEB, &vepc->config.s1u, &one->enb))
            return refuse(CAUSE_MANDATORY_IE_INCORRECT, IE_F_TEID, 0);
        one->bearer = ue_find_bearer(&vepc->ue[wish->ue], one->ebi);
        if (one->bearer != CONTEXTS_NONE && vepc->bearer[one->bearer].session != wish->moved)
            one->bearer = CONTEXTS_NONE;
    }
    return refuse(CAUSE_ACCEPTED, 0, 0);
}

static void write_context(struct ie_writer *w, const struct vepc *vepc, u8 instance,
                          const struct carried *one)
{
    int found = one->bearer != CONTEXTS_NONE;
    u64 context = ie_begin(w, IE_BEARER_CONTEXT, instance);
    ie_write_u8(w, IE_EBI, one->ebi);
    ie_write_cause(w, refuse(found ? CAUSE_ACCEPTED : CAUSE_CONTEXT_NOT_FOUND, 0, 0));
    if (found && instance == WISH_TO_BE_CREATED) {
        u32 teid = vepc->bearers.teid[one->bearer];
        ie_write_f_teid(w, 0, S1U_SGW, teid, &vepc->config.s1u);
        ie_write_f_teid(w, 2, S5U_PGW, teid, &vepc->config.s1u);
    }
    ie_end(w, context);
}

struct refusal relocate(struct request *request, struct response *response, const struct wish *wish)
{
    struct vepc *vepc = request->turn->vepc;
    struct ue *ue = &vepc->ue[wish->ue];
    struct carried created[CONTEXTS_MAX];
    struct carried removed[CONTEXTS_MAX];
    u64 created_count;
    u64 removed_count = 0;
    u64 found = 0;
    struct refusal refusal =
        read_contexts(request, wish, WISH_TO_BE_CREATED, created, &created_count);
    if (refusal.cause == CAUSE_ACCEPTED)
        refusal = read_contexts(request, wish, WISH_TO_BE_REMOVED, removed, &removed_count);
    if (refusal.cause != CAUSE_ACCEPTED)
        return refusal;
    for (u64 i = 0; i < created_count; i++)
        found += created[i].bearer != CONTEXTS_NONE;
    if (found == 0)
        return refuse(CAUSE_CONTEXT_NOT_FOUND, IE_BEARER_CONTEXT, 0);

    int known =
        ue->mme.teid == wish->sender.teid && address_equal(&ue->mme.address, &wish->sender.address);
    if (!known)
        contexts_renew(&vepc->ues, wish->ue); /* once for all sessions of the UE */
    paths_get(vepc, &wish->sender.address, VEPC_PATH_PLANE_GTP_C);
    gtpc_learn_restart(request, &wish->sender.address);
    ue_set_mme(vepc, ue, &wish->sender);
    ue_learn(request, ue);

    struct vepc_tunnel none = {0, {0, 0}};
    u64 connected = 0;
    u8 cause = found == created_count ? CAUSE_ACCEPTED : CAUSE_ACCEPTED_PARTIALLY;
    struct ie_writer *w = &response->ies;
    ie_write_cause(w, refuse(cause, 0, 0));
    ie_write_f_teid(w, 0, S11_SGW, vepc->ues.teid[wish->ue], &vepc->config.s11);
    for (u64 i = 0; i < created_count; i++) {
        if (created[i].bearer != CONTEXTS_NONE && address_is_set(&created[i].enb.address)) {
            gtpc_switch_bearer(request->turn, created[i].bearer, &created[i].enb);
            connected++;
        }
        write_context(w, vepc, WISH_TO_BE_CREATED, &created[i]);
    }
    for (u64 i = 0; i < removed_count; i++) {
        if (removed[i].bearer != CONTEXTS_NONE)
            bearer_set_enb(vepc, removed[i].bearer, &none, 0);
        write_context(w, vepc, WISH_TO_BE_REMOVED, &removed[i]);
    }
    ue_touch(vepc, wish->ue);
    /* What the old MME still answers to a notification is about a TEID that is gone. */
    if (connected)
        paging_connected(vepc, wish->ue);
    else if (!known)
        paging_moved(vepc, wish->ue);
    return refuse(cause, 0, 0);
}
