/* UEs, sessions and bearers: see sessions.h. */
#include "sessions.h"

#include "access.h"
#include "charging.h"
#include "filters.h"
#include "packets.h"
#include "paging.h"
#include "paths.h"
#include "pools.h"
#include "qos.h"

static u64 imsi_hash(const u8 *imsi)
{
    return index_hash(pv_load_be64(imsi));
}

static u64 enb_hash(const struct pv_address *address, u32 teid)
{
    return address_hash(address, teid);
}

static int has_enb(const struct downlink *downlink)
{
    return address_is_set(&downlink->address);
}

u64 ue_find_imsi(const struct vepc *vepc, const u8 *imsi)
{
    u32 entry = index_first(&vepc->ue_by_imsi, imsi_hash(imsi));
    while (entry != INDEX_END && !memory_equal(vepc->ue[entry - 1].imsi, imsi, 8))
        entry = vepc->ue_by_imsi.next[entry - 1];
    return entry == INDEX_END ? CONTEXTS_NONE : entry - 1;
}

void ue_link(struct vepc *vepc, u64 ue_slot)
{
    struct ue *ue = &vepc->ue[ue_slot];
    ue->first_session = NO_SLOT;
    for (u64 ebi = 0; ebi <= EBI_LAST; ebi++)
        ue->bearer[ebi] = NO_SLOT;
    vepc->incomplete_ues++;
    index_insert(&vepc->ue_by_imsi, imsi_hash(ue->imsi), ue_slot);
    ue->mme_on_path = paths_use(vepc, &ue->mme.address, VEPC_PATH_PLANE_GTP_C);
}

u64 session_apn(const struct vepc *vepc, u64 session_slot, u8 *name)
{
    const struct session *session = &vepc->session[session_slot];
    if (session->apn == APN_FOREIGN) {
        const struct foreign_apn *apn = &vepc->foreign_apn[session_slot];
        memory_copy(name, apn->name, apn->length);
        return apn->length;
    }
    const struct vepc_apn *apn = &vepc->config.apns[session->apn];
    memory_copy(name, apn->name, apn->name_length);
    return apn->name_length;
}

void session_set_apn(struct vepc *vepc, u64 session_slot, const u8 *name, u64 length)
{
    struct foreign_apn *apn = &vepc->foreign_apn[session_slot];
    apn->length = (u8)length;
    memory_copy(apn->name, name, length);
}

void session_link(struct vepc *vepc, u64 session_slot)
{
    struct session *session = &vepc->session[session_slot];
    struct ue *ue = &vepc->ue[session->ue];
    vepc->incomplete_sessions++;
    if (ue->first_session == NO_SLOT)
        vepc->incomplete_ues--;
    session->next = ue->first_session;
    ue->first_session = (u32)(session_slot + 1);
    charging_begin(vepc, session_slot);
}

void ue_touch(struct vepc *vepc, u64 ue_slot)
{
    const struct ue *ue = &vepc->ue[ue_slot];
    contexts_touch(&vepc->ues, ue_slot, vepc->epoch);
    for (u32 s = ue->first_session; s != NO_SLOT; s = vepc->session[s - 1].next)
        contexts_touch(&vepc->sessions, s - 1, vepc->epoch);
    for (u64 ebi = EBI_PLACE_FIRST; ebi <= EBI_LAST; ebi++)
        if (ue->bearer[ebi] != NO_SLOT)
            contexts_touch(&vepc->bearers, ue->bearer[ebi] - 1, vepc->epoch);
}

u64 ue_find_bearer(const struct ue *ue, u64 ebi)
{
    return ue->bearer[ebi] == NO_SLOT ? CONTEXTS_NONE : (u64)ue->bearer[ebi] - 1;
}

u64 ue_find_linked(const struct vepc *vepc, const struct ue *ue, u8 lbi)
{
    u64 bearer = lbi ? ue_find_bearer(ue, lbi) : CONTEXTS_NONE;
    return bearer != CONTEXTS_NONE && bearer_is_default(vepc, bearer) ? vepc->bearer[bearer].session
                                                                      : CONTEXTS_NONE;
}

static void set_address_lookup(struct vepc *vepc, const struct session *session, u32 bearer)
{
    if (session->apn == APN_FOREIGN)
        return;
    struct pdn *pdn = &vepc->pdn[session->apn];
    if (session->ipv4)
        pdn->pool4.bearer[pool_offset(&pdn->pool4, session->ipv4)] = bearer;
    if (session->prefix)
        pdn->pool6.bearer[pool_offset(&pdn->pool6, session->prefix)] = bearer;
}

/* Puts the UE's state into the packet records of a bearer. */
static void suspend_bearer(struct vepc *vepc, u64 bearer_slot, u8 suspended)
{
    int stops = suspended && !qos_is_gbr(&vepc->bearer[bearer_slot].qos);
    vepc->uplink[bearer_slot].suspended = (u8)stops;
    vepc->downlink[bearer_slot].detour &= (u8)~DETOUR_SUSPENDED;
    if (stops)
        vepc->downlink[bearer_slot].detour |= DETOUR_SUSPENDED;
}

void bearer_link(struct vepc *vepc, u64 bearer_slot)
{
    const struct bearer *bearer = &vepc->bearer[bearer_slot];
    const struct session *session = &vepc->session[bearer->session];
    struct uplink *uplink = &vepc->uplink[bearer_slot];
    struct downlink *downlink = &vepc->downlink[bearer_slot];
    vepc->ue[session->ue].bearer[bearer->ebi] = (u32)(bearer_slot + 1);
    __builtin_memset(uplink, 0, sizeof *uplink);
    __builtin_memset(downlink, 0, sizeof *downlink);
    uplink->teid = vepc->bearers.teid[bearer_slot];
    uplink->ipv4 = session->ipv4;
    uplink->prefix = session->prefix;
    uplink->to_pgw = vepc->config.mode == VEPC_CONFIG_MODE_SGW;
    uplink->policed_by = (u32)bearer_slot;
    downlink->policed_by = (u32)bearer_slot;
    downlink->s1u_teid = uplink->teid;
    suspend_bearer(vepc, bearer_slot, vepc->ue[session->ue].suspended);
    if (bearer->ebi == session->lbi) {
        set_address_lookup(vepc, session, (u32)(bearer_slot + 1));
        vepc->incomplete_sessions--;
    }
    session_police(vepc, bearer->session);
}

u64 bearer_make(struct vepc *vepc, u64 session_slot, u8 ebi, const struct vepc_qos *qos)
{
    u64 slot = contexts_allocate(&vepc->bearers);
    struct bearer *bearer = &vepc->bearer[slot];
    __builtin_memset(bearer, 0, sizeof *bearer);
    bearer->session = (u32)session_slot;
    bearer->ebi = ebi;
    bearer->qos = *qos;
    if (!is_sgw(vepc)) /* the P-GW says it */
        bearer->charging_id = vepc->next_charging_id++;
    bearer->opened_ms = uptime_ms(vepc);
    bearer->recorded_ms = bearer->opened_ms;
    bearer_link(vepc, slot);
    return slot;
}

void bearer_set_ebi(struct vepc *vepc, u64 bearer_slot, u8 ebi)
{
    struct bearer *bearer = &vepc->bearer[bearer_slot];
    struct ue *ue = &vepc->ue[vepc->session[bearer->session].ue];
    ue->bearer[bearer->ebi] = NO_SLOT;
    ue->bearer[ebi] = (u32)(bearer_slot + 1);
    bearer->ebi = ebi;
}

u64 session_find_rule(const struct vepc *vepc, u64 session_slot, const u8 *name, u64 length)
{
    const struct ue *ue = &vepc->ue[vepc->session[session_slot].ue];
    for (u64 ebi = EBI_PLACE_FIRST; ebi <= EBI_LAST; ebi++) {
        u64 slot = ue_find_bearer(ue, ebi);
        if (slot == CONTEXTS_NONE || vepc->bearer[slot].session != session_slot)
            continue;
        if (vepc->bearer[slot].rule_length == length &&
            memory_equal(vepc->bearer[slot].rule, name, length))
            return slot;
    }
    return CONTEXTS_NONE;
}

void bearer_set_pgw(struct vepc *vepc, u64 bearer_slot, const struct vepc_tunnel *pgw)
{
    struct bearer *bearer = &vepc->bearer[bearer_slot];
    bearer->pgw_on_path = paths_move(vepc, &bearer->pgw.address, &pgw->address,
                                     VEPC_PATH_PLANE_GTP_U, bearer->pgw_on_path);
    paths_are_s5(vepc, &pgw->address, VEPC_PATH_PLANE_GTP_U);
    if (address_is_set(&bearer->pgw.address))
        index_remove(&vepc->bearer_by_pgw, enb_hash(&bearer->pgw.address, bearer->pgw.teid),
                     bearer_slot);
    bearer->pgw = *pgw;
    if (address_is_set(&pgw->address))
        index_insert(&vepc->bearer_by_pgw, enb_hash(&pgw->address, pgw->teid), bearer_slot);
}

void bearer_set_enb(struct vepc *vepc, u64 bearer_slot, const struct vepc_tunnel *enb,
                    u32 connected)
{
    struct downlink *downlink = &vepc->downlink[bearer_slot];
    if (has_enb(downlink))
        index_remove(&vepc->bearer_by_enb, enb_hash(&downlink->address, downlink->teid),
                     bearer_slot);
    downlink->on_path = paths_move(vepc, &downlink->address, &enb->address, VEPC_PATH_PLANE_GTP_U,
                                   downlink->on_path);
    downlink->teid = enb->teid;
    downlink->address = enb->address;
    downlink->connected = (u8)connected;
    if (has_enb(downlink))
        index_insert(&vepc->bearer_by_enb, enb_hash(&enb->address, enb->teid), bearer_slot);
}

void bearer_delete(struct vepc *vepc, u64 bearer_slot)
{
    const struct bearer *bearer = &vepc->bearer[bearer_slot];
    const struct session *session = &vepc->session[bearer->session];
    struct vepc_tunnel none = {0, {0, 0}};
    charging_end(vepc, bearer_slot, CHARGING_NORMAL_RELEASE);
    bearer_set_enb(vepc, bearer_slot, &none, 0);
    bearer_set_pgw(vepc, bearer_slot, &none);
    vepc->counters[COUNT_discarded_deleted] += packets_drop_all(vepc, bearer_slot);
    filters_remove_all(vepc, bearer_slot);
    if (bearer->ebi == session->lbi) {
        set_address_lookup(vepc, session, NO_SLOT);
        vepc->incomplete_sessions++;
    }
    vepc->ue[session->ue].bearer[bearer->ebi] = NO_SLOT;
    vepc->uplink[bearer_slot].teid = 0;
    vepc->downlink[bearer_slot].s1u_teid = 0;
    contexts_free(&vepc->bearers, bearer_slot);
}

static void session_unlink(struct vepc *vepc, u64 session_slot)
{
    const struct session *session = &vepc->session[session_slot];
    u32 *link = &vepc->ue[session->ue].first_session;
    while (*link != session_slot + 1)
        link = &vepc->session[*link - 1].next;
    *link = session->next;
    vepc->incomplete_sessions--;
    if (vepc->ue[session->ue].first_session == NO_SLOT)
        vepc->incomplete_ues++;
}

static void release_addresses(struct pdn *pdn, const struct session *session)
{
    if (session->ipv4)
        pool_release(&pdn->pool4, session->ipv4);
    if (session->prefix)
        pool_release(&pdn->pool6, session->prefix);
}

void session_delete(struct vepc *vepc, u64 session_slot)
{
    const struct session *session = &vepc->session[session_slot];
    const struct ue *ue = &vepc->ue[session->ue];
    ue_touch(vepc, session->ue);
    for (u64 ebi = EBI_PLACE_FIRST; ebi <= EBI_LAST; ebi++) {
        u64 bearer = ue_find_bearer(ue, ebi);
        if (bearer != CONTEXTS_NONE && vepc->bearer[bearer].session == session_slot)
            bearer_delete(vepc, bearer);
    }
    if (session->apn != APN_FOREIGN)
        release_addresses(&vepc->pdn[session->apn], session);
    session_unlink(vepc, session_slot);
    paths_leave(vepc, &session->peer.address, VEPC_PATH_PLANE_GTP_C, session->peer_on_path);
    timers_cancel(&vepc->timers, timer_of_session(vepc, session_slot));
    count(vepc, COUNT_sessions_deleted);
    contexts_free(&vepc->sessions, session_slot);
}

void ue_delete(struct vepc *vepc, u64 ue_slot)
{
    const struct ue *ue = &vepc->ue[ue_slot];
    while (ue->first_session != NO_SLOT)
        session_delete(vepc, ue->first_session - 1);
    vepc->incomplete_ues--;
    timers_cancel(&vepc->timers, timer_of_ue(ue_slot));
    paths_leave(vepc, &ue->mme.address, VEPC_PATH_PLANE_GTP_C, ue->mme_on_path);
    index_remove(&vepc->ue_by_imsi, imsi_hash(ue->imsi), ue_slot);
    contexts_touch(&vepc->ues, ue_slot, vepc->epoch);
    contexts_free(&vepc->ues, ue_slot);
}

void ue_release_bearers(struct vepc *vepc, u64 ue_slot)
{
    const struct ue *ue = &vepc->ue[ue_slot];
    for (u64 ebi = EBI_PLACE_FIRST; ebi <= EBI_LAST; ebi++) {
        u64 bearer = ue_find_bearer(ue, ebi);
        if (bearer != CONTEXTS_NONE)
            vepc->downlink[bearer].connected = 0;
    }
    ue_touch(vepc, ue_slot);
}

void ue_set_suspended(struct vepc *vepc, u64 ue_slot, u8 suspended)
{
    struct ue *ue = &vepc->ue[ue_slot];
    ue->suspended = suspended;
    for (u64 ebi = EBI_PLACE_FIRST; ebi <= EBI_LAST; ebi++) {
        u64 bearer = ue_find_bearer(ue, ebi);
        if (bearer != CONTEXTS_NONE)
            suspend_bearer(vepc, bearer, suspended);
    }
    ue_touch(vepc, ue_slot);
}

/* Bearers looked at by one call: a tunnel is one bearer's, unless an MME is out of its mind. */
#define RELEASE_MOST 64

void sessions_release_enb(struct vepc *vepc, const struct vepc_tunnel *enb)
{
    const struct index *index = &vepc->bearer_by_enb;
    u32 entry = index_first(index, enb_hash(&enb->address, enb->teid));
    for (u64 i = 0; entry != INDEX_END && i < RELEASE_MOST; entry = index->next[entry - 1], i++) {
        const struct downlink *downlink = &vepc->downlink[entry - 1];
        if (downlink->teid != enb->teid || !address_equal(&downlink->address, &enb->address))
            continue;
        u64 ue = vepc->session[vepc->bearer[entry - 1].session].ue;
        ue_release_bearers(vepc, ue);
        paging_lost(vepc, ue, entry - 1);
    }
}

/* The first bearer whose downlink goes to this tunnel, or CONTEXTS_NONE. */
static u64 find_tunnel(const struct vepc *vepc, const struct vepc_tunnel *tunnel)
{
    const struct index *index = &vepc->bearer_by_enb;
    u32 entry = index_first(index, enb_hash(&tunnel->address, tunnel->teid));
    for (; entry != INDEX_END; entry = index->next[entry - 1]) {
        const struct downlink *downlink = &vepc->downlink[entry - 1];
        if (downlink->teid == tunnel->teid && address_equal(&downlink->address, &tunnel->address))
            return entry - 1;
    }
    return CONTEXTS_NONE;
}

u64 sessions_find_pgw(const struct vepc *vepc, const struct vepc_tunnel *pgw)
{
    const struct index *index = &vepc->bearer_by_pgw;
    u32 entry = index_first(index, enb_hash(&pgw->address, pgw->teid));
    for (; entry != INDEX_END; entry = index->next[entry - 1]) {
        const struct vepc_tunnel *one = &vepc->bearer[entry - 1].pgw;
        if (one->teid == pgw->teid && address_equal(&one->address, &pgw->address))
            return entry - 1;
    }
    return CONTEXTS_NONE;
}

void sessions_end_tunnel(struct vepc *vepc, const struct vepc_tunnel *sgw)
{
    u64 bearer = find_tunnel(vepc, sgw);
    for (u64 i = 0; bearer != CONTEXTS_NONE && i < RELEASE_MOST; i++) {
        bearer_end(vepc, bearer);
        bearer = find_tunnel(vepc, sgw);
    }
}

void bearer_end(struct vepc *vepc, u64 bearer_slot)
{
    u64 session = vepc->bearer[bearer_slot].session;
    u64 ue = vepc->session[session].ue;
    if (vepc->bearer[bearer_slot].ebi != vepc->session[session].lbi) {
        ue_touch(vepc, ue);
        bearer_delete(vepc, bearer_slot);
        return;
    }
    session_end(vepc, session);
}

void session_end(struct vepc *vepc, u64 session_slot)
{
    u64 ue = vepc->session[session_slot].ue;
    session_delete(vepc, session_slot);
    if (vepc->ue[ue].first_session == NO_SLOT)
        ue_delete(vepc, ue);
}

void session_filters_changed(struct vepc *vepc, u64 session_slot)
{
    const struct session *session = &vepc->session[session_slot];
    const struct ue *ue = &vepc->ue[session->ue];
    for (u64 ebi = EBI_PLACE_FIRST; ebi <= EBI_LAST; ebi++) {
        u64 bearer = ue_find_bearer(ue, ebi);
        if (bearer == CONTEXTS_NONE || vepc->bearer[bearer].session != session_slot)
            continue;
        vepc->uplink[bearer].filtered = 0;
        vepc->downlink[bearer].detour &= (u8)~DETOUR_FILTERS;
        if (session->first_filter != NO_SLOT)
            vepc->downlink[bearer].detour |= DETOUR_FILTERS;
    }
    u32 next = vepc->config.verify_uplink ? session->first_filter : NO_SLOT;
    for (; next != NO_SLOT; next = vepc->filter[next - 1].next)
        if (filter_is_for(&vepc->filter[next - 1].match, DIRECTION_UPLINK))
            vepc->uplink[vepc->filter[next - 1].bearer].filtered = 1;
}
