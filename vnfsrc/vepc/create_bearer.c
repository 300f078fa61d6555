/* Create Bearer (TS 29.274, 7.2.3 and 7.2.4; TS 23.401, 5.4.1): see bearer_request.h. */
#include "access.h"
#include "bearer_request.h"
#include "filters.h"
#include "policy.h"
#include "sessions.h"

/* Instances of F-TEIDs in the request's bearer context (table 7.2.3-2) and in the answer's
 * (table 7.2.4-2). */
#define REQUEST_S1U_SGW 0
#define REQUEST_S5U_PGW 1
#define ANSWER_S1U_ENODEB 0
#define ANSWER_S1U_SGW 1
#define ANSWER_S5U_SGW 2
#define ANSWER_S5U_PGW 3

static u8 free_place(const struct ue *ue)
{
    for (u8 place = EBI_PLACE_FIRST; place < EBI_FIRST; place++)
        if (ue->bearer[place] == NO_SLOT)
            return place;
    return 0;
}

static u64 make_provisional(struct vepc *vepc, u64 session_slot, const struct bearer_wish *wish)
{
    u8 place = free_place(&vepc->ue[vepc->session[session_slot].ue]);
    u64 slot = bearer_make(vepc, session_slot, place, &wish->qos);
    struct bearer *bearer = &vepc->bearer[slot];
    bearer->rule_length = wish->rule_length;
    memory_copy(bearer->rule, wish->rule, wish->rule_length);
    return slot;
}

static void write_context(const struct vepc *vepc, struct ie_writer *w, u64 slot,
                          const struct vepc_packet_filter *filters, u64 count)
{
    const struct bearer *bearer = &vepc->bearer[slot];
    u32 teid = vepc->bearers.teid[slot];
    int pgw = is_pgw(vepc);
    u64 context = ie_begin(w, IE_BEARER_CONTEXT, 0);
    ie_write_u8(w, IE_EBI, 0); /* the MME chooses it */
    ie_write_tft(w, TFT_CREATE, filters, count);
    if (!pgw)
        ie_write_f_teid(w, REQUEST_S1U_SGW, S1U_SGW, teid, &vepc->config.s1u);
    ie_write_f_teid(w, REQUEST_S5U_PGW, S5U_PGW, teid, pgw ? &vepc->config.s5 : &vepc->config.s1u);
    ie_write_qos(w, &bearer->qos);
    if (pgw) /* S5/S8 alone has it (table 7.2.3-2), and there are MMEs that mind */
        ie_write_u32(w, IE_CHARGING_ID, bearer->charging_id);
    ie_end(w, context);
}

u64 bearer_create(struct vepc *vepc, u64 session_slot, const struct bearer_wish *wish,
                  const struct trigger *trigger)
{
    const struct session *session = &vepc->session[session_slot];
    struct vepc_packet_filter filter[TFT_FILTERS_MAX];
    struct draft draft;
    if (tft_length(wish->filter, wish->count) > TFT_LENGTH_MAX)
        return CAUSE_TFT_SYNTACTIC;
    if (!free_place(&vepc->ue[session->ue]) || vepc->bearers.free.free == 0 ||
        vepc->filters_free.free < wish->count ||
        !bearer_request_begin(vepc, session_slot, trigger, &draft))
        return CAUSE_NO_RESOURCES;
    u64 slot = make_provisional(vepc, session_slot, wish);
    for (u64 i = 0; i < wish->count; i++) {
        filter[i] = wish->filter[i];
        filter[i].precedence = filters_free_precedence(vepc, session_slot, filter[i].precedence);
        filters_add(vepc, slot, &filter[i]);
    }
    ie_write_u8(&draft.ies, IE_EBI, session->lbi);
    write_context(vepc, &draft.ies, slot, filter, wish->count);
    draft.transaction->bearers[0] = vepc->bearers.teid[slot];
    draft.transaction->bearers_count = 1;
    bearer_request_post(vepc, session_slot, trigger, &draft, GTPC_CREATE_BEARER_REQUEST);
    ue_touch(vepc, session->ue);
    return CAUSE_ACCEPTED;
}

/* The bearer that a context of the answer is about: the one whose tunnel of ours it
 * repeats; else the one in its place. */
static u64 find_bearer(const struct vepc *vepc, const struct transaction *transaction,
                       struct ie context, u64 place)
{
    struct ie ie;
    int pgw = is_pgw(vepc);
    u32 teid = place < transaction->bearers_count ? transaction->bearers[place] : 0;
    if (ies_find(context, IE_F_TEID, pgw ? ANSWER_S5U_PGW : ANSWER_S1U_SGW, &ie) && ie.length >= 5)
        for (u64 i = 0; i < transaction->bearers_count; i++)
            if (transaction->bearers[i] == pv_load_be32(ie.value + 1))
                teid = transaction->bearers[i];
    u64 slot = contexts_find(&vepc->bearers, teid);
    int waits = slot != CONTEXTS_NONE && vepc->bearer[slot].ebi < EBI_FIRST;
    return waits ? slot : CONTEXTS_NONE;
}

/* The peer gave the new bearer an identity that another one of the UE has here. One whose end we
 * have asked for is over at the peer, though its answer has not come (yet): it ends. With any other
 * the two sides do not mean the same, so both bearers end (TS 29.274, 7.2.9.2); but not a default
 * bearer, with which the PDN connection would end. Returns whether the identity is free now. */
static int free_identity(struct vepc *vepc, u64 slot, u64 other)
{
    struct trigger trigger = {0, 0, 0};
    int is_default = bearer_is_default(vepc, other);
    int own_default = is_default && vepc->bearer[other].session == vepc->bearer[slot].session;
    if (vepc->bearer[other].deleting && !own_default) {
        count(vepc, COUNT_bearers_deleted);
        bearer_end(vepc, other);
        return 1;
    }
    if (!is_default)
        bearers_delete(vepc, &other, 1, &trigger);
    return 0;
}

/* Makes a provisional bearer a real one. Returns 0 when the answer does not allow that. An
 * answer without a tunnel leaves the bearer idle. */
static int establish(struct vepc *vepc, u64 slot, struct ie context)
{
    const struct ue *ue = &vepc->ue[vepc->session[vepc->bearer[slot].session].ue];
    u8 instance = is_pgw(vepc) ? ANSWER_S5U_SGW : ANSWER_S1U_ENODEB;
    struct vepc_tunnel tunnel;
    struct access access;
    struct ie ie;
    u8 ebi = ies_find(context, IE_EBI, 0, &ie) ? ie_read_ebi(ie) : 0;
    if (ebi == 0)
        return 0;
    if (ue->bearer[ebi] != NO_SLOT && !free_identity(vepc, slot, ue->bearer[ebi] - 1))
        return 0;
    bearer_set_ebi(vepc, slot, ebi);
    access_of(vepc, &access);
    if (!ies_find(context, IE_F_TEID, instance, &ie) ||
        !ie_read_f_teid(ie, access.tunnel, access.user, &tunnel))
        return 1;
    bearer_set_enb(vepc, slot, &tunnel, 1);
    return 1;
}

/* Ends what is still provisional of a transaction's bearers. */
static void end_provisional(struct vepc *vepc, const struct transaction *transaction)
{
    for (u64 i = 0; i < transaction->bearers_count; i++) {
        u64 slot = contexts_find(&vepc->bearers, transaction->bearers[i]);
        if (slot == CONTEXTS_NONE || vepc->bearer[slot].ebi >= EBI_FIRST)
            continue;
        count(vepc, COUNT_bearers_refused);
        bearer_delete(vepc, slot);
    }
}

void bearer_create_answered(struct request *answer, const struct transaction *transaction)
{
    struct vepc *vepc = answer->turn->vepc;
    u64 session = contexts_find(&vepc->sessions, transaction->s5c_teid);
    if (session == CONTEXTS_NONE)
        return; /* the UE left meanwhile */
    u64 rule = policy_rule_of(vepc, transaction);
    u8 cause = bearer_request_cause(answer->ies, 0);
    struct ie context;
    for (u64 n = 0; n < transaction->bearers_count &&
                    ies_find_nth(answer->ies, IE_BEARER_CONTEXT, 0, n, &context);
         n++) {
        if (!ies_well_formed(context))
            continue;
        u64 slot = find_bearer(vepc, transaction, context, n);
        if (slot == CONTEXTS_NONE || !is_accepted(cause) ||
            !is_accepted(bearer_request_cause(context, cause)))
            continue;
        if (establish(vepc, slot, context))
            count(vepc, COUNT_bearers_created);
    }
    ue_touch(vepc, vepc->session[session].ue);
    end_provisional(vepc, transaction);
    policy_continue(vepc, session, rule);
}

void bearer_create_unanswered(struct vepc *vepc, const struct transaction *transaction)
{
    u64 session = contexts_find(&vepc->sessions, transaction->s5c_teid);
    if (session == CONTEXTS_NONE)
        return;
    ue_touch(vepc, vepc->session[session].ue);
    end_provisional(vepc, transaction);
}
