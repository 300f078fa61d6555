/* Create Session (TS 29.274, 7.2.1 and 7.2.2; TS 23.401, 5.3.2.1): a UE's PDN connection
 * and its default bearer. */
#include "access.h"
#include "charging.h"
#include "gtpc.h"
#include "paging.h"
#include "paths.h"
#include "pco.h"
#include "policy.h"
#include "purge.h"
#include "relocation.h"
#include "session_wish.h"
#include "sessions.h"
#include "ue_information.h"

static u64 make_ue(const struct request *request, const struct wish *wish)
{
    struct vepc *vepc = request->turn->vepc;
    u64 slot = contexts_allocate(&vepc->ues);
    struct ue *ue = &vepc->ue[slot];
    __builtin_memset(ue, 0, sizeof *ue);
    __builtin_memset(ue->imsi, 0xff, sizeof ue->imsi);
    memory_copy(ue->imsi, wish->imsi.value, wish->imsi.length);
    ue_link(vepc, slot);
    return slot;
}

/* Takes an address from a pool that has it: this one, or the next free one for 0. */
static u64 give(struct pool *pool, u64 asked)
{
    if (asked) {
        pool_claim(pool, asked);
        return asked;
    }
    u64 offset = pool_next(pool);
    pool_allocate(pool, offset);
    return pool->base + offset;
}

static u64 make_session(const struct request *request, const struct wish *wish, u64 ue_slot)
{
    struct vepc *vepc = request->turn->vepc;
    struct pdn *pdn = &vepc->pdn[wish->apn];
    u64 slot = contexts_allocate(&vepc->sessions);
    struct session *session = &vepc->session[slot];
    __builtin_memset(session, 0, sizeof *session);
    session->ue = (u32)ue_slot;
    session->lbi = wish->ebi;
    session->pdn_type = wish->pdn_type;
    session->apn = wish->apn;
    session_learn(request, session);
    if (wish->pdn_type & VEPC_SESSION_PDN_TYPE_IPV4)
        session->ipv4 = (u32)give(&pdn->pool4, wish->ipv4);
    if (wish->pdn_type & VEPC_SESSION_PDN_TYPE_IPV6) {
        session->prefix = give(&pdn->pool6, wish->prefix);
        session->interface_id = session_interface_id(vepc->sessions.teid[slot]);
    }
    if (is_pgw(vepc))
        session_set_peer(vepc, slot, &wish->sender);
    session->ambr_uplink = wish->ambr_uplink;
    session->ambr_downlink = wish->ambr_downlink;
    session_link(vepc, slot);
    session->rules_wait = (u8)policy_applies(vepc, slot);
    return slot;
}

static u64 make_bearer(struct vepc *vepc, const struct wish *wish, u64 session_slot)
{
    u64 slot = bearer_make(vepc, session_slot, wish->ebi, &wish->qos);
    if (address_is_set(&wish->enb.address)) {
        bearer_set_enb(vepc, slot, &wish->enb, 1);
        policy_connected(vepc, slot);
    }
    return slot;
}

static void write_paa(struct ie_writer *w, const struct session *session)
{
    u64 ie = ie_begin(w, IE_PAA, 0);
    ie_put_u8(w, session->pdn_type);
    if (session->prefix) {
        ie_put_u8(w, 64);
        ie_put_u64(w, session->prefix);
        ie_put_u64(w, session->interface_id);
    }
    if (session->ipv4)
        ie_put_u32(w, session->ipv4);
    ie_end(w, ie);
}

static void write_ambr(struct ie_writer *w, const struct session *session)
{
    u64 ie = ie_begin(w, IE_AMBR, 0);
    ie_put_u32(w, session->ambr_uplink);
    ie_put_u32(w, session->ambr_downlink);
    ie_end(w, ie);
}

static void write_bearer(struct ie_writer *w, const struct vepc *vepc, u64 bearer_slot)
{
    const struct bearer *bearer = &vepc->bearer[bearer_slot];
    u32 teid = vepc->bearers.teid[bearer_slot];
    struct access access;
    access_of(vepc, &access);
    u64 context = ie_begin(w, IE_BEARER_CONTEXT, 0);
    ie_write_u8(w, IE_EBI, bearer->ebi);
    ie_write_cause(w, refuse(CAUSE_ACCEPTED, 0, 0));
    /* Where S-GW and P-GW are one, so is their tunnel. */
    if (!is_pgw(vepc))
        ie_write_f_teid(w, 0, S1U_SGW, teid, access.user);
    ie_write_f_teid(w, 2, S5U_PGW, teid, access.user);
    if (is_pgw(vepc)) /* S5/S8 alone has it (table 7.2.2-2), and there are MMEs that mind */
        ie_write_u32(w, IE_CHARGING_ID, bearer->charging_id);
    ie_end(w, context);
}

/* Deletes what the new session replaces, and the UE's context unless it stays. */
static void forget_old(struct vepc *vepc, const struct wish *wish)
{
    if (wish->old_bearer != CONTEXTS_NONE)
        bearer_delete(vepc, wish->old_bearer);
    if (wish->ue != CONTEXTS_NONE && !wish->keeps_ue) {
        charging_end_ue(vepc, wish->ue, CHARGING_ABNORMAL_RELEASE);
        ue_delete(vepc, wish->ue);
    } else if (wish->old_session != CONTEXTS_NONE) {
        session_delete(vepc, wish->old_session);
    }
}

struct refusal gtpc_create_session(struct request *request, struct response *response)
{
    struct vepc *vepc = request->turn->vepc;
    struct wish wish;
    struct refusal refusal = wish_read(request, response, &wish);
    if (refusal.cause != CAUSE_ACCEPTED)
        return refusal;
    if (wish.moved != CONTEXTS_NONE)
        return relocate(request, response, &wish);
    int new_path = !paths_find(vepc, &wish.sender.address, VEPC_PATH_PLANE_GTP_C);
    paths_get(vepc, &wish.sender.address, VEPC_PATH_PLANE_GTP_C);
    gtpc_learn_restart(request, &wish.sender.address);
    /* What the MME lost goes at once, lest the new session go with it later. */
    if (wish.ue != CONTEXTS_NONE && purge_awaits(vepc, wish.ue))
        wish.keeps_ue = 0;
    forget_old(vepc, &wish);

    u64 ue = wish.keeps_ue ? wish.ue : make_ue(request, &wish);
    if (!is_pgw(vepc))
        ue_set_mme(vepc, &vepc->ue[ue], &wish.sender);
    ue_learn(request, &vepc->ue[ue]);
    u64 session = make_session(request, &wish, ue);
    u64 bearer = make_bearer(vepc, &wish, session);
    ue_touch(vepc, ue);
    paging_connecting(vepc, ue);
    count(vepc, COUNT_sessions_created);

    struct ie_writer *w = &response->ies;
    ie_write_cause(w, refuse(wish.cause, 0, 0));
    struct access access;
    access_of(vepc, &access);
    if (!is_pgw(vepc))
        ie_write_f_teid(w, 0, S11_SGW, vepc->ues.teid[ue], access.control);
    ie_write_f_teid(w, 1, S5C_PGW, vepc->sessions.teid[session], access.control);
    write_paa(w, &vepc->session[session]);
    ie_write_u8(w, IE_APN_RESTRICTION, 0);
    if (vepc->config.apns[wish.apn].ambr_uplink || vepc->config.apns[wish.apn].ambr_downlink)
        write_ambr(w, &vepc->session[session]);
    write_bearer(w, vepc, bearer);
    pco_answer(request, w, &vepc->config.apns[wish.apn]);
    if (new_path)
        ie_write_u8(w, IE_RECOVERY, vepc->restart_counter);
    return refuse(wish.cause, 0, 0);
}
