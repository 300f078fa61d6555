/* Create Session at an S-GW alone (TS 29.274, 7.2.1 and 7.2.2): for a new PDN connection the
 * P-GW is asked (TS 23.401, 5.3.2.1); one that comes from another S-GW is taken over, of which
 * the P-GW is told at once or with the first Modify Bearer Request (5.3.3.1, 5.5.1.1.3). */
#include "charging.h"
#include "paging.h"
#include "paths.h"
#include "purge.h"
#include "qos.h"
#include "sessions.h"
#include "sgw.h"
#include "sgw_wish.h"
#include "ue_information.h"

/* Instances of F-TEIDs: of the P-GW in a message; in a bearer context of a request to it, and of
 * an answer. */
#define INSTANCE_PGW 1
#define INSTANCE_S5U_SGW 2
#define INSTANCE_S5U_PGW 2

static int wishes_ebi(const struct sgw_wish *wish, u8 ebi)
{
    for (u64 i = 0; i < wish->count; i++)
        if (wish->bearer[i].ebi == ebi)
            return 1;
    return 0;
}

/* Whether a bearer of the UE goes because its identity is used again (7.2.1). */
static int is_bearer_replaced(const struct vepc *vepc, const struct sgw_wish *wish, u64 bearer)
{
    return wish->replaces_all || wishes_ebi(wish, vepc->bearer[bearer].ebi);
}

/* Whether a session of the UE goes with such a bearer: its default bearer or, if the MME does not
 * know the UE's context, any. Others stay, as with a combined gateway. */
static int is_replaced(const struct vepc *vepc, const struct sgw_wish *wish, u64 session)
{
    const struct ue *ue = &vepc->ue[wish->old_ue];
    if (wish->replaces_all)
        return 1;
    for (u64 ebi = EBI_FIRST; ebi <= EBI_LAST; ebi++) {
        u64 bearer = ue_find_bearer(ue, ebi);
        if (bearer != CONTEXTS_NONE && vepc->bearer[bearer].session == session &&
            wishes_ebi(wish, (u8)ebi) && (!wish->same_context || vepc->session[session].lbi == ebi))
            return 1;
    }
    return 0;
}

/* Whether there is room, counting what the replaced sessions will leave. */
static int has_room(const struct vepc *vepc, const struct sgw_wish *wish)
{
    u64 sessions = vepc->sessions.free.free;
    u64 bearers = vepc->bearers.free.free;
    if (wish->old_ue == CONTEXTS_NONE)
        return vepc->ues.free.free > 0 && sessions > 0 && bearers >= wish->count;
    const struct ue *ue = &vepc->ue[wish->old_ue];
    for (u32 s = ue->first_session; s != NO_SLOT; s = vepc->session[s - 1].next)
        sessions += (u64)is_replaced(vepc, wish, s - 1);
    for (u64 ebi = EBI_PLACE_FIRST; ebi <= EBI_LAST; ebi++) {
        u64 bearer = ue_find_bearer(ue, ebi);
        bearers +=
            bearer != CONTEXTS_NONE && (is_bearer_replaced(vepc, wish, bearer) ||
                                        is_replaced(vepc, wish, vepc->bearer[bearer].session));
    }
    return sessions > 0 && bearers >= wish->count;
}

/* Asks for the end of a PDN connection at its P-GW; nobody waits for the answer. */
static void end_at(struct vepc *vepc, const struct vepc_tunnel *pgw, u8 lbi)
{
    struct draft draft;
    if (!transactions_begin(vepc, &pgw->address, VEPC_TRANSACTION_INTERFACE_S5, &draft))
        return;
    ie_write_u8(&draft.ies, IE_EBI, lbi);
    transactions_post(vepc, &draft, GTPC_DELETE_SESSION_REQUEST, pgw->teid);
}

void sgw_end_at_pgw(struct vepc *vepc, u64 session)
{
    const struct session *old = &vepc->session[session];
    if (old->peer.teid)
        end_at(vepc, &old->peer, old->lbi);
}

/* Why the records of a replaced session close: its MME has lost it, the UE comes back from
 * another S-GW or attaches again, or the MME made a bearer in its place. */
static u8 cause_of_end(const struct sgw_wish *wish, int lost)
{
    if (lost || (!wish->moves && !wish->same_context))
        return CHARGING_ABNORMAL_RELEASE;
    return wish->moves ? CHARGING_SGW_CHANGE : CHARGING_NORMAL_RELEASE;
}

/* Deletes what is replaced. A P-GW that the request does not reach under the same identity is
 * told; the PDN connections of a UE that comes back from another S-GW live on, though. Returns the
 * UE's slot if its context stays, or CONTEXTS_NONE. */
static u64 forget_replaced(struct vepc *vepc, const struct sgw_wish *wish, int lost)
{
    u8 cause = cause_of_end(wish, lost);
    if (wish->old_ue == CONTEXTS_NONE)
        return CONTEXTS_NONE;
    const struct ue *ue = &vepc->ue[wish->old_ue];
    u32 next = ue->first_session;
    while (next != NO_SLOT) {
        u64 session = next - 1;
        const struct session *old = &vepc->session[session];
        next = old->next;
        if (!is_replaced(vepc, wish, session))
            continue;
        if (!wish->moves &&
            (old->lbi != wish->lbi || !address_equal(&old->peer.address, &wish->pgw.address)))
            sgw_end_at_pgw(vepc, session);
        charging_end_session(vepc, session, cause);
        session_delete(vepc, session);
    }
    for (u64 ebi = EBI_FIRST; ebi <= EBI_LAST; ebi++) {
        u64 bearer = ue_find_bearer(ue, ebi);
        if (bearer != CONTEXTS_NONE && is_bearer_replaced(vepc, wish, bearer))
            bearer_delete(vepc, bearer);
    }
    if (!wish->replaces_all && (wish->same_context || ue->first_session != NO_SLOT))
        return wish->old_ue;
    ue_delete(vepc, wish->old_ue);
    return CONTEXTS_NONE;
}

void sgw_end_at_pgws(struct vepc *vepc, u64 ue)
{
    if (!is_sgw(vepc))
        return;
    for (u32 s = vepc->ue[ue].first_session; s != NO_SLOT; s = vepc->session[s - 1].next)
        sgw_end_at_pgw(vepc, s - 1);
}

static u64 make_ue(struct vepc *vepc, const struct sgw_wish *wish)
{
    u64 slot = contexts_allocate(&vepc->ues);
    struct ue *ue = &vepc->ue[slot];
    __builtin_memset(ue, 0, sizeof *ue);
    memory_copy(ue->imsi, wish->imsi, sizeof ue->imsi);
    ue_link(vepc, slot);
    return slot;
}

/* The UE's addresses as the P-GW chose them (8.14). Returns 0 when there are none. */
static int take_addresses(struct session *session, struct ie paa)
{
    u8 type = paa.length >= 1 ? paa.value[0] & 7 : 0;
    int has4 = type & VEPC_SESSION_PDN_TYPE_IPV4;
    int has6 = type & VEPC_SESSION_PDN_TYPE_IPV6;
    u64 ipv4_at = has6 ? 18 : 1;
    if (type == 0 || type > 3 || paa.length < ipv4_at + (has4 ? 4 : 0))
        return 0;
    session->pdn_type = type;
    session->ipv4 = has4 ? pv_load_be32(paa.value + ipv4_at) : 0;
    session->prefix = has6 ? pv_load_be64(paa.value + 2) : 0;
    session->interface_id = has6 ? pv_load_be64(paa.value + 10) : 0;
    return 1;
}

static u64 make_session(const struct request *request, const struct sgw_wish *wish, u64 ue)
{
    struct vepc *vepc = request->turn->vepc;
    u64 slot = contexts_allocate(&vepc->sessions);
    struct session *session = &vepc->session[slot];
    struct ie paa;
    __builtin_memset(session, 0, sizeof *session);
    session->ue = (u32)ue;
    session->lbi = wish->lbi;
    session->pdn_type = wish->pdn_type;
    session->apn = APN_FOREIGN;
    session_set_apn(vepc, slot, wish->apn, wish->apn_length);
    session_learn(request, session);
    if (wish->moves && ies_find(request->ies, IE_PAA, 0, &paa))
        take_addresses(session, paa);
    session->ambr_uplink = wish->ambr_uplink;
    session->ambr_downlink = wish->ambr_downlink;
    session->relocated = wish->moves;
    session_set_peer(vepc, slot, &wish->pgw);
    session_link(vepc, slot);
    return slot;
}

static void make_bearers(struct vepc *vepc, const struct sgw_wish *wish, u64 session)
{
    for (u64 i = 0; i < wish->count; i++) {
        const struct sgw_wished_bearer *wished = &wish->bearer[i];
        u64 slot = bearer_make(vepc, session, wished->ebi, &wished->qos);
        if (wish->moves)
            bearer_set_pgw(vepc, slot, &wished->pgw);
        vepc->bearer[slot].sgw_change = wish->moves;
        if (!address_is_set(&wished->enb.address))
            continue;
        bearer_set_enb(vepc, slot, &wished->enb, 1);
    }
}

/* --- what the P-GW is asked, and the MME told ----------------------------------------- */

static void ask_pgw(struct request *request, u64 session, struct draft *draft, int new_path)
{
    struct vepc *vepc = request->turn->vepc;
    struct ie_writer *w = &draft->ies;
    struct ie context;
    ies_find(request->ies, IE_BEARER_CONTEXT, 0, &context);
    ie_write_f_teid(w, 0, S5C_SGW, vepc->sessions.teid[session], &vepc->config.s5);
    relay_copy(w, request->ies);
    u64 start = relay_begin_context(w, context, 0);
    u64 bearer = ue_find_bearer(&vepc->ue[vepc->session[session].ue], vepc->session[session].lbi);
    sgw_write_s5_f_teid(vepc, w, INSTANCE_S5U_SGW, bearer);
    ie_end(w, start);
    if (new_path)
        ie_write_u8(w, IE_RECOVERY, vepc->restart_counter);
    transactions_post(vepc, draft, GTPC_CREATE_SESSION_REQUEST, 0);
}

/* Writes the F-TEIDs of an answer to the MME. */
static void write_ends(const struct vepc *vepc, struct ie_writer *w, u64 session)
{
    u64 ue = vepc->session[session].ue;
    ie_write_f_teid(w, 0, S11_SGW, vepc->ues.teid[ue], &vepc->config.s11);
    ie_write_tunnel(w, INSTANCE_PGW, S5C_PGW, &vepc->session[session].peer);
}

static void write_bearer_ends(const struct vepc *vepc, struct ie_writer *w, u64 bearer)
{
    ie_write_f_teid(w, 0, S1U_SGW, vepc->bearers.teid[bearer], &vepc->config.s1u);
    ie_write_tunnel(w, INSTANCE_S5U_PGW, S5U_PGW, &vepc->bearer[bearer].pgw);
}

void sgw_write_moved(const struct vepc *vepc, struct ie_writer *w, u64 session)
{
    const struct ue *ue = &vepc->ue[vepc->session[session].ue];
    ie_write_cause(w, refuse(CAUSE_ACCEPTED, 0, 0));
    write_ends(vepc, w, session);
    for (u64 ebi = EBI_FIRST; ebi <= EBI_LAST; ebi++) {
        u64 bearer = ue_find_bearer(ue, ebi);
        if (bearer == CONTEXTS_NONE || vepc->bearer[bearer].session != session)
            continue;
        u64 context = ie_begin(w, IE_BEARER_CONTEXT, 0);
        ie_write_u8(w, IE_EBI, (u32)ebi);
        ie_write_cause(w, refuse(CAUSE_ACCEPTED, 0, 0));
        write_bearer_ends(vepc, w, bearer);
        ie_end(w, context);
    }
    ie_write_u8(w, IE_RECOVERY, vepc->restart_counter);
}

struct refusal sgw_create_session(struct request *request, struct response *response)
{
    struct vepc *vepc = request->turn->vepc;
    struct sgw_wish wish;
    struct refusal refusal = sgw_wish_read(request, response, &wish);
    if (refusal.cause != CAUSE_ACCEPTED)
        return refusal;
    int new_path = !paths_find(vepc, &wish.pgw.address, VEPC_PATH_PLANE_GTP_C);
    if (!has_room(vepc, &wish) || !relay_fits(request->ies) ||
        vepc->transactions.free.free <= EBI_COUNT)
        return refuse(CAUSE_NO_RESOURCES, 0, 0);
    paths_get(vepc, &wish.mme.address, VEPC_PATH_PLANE_GTP_C);
    gtpc_learn_restart(request, &wish.mme.address);
    /* What the MME lost goes at once, lest the new session go with it later. */
    int lost = wish.old_ue != CONTEXTS_NONE && purge_awaits(vepc, wish.old_ue);
    if (lost)
        wish.replaces_all = 1;
    u64 ue = forget_replaced(vepc, &wish, lost);
    if (ue == CONTEXTS_NONE)
        ue = make_ue(vepc, &wish);
    ue_set_mme(vepc, &vepc->ue[ue], &wish.mme);
    ue_learn(request, &vepc->ue[ue]);
    u64 session = make_session(request, &wish, ue);
    make_bearers(vepc, &wish, session);
    ue_touch(vepc, ue);
    count(vepc, COUNT_sessions_created);
    int handover = wish.moves && !ies_indicated(request->ies, INDICATION_OPERATION);
    if (handover || !wish.moves) /* a UE that comes without connection stays so (5.3.3.1) */
        paging_connecting(vepc, ue);

    struct draft draft;
    if (handover) {
        sgw_write_moved(vepc, &response->ies, session);
        return refuse(CAUSE_ACCEPTED, 0, 0);
    }
    if (wish.moves)
        return sgw_tell_moved(request, session);
    relay_begin_to_pgw(vepc, session, request, &draft);
    ask_pgw(request, session, &draft, new_path);
    return refuse(CAUSE_LATER, 0, 0);
}

/* --- what the P-GW answers ------------------------------------------------------------ */

/* What an acceptance must have. */
struct acceptance {
    struct vepc_tunnel control;
    struct vepc_tunnel user;
    struct ie context;
    struct ie paa;
};

static int read_acceptance(const struct vepc *vepc, struct ie ies, struct acceptance *acceptance)
{
    const struct vepc_endpoint *ours = &vepc->config.s5;
    struct ie ie;
    return ies_find_f_teid(ies, S5C_PGW, INSTANCE_PGW, &ie) &&
           ie_read_f_teid(ie, S5C_PGW, ours, &acceptance->control) &&
           acceptance->control.teid != 0 && ies_find(ies, IE_PAA, 0, &acceptance->paa) &&
           ies_find(ies, IE_BEARER_CONTEXT, 0, &acceptance->context) &&
           ies_well_formed(acceptance->context) &&
           ies_find_f_teid(acceptance->context, S5U_PGW, INSTANCE_S5U_PGW, &ie) &&
           ie_read_f_teid(ie, S5U_PGW, ours, &acceptance->user);
}

static void take_quality(struct vepc *vepc, u64 session, u64 bearer, struct ie ies,
                         const struct acceptance *acceptance)
{
    struct ie context = acceptance->context;
    struct vepc_qos qos;
    struct ie ie;
    if (ies_find(context, IE_BEARER_QOS, 0, &ie) && ie_read_qos(ie, &qos))
        bearer_set_qos(vepc, bearer, &qos);
    if (ies_find(ies, IE_AMBR, 0, &ie) && ie.length >= 8)
        session_set_ambr(vepc, session, pv_load_be32(ie.value), pv_load_be32(ie.value + 4));
    sgw_learn_charging_id(vepc, bearer, context);
}

static void accept(struct request *answer, const struct transaction *transaction, u64 session,
                   u64 bearer, struct ie context)
{
    struct vepc *vepc = answer->turn->vepc;
    struct response response;
    gtpc_begin_response(&response);
    response.teid = relay_mme_teid(vepc, transaction);
    relay_copy(&response.ies, answer->ies);
    write_ends(vepc, &response.ies, session);
    u64 start = relay_begin_context(&response.ies, context, 0);
    write_bearer_ends(vepc, &response.ies, bearer);
    ie_end(&response.ies, start);
    ie_write_u8(&response.ies, IE_RECOVERY, vepc->restart_counter);
    gtpc_answer_origin(answer->turn, transaction, &response,
                       refuse(relay_cause(answer->ies), 0, 0));
}

void sgw_session_created(struct request *answer, const struct transaction *transaction)
{
    struct vepc *vepc = answer->turn->vepc;
    u64 slot = contexts_find(&vepc->sessions, transaction->s5c_teid);
    u32 mme = relay_mme_teid(vepc, transaction);
    struct acceptance acceptance;
    if (!relay_accepted(relay_cause(answer->ies))) {
        relay_back(answer, transaction, mme);
        if (slot != CONTEXTS_NONE)
            session_end(vepc, slot);
        return;
    }
    if (slot == CONTEXTS_NONE) { /* the MME changed its mind meanwhile */
        struct ie lbi = {0, 0};
        struct ie context;
        if (read_acceptance(vepc, answer->ies, &acceptance)) {
            context = acceptance.context;
            ies_find(context, IE_EBI, 0, &lbi);
            end_at(vepc, &acceptance.control, ie_read_ebi(lbi));
        }
        relay_refuse(answer->turn, transaction, mme, CAUSE_CONTEXT_NOT_FOUND);
        return;
    }
    struct session *session = &vepc->session[slot];
    u64 bearer = ue_find_bearer(&vepc->ue[session->ue], session->lbi);
    if (!relay_fits(answer->ies) || !read_acceptance(vepc, answer->ies, &acceptance) ||
        !take_addresses(session, acceptance.paa)) {
        relay_refuse(answer->turn, transaction, mme, CAUSE_INVALID_REPLY);
        session_end(vepc, slot);
        return;
    }
    session_set_peer(vepc, slot, &acceptance.control);
    bearer_set_pgw(vepc, bearer, &acceptance.user);
    take_quality(vepc, slot, bearer, answer->ies, &acceptance);
    ue_touch(vepc, session->ue);
    accept(answer, transaction, slot, bearer, acceptance.context);
}
