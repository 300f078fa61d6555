/* Passing messages on: see relay.h. */
#include "relay.h"

#define CAUSE_SOURCE_REMOTE 1 /* in the second octet of a Cause (8.4) */

static int is_of_the_hop(u8 type)
{
    return type == IE_F_TEID || type == IE_BEARER_CONTEXT || type == IE_RECOVERY ||
           type == IE_FQ_CSID;
}

int relay_fits(struct ie ies)
{
    u64 length = GTPC_HEADER + RELAY_OWN + ies.length;
    struct named_ie ie;
    while (ies_next(&ies, &ie))
        if (ie.type == IE_BEARER_CONTEXT)
            length += RELAY_OWN;
    return length <= TRANSACTION_MESSAGE_MAX;
}

int relay_next(struct ie *ies, struct named_ie *ie)
{
    while (ies_next(ies, ie))
        if (!is_of_the_hop(ie->type))
            return 1;
    return 0;
}

void relay_copy_ie(struct ie_writer *w, const struct named_ie *ie)
{
    u64 start = ie_begin(w, ie->type, ie->instance);
    ie_put_octets(w, ie->value.value, ie->value.length);
    ie_end(w, start);
    /* A refusal comes from beyond us. */
    if (ie->type == IE_CAUSE && ie->value.length >= 2 &&
        ie->value.value[0] >= CAUSE_CONTEXT_NOT_FOUND)
        w->base[w->length - ie->value.length + 1] |= CAUSE_SOURCE_REMOTE;
}

void relay_copy(struct ie_writer *w, struct ie ies)
{
    struct named_ie ie;
    while (relay_next(&ies, &ie))
        relay_copy_ie(w, &ie);
}

u64 relay_begin_context(struct ie_writer *w, struct ie context, u8 instance)
{
    struct named_ie ie;
    u64 start = ie_begin(w, IE_BEARER_CONTEXT, instance);
    while (ies_next(&context, &ie))
        if (ie.type != IE_F_TEID && ie.type != IE_CHARGING_ID)
            relay_copy_ie(w, &ie);
    return start;
}

/* Copies all bearer contexts of a message as they are, F-TEIDs left out. */
static void copy_contexts(struct ie_writer *w, struct ie ies)
{
    struct named_ie ie;
    while (ies_next(&ies, &ie))
        if (ie.type == IE_BEARER_CONTEXT && ies_well_formed(ie.value))
            ie_end(w, relay_begin_context(w, ie.value, ie.instance));
}

static int begin(struct vepc *vepc, u64 session, const struct pv_address *peer, u8 interface,
                 const struct request *request, struct draft *draft)
{
    if (!transactions_begin(vepc, peer, interface, draft))
        return 0;
    draft->transaction->s5c_teid = vepc->sessions.teid[session];
    draft->transaction->s11_teid = vepc->ues.teid[vepc->session[session].ue];
    if (request)
        transactions_set_origin(draft->transaction, request);
    return 1;
}

int relay_begin_to_pgw(struct vepc *vepc, u64 session, const struct request *request,
                       struct draft *draft)
{
    return begin(vepc, session, &vepc->session[session].peer.address, VEPC_TRANSACTION_INTERFACE_S5,
                 request, draft);
}

int relay_begin_to_mme(struct vepc *vepc, u64 session, const struct request *request,
                       struct draft *draft)
{
    const struct ue *ue = &vepc->ue[vepc->session[session].ue];
    return begin(vepc, session, &ue->mme.address, VEPC_TRANSACTION_INTERFACE_S11, request, draft);
}

/* A Linked EPS Bearer ID in a message of ours becomes this one. */
static void set_linked(struct ie_writer *w, u8 lbi)
{
    struct ie rest = {w->base + GTPC_HEADER, w->length - GTPC_HEADER};
    struct named_ie ie;
    while (ies_next(&rest, &ie))
        if (ie.type == IE_EBI && ie.instance == 0 && ie.value.length >= 1)
            w->base[w->length - rest.length - ie.value.length] = lbi;
}

/* `lbi` is the one to name instead of the request's, 0 for its own. */
static struct refusal pass(struct request *request, u64 session, int answered, u8 lbi)
{
    struct vepc *vepc = request->turn->vepc;
    struct draft draft;
    if (!relay_fits(request->ies) ||
        !relay_begin_to_pgw(vepc, session, answered ? request : 0, &draft))
        return refuse(CAUSE_NO_RESOURCES, 0, 0);
    relay_copy(&draft.ies, request->ies);
    copy_contexts(&draft.ies, request->ies);
    if (lbi)
        set_linked(&draft.ies, lbi);
    u32 teid = vepc->session[session].peer.teid;
    if (relay_is_command(request->type))
        transactions_post_command(vepc, &draft, request->type, teid);
    else
        transactions_post(vepc, &draft, request->type, teid);
    return refuse(CAUSE_LATER, 0, 0);
}

struct refusal relay_to_pgw(struct request *request, u64 session)
{
    return pass(request, session, 1, 0);
}

struct refusal relay_to_all(struct request *request, u64 ue)
{
    const struct vepc *vepc = request->turn->vepc;
    struct refusal refusal = refuse(CAUSE_ACCEPTED, 0, 0);
    for (u32 s = vepc->ue[ue].first_session; s != NO_SLOT; s = vepc->session[s - 1].next) {
        if (vepc->session[s - 1].peer.teid == 0)
            continue; /* its P-GW does not know it yet */
        struct refusal one =
            pass(request, s - 1, refusal.cause != CAUSE_LATER, vepc->session[s - 1].lbi);
        if (refusal.cause != CAUSE_LATER)
            refusal = one;
    }
    return refusal;
}

u8 relay_cause(struct ie ies)
{
    struct ie cause;
    return ies_find(ies, IE_CAUSE, 0, &cause) && cause.length >= 1 ? cause.value[0]
                                                                   : CAUSE_INVALID_REPLY;
}

void relay_back(struct request *answer, const struct transaction *transaction, u32 teid)
{
    struct response response;
    u8 cause = relay_cause(answer->ies);
    if (!relay_has_origin(transaction))
        return;
    if (cause == CAUSE_INVALID_REPLY || !relay_fits(answer->ies)) {
        relay_refuse(answer->turn, transaction, teid, CAUSE_INVALID_REPLY);
        return;
    }
    gtpc_begin_response(&response);
    response.teid = teid;
    relay_copy(&response.ies, answer->ies);
    copy_contexts(&response.ies, answer->ies);
    gtpc_answer_origin(answer->turn, transaction, &response, refuse(cause, 0, 0));
}

void relay_refuse(struct turn *turn, const struct transaction *transaction, u32 teid, u8 cause)
{
    struct response response;
    if (!relay_has_origin(transaction))
        return;
    gtpc_begin_response(&response);
    response.teid = teid;
    if (relay_accepted(cause))
        ie_write_cause(&response.ies, refuse(cause, 0, 0));
    gtpc_answer_origin(turn, transaction, &response, refuse(cause, 0, 0));
}

u32 relay_mme_teid(const struct vepc *vepc, const struct transaction *transaction)
{
    u64 ue = contexts_find(&vepc->ues, transaction->s11_teid);
    return ue == CONTEXTS_NONE ? 0 : vepc->ue[ue].mme.teid;
}

u32 relay_pgw_teid(const struct vepc *vepc, const struct transaction *transaction)
{
    u64 session = contexts_find(&vepc->sessions, transaction->s5c_teid);
    return session == CONTEXTS_NONE ? 0 : vepc->session[session].peer.teid;
}
