/* Modify Bearer from an S-GW alone to its P-GWs (TS 29.274, 7.2.7 and 7.2.8): a UE's move from
 * another S-GW (TS 23.401, 5.5.1.1.3), its location, time zone, network and RAT type (5.3.4.1). */
#include "sessions.h"
#include "sgw.h"

#define INSTANCE_MODIFIED 0
#define INSTANCE_REMOVED 1
#define INSTANCE_S5U_SGW 1 /* of the F-TEID in a bearer context */

static int differ(const u8 *a, u64 length_a, const u8 *b, u64 length_b)
{
    return length_a != length_b || !memory_equal(a, b, length_a);
}

/* Whether something became known of the UE that its P-GWs want to know. */
static int has_news(const struct ue *a, const struct ue *b)
{
    return a->suspended != b->suspended || a->rat_type != b->rat_type ||
           differ(a->serving_network, 3, b->serving_network, 3) ||
           differ(a->uli, a->uli_length, b->uli, b->uli_length) ||
           differ(a->time_zone, a->time_zone_length, b->time_zone, b->time_zone_length);
}

/* Our ends of a session's bearers. */
static void write_bearers(const struct vepc *vepc, struct ie_writer *w, u64 session)
{
    const struct ue *ue = &vepc->ue[vepc->session[session].ue];
    for (u64 ebi = EBI_FIRST; ebi <= EBI_LAST; ebi++) {
        u64 bearer = ue_find_bearer(ue, ebi);
        if (bearer == CONTEXTS_NONE || vepc->bearer[bearer].session != session)
            continue;
        u64 context = ie_begin(w, IE_BEARER_CONTEXT, INSTANCE_MODIFIED);
        ie_write_u8(w, IE_EBI, (u32)ebi);
        sgw_write_s5_f_teid(vepc, w, INSTANCE_S5U_SGW, bearer);
        ie_end(w, context);
    }
}

/* What the P-GW of a moved session needs; the rest of the request is of no use to it. */
static void write_ue(const struct vepc *vepc, struct ie_writer *w, u64 session)
{
    const struct ue *ue = &vepc->ue[vepc->session[session].ue];
    u64 ie;
    if (ue->uli_length) {
        ie = ie_begin(w, IE_ULI, 0);
        ie_put_octets(w, ue->uli, ue->uli_length);
        ie_end(w, ie);
    }
    if (ue->serving_network[0] | ue->serving_network[1] | ue->serving_network[2]) {
        ie = ie_begin(w, IE_SERVING_NETWORK, 0);
        ie_put_octets(w, ue->serving_network, sizeof ue->serving_network);
        ie_end(w, ie);
    }
    ie_write_u8(w, IE_RAT_TYPE, ue->rat_type);
    if (ue->time_zone_length) {
        ie = ie_begin(w, IE_UE_TIME_ZONE, 0);
        ie_put_octets(w, ue->time_zone, ue->time_zone_length);
        ie_end(w, ie);
    }
}

static int tell(struct vepc *vepc, u64 session, const struct request *request,
                const struct sgw_modified *modified)
{
    struct draft draft;
    if (!relay_begin_to_pgw(vepc, session, request, &draft))
        return 0;
    for (u64 i = 0; request && modified && i < modified->bearers_count; i++)
        draft.transaction->bearers[draft.transaction->bearers_count++] = modified->bearers[i];
    if (vepc->session[session].relocated)
        ie_write_f_teid(&draft.ies, 0, S5C_SGW, vepc->sessions.teid[session], &vepc->config.s5);
    write_ue(vepc, &draft.ies, session);
    if (vepc->session[session].relocated) {
        write_bearers(vepc, &draft.ies, session);
        ie_write_u8(&draft.ies, IE_RECOVERY, vepc->restart_counter);
    }
    transactions_post(vepc, &draft, GTPC_MODIFY_BEARER_REQUEST, vepc->session[session].peer.teid);
    return 1;
}

struct refusal sgw_tell_moved(struct request *request, u64 session)
{
    int told = tell(request->turn->vepc, session, request, 0);
    return refuse(told ? CAUSE_LATER : CAUSE_NO_RESOURCES, 0, 0);
}

/* Whether one of the bearers that the request named belongs to this session. */
static int is_named(const struct vepc *vepc, const struct sgw_modified *modified, u64 session)
{
    for (u64 i = 0; i < modified->bearers_count; i++) {
        u64 bearer = contexts_find(&vepc->bearers, modified->bearers[i]);
        if (bearer != CONTEXTS_NONE && vepc->bearer[bearer].session == session)
            return 1;
    }
    return 0;
}

struct refusal sgw_tell_pgws(struct request *request, u64 ue, const struct sgw_modified *modified)
{
    struct vepc *vepc = request->turn->vepc;
    int news = has_news(&modified->before, &vepc->ue[ue]);
    u64 told = 0;
    for (u32 s = vepc->ue[ue].first_session; s != NO_SLOT; s = vepc->session[s - 1].next) {
        const struct session *session = &vepc->session[s - 1];
        int moved = session->relocated && is_named(vepc, modified, s - 1);
        if (session->peer.teid == 0 || (!moved && !(news && !session->relocated)))
            continue;
        told += (u64)tell(vepc, s - 1, told ? 0 : request, modified);
    }
    return refuse(told ? CAUSE_LATER : CAUSE_ACCEPTED, 0, 0);
}

/* --- the answer ---------------------------------------------------------------------- */

/* The bearers that the MME's request named, as they are now. */
static void write_modified(const struct vepc *vepc, struct ie_writer *w,
                           const struct transaction *transaction)
{
    for (u64 i = 0; i < transaction->bearers_count; i++) {
        u64 bearer = contexts_find(&vepc->bearers, transaction->bearers[i]);
        if (bearer == CONTEXTS_NONE)
            continue;
        int removed = !address_is_set(&vepc->downlink[bearer].address);
        u64 context =
            ie_begin(w, IE_BEARER_CONTEXT, removed ? INSTANCE_REMOVED : INSTANCE_MODIFIED);
        ie_write_u8(w, IE_EBI, vepc->bearer[bearer].ebi);
        ie_write_cause(w, refuse(CAUSE_ACCEPTED, 0, 0));
        if (!removed)
            ie_write_f_teid(w, 0, S1U_SGW, transaction->bearers[i], &vepc->config.s1u);
        ie_end(w, context);
    }
}

/* The P-GW of a moved session says its bearers' Charging IDs (table 7.2.8-2). */
static void learn_charging_ids(struct vepc *vepc, u64 session, struct ie ies)
{
    struct ie context;
    struct ie ie;
    for (u64 n = 0;
         n < EBI_COUNT && ies_find_nth(ies, IE_BEARER_CONTEXT, INSTANCE_MODIFIED, n, &context);
         n++) {
        if (!ies_well_formed(context) || !ies_find(context, IE_EBI, 0, &ie))
            continue;
        u64 bearer = sgw_find_bearer(vepc, session, ie);
        if (bearer != CONTEXTS_NONE)
            sgw_learn_charging_id(vepc, bearer, context);
    }
}

void sgw_pgws_told(struct request *answer, const struct transaction *transaction)
{
    struct vepc *vepc = answer->turn->vepc;
    u64 session = contexts_find(&vepc->sessions, transaction->s5c_teid);
    u32 mme = relay_mme_teid(vepc, transaction);
    struct response response;
    if (!relay_accepted(relay_cause(answer->ies)) || session == CONTEXTS_NONE) {
        relay_back(answer, transaction, mme);
        return;
    }
    vepc->session[session].relocated = 0;
    learn_charging_ids(vepc, session, answer->ies);
    ue_touch(vepc, vepc->session[session].ue);
    if (!relay_has_origin(transaction))
        return;
    gtpc_begin_response(&response);
    response.teid = mme;
    if (transaction->origin.message_type == GTPC_CREATE_SESSION_REQUEST) {
        sgw_write_moved(vepc, &response.ies, session);
    } else {
        ie_write_cause(&response.ies, refuse(CAUSE_ACCEPTED, 0, 0));
        write_modified(vepc, &response.ies, transaction);
    }
    gtpc_answer_origin(answer->turn, transaction, &response, refuse(CAUSE_ACCEPTED, 0, 0));
}
