/* Importing what belongs to UEs. export_contexts.c mirrors this file function for function. */
#include "access.h"
#include "charging.h"
#include "filters.h"
#include "import.h"
#include "packets.h"
#include "paging.h"
#include "paths.h"
#include "pools.h"
#include "qos.h"
#include "sessions.h"

/* Takes a record's TEID; returns its slot, or CONTEXTS_NONE with the record refused. */
static u64 claim(struct pv_reader *in, struct contexts *table, u32 teid)
{
    if (in->error)
        return CONTEXTS_NONE;
    i64 slot = contexts_claim(table, teid);
    if (slot >= 0)
        return (u64)slot;
    import_refuse(in, 1, slot);
    return CONTEXTS_NONE;
}

/* What waits for the UE, and for how long. */
static void check_paging(struct pv_reader *in, const struct vepc_ue_record *r)
{
    int timed = r->paging != VEPC_UE_PAGING_NONE && r->paging != VEPC_UE_PAGING_NOTIFIED &&
                r->paging != VEPC_UE_PAGING_CONNECTING;
    if (timed != (r->paging_remaining_ms != 0))
        import_refuse(in, VEPC_FIELD_UE_PAGING_REMAINING_MS, -PV_ERROR_NOT_CANONICAL);
    if (r->releasing && r->paging != VEPC_UE_PAGING_NONE)
        import_refuse(in, VEPC_FIELD_UE_RELEASING, -PV_ERROR_NOT_CANONICAL);
}

void import_ue(struct vepc *vepc, struct pv_reader *in)
{
    struct vepc_ue_record r;
    vepc_ue_record_read(in, &r, 1);
    import_order(vepc, in, CONTEXT_NUMBER(r.s11_teid));
    if (address_is_set(&r.mme.address) == (vepc->config.mode == VEPC_CONFIG_MODE_PGW))
        import_refuse(in, VEPC_FIELD_UE_MME_ADDRESS, -PV_ERROR_NOT_CANONICAL);
    import_reach(in, VEPC_FIELD_UE_MME_ADDRESS, &vepc->config.s11, &r.mme.address);
    check_paging(in, &r);
    if (!in->error && ue_find_imsi(vepc, r.imsi) != CONTEXTS_NONE)
        import_refuse(in, VEPC_FIELD_UE_IMSI, -PV_ERROR_DUPLICATE);
    u64 slot = claim(in, &vepc->ues, r.s11_teid);
    if (slot == CONTEXTS_NONE)
        return;
    struct ue *ue = &vepc->ue[slot];
    __builtin_memset(ue, 0, sizeof *ue);
    memory_copy(ue->imsi, r.imsi, sizeof ue->imsi);
    ue->msisdn_length = (u8)r.msisdn_length;
    memory_copy(ue->msisdn, r.msisdn, r.msisdn_length);
    ue->mei_length = (u8)r.mei_length;
    memory_copy(ue->mei, r.mei, r.mei_length);
    ue->mme = r.mme;
    ue->mme_restart_count = r.mme_restart_count;
    ue->mme_restart = r.mme_restart_count ? r.mme_restart[0] : 0;
    ue->mme_csid_length = (u8)r.mme_csid_length;
    memory_copy(ue->mme_csid, r.mme_csid, r.mme_csid_length);
    ue->rat_type = r.rat_type;
    memory_copy(ue->serving_network, r.serving_network, sizeof ue->serving_network);
    ue->uli_length = (u8)r.uli_length;
    memory_copy(ue->uli, r.uli, r.uli_length);
    ue->time_zone_length = (u8)r.time_zone_length;
    memory_copy(ue->time_zone, r.time_zone, r.time_zone_length);
    ue->suspended = r.suspended;
    ue->paging = r.paging;
    ue->releasing = r.releasing;
    ue_link(vepc, slot);
    if (r.paging == VEPC_UE_PAGING_NOTIFIED)
        paging_imported(vepc, slot);
    else if (r.releasing || r.paging_remaining_ms)
        timers_set(&vepc->timers, timer_of_ue(slot),
                   vepc->now_ns + (u64)r.paging_remaining_ms * 1000000);
    contexts_touch(&vepc->ues, slot, vepc->epoch);
}

/* The addresses are those of the PDN type, no more and no fewer; an S-GW alone passes on what a
 * P-GW chose, and may not know them all. */
static void check_addresses(const struct vepc *vepc, struct pv_reader *in,
                            const struct vepc_session_record *r)
{
    int has4 = r->ipv4 != 0;
    int has6 = r->prefix != 0;
    if (vepc->config.mode == VEPC_CONFIG_MODE_SGW) {
        has4 |= r->pdn_type & VEPC_SESSION_PDN_TYPE_IPV4;
        has6 |= (r->pdn_type & VEPC_SESSION_PDN_TYPE_IPV6) != 0;
    }
    if (has4 != ((r->pdn_type & VEPC_SESSION_PDN_TYPE_IPV4) != 0))
        import_refuse(in, VEPC_FIELD_SESSION_IPV4, -PV_ERROR_NOT_CANONICAL);
    if (has6 != ((r->pdn_type & VEPC_SESSION_PDN_TYPE_IPV6) != 0))
        import_refuse(in, VEPC_FIELD_SESSION_PREFIX, -PV_ERROR_NOT_CANONICAL);
    if (vepc->config.mode == VEPC_CONFIG_MODE_SGW)
        return;
    if (r->interface_id != (has6 ? session_interface_id(r->s5c_teid) : 0))
        import_refuse(in, VEPC_FIELD_SESSION_INTERFACE_ID, -PV_ERROR_NOT_CANONICAL);
}

static void claim_addresses(struct pv_reader *in, struct pdn *pdn,
                            const struct vepc_session_record *r)
{
    i64 error4 = r->ipv4 ? pool_claim(&pdn->pool4, r->ipv4) : 0;
    if (error4) {
        import_refuse(in, VEPC_FIELD_SESSION_IPV4, error4);
        return;
    }
    i64 error6 = r->prefix ? pool_claim(&pdn->pool6, r->prefix) : 0;
    if (error6)
        import_refuse(in, VEPC_FIELD_SESSION_PREFIX, error6);
}

/* The APN's place in the configuration; an S-GW alone serves those of other gateways too. */
static u8 take_apn(struct vepc *vepc, struct pv_reader *in, const struct vepc_session_record *r)
{
    if (vepc->config.mode == VEPC_CONFIG_MODE_SGW)
        return APN_FOREIGN;
    u64 apn = config_find_apn(&vepc->config, r->apn, r->apn_length);
    if (apn != APN_NONE)
        return (u8)apn;
    import_refuse(in, VEPC_FIELD_SESSION_APN, -PV_ERROR_FOREIGN);
    return APN_FOREIGN;
}

void import_session(struct vepc *vepc, struct pv_reader *in)
{
    struct vepc_session_record r;
    vepc_session_record_read(in, &r, 1);
    import_order(vepc, in, CONTEXT_NUMBER(r.s5c_teid));
    u64 ue = import_find(in, &vepc->ues, r.s11_teid, VEPC_FIELD_SESSION_S11_TEID);
    if (in->error)
        return;
    u8 apn = take_apn(vepc, in, &r);
    check_addresses(vepc, in, &r);
    if (address_is_set(&r.peer.address) == (vepc->config.mode == VEPC_CONFIG_MODE_COMBINED))
        import_refuse(in, VEPC_FIELD_SESSION_PEER_ADDRESS, -PV_ERROR_NOT_CANONICAL);
    import_reach(in, VEPC_FIELD_SESSION_PEER_ADDRESS, &vepc->config.s5, &r.peer.address);
    u64 slot = claim(in, &vepc->sessions, r.s5c_teid);
    if (slot == CONTEXTS_NONE)
        return;
    if (apn != APN_FOREIGN)
        claim_addresses(in, &vepc->pdn[apn], &r);
    if (in->error)
        return;
    struct session *session = &vepc->session[slot];
    __builtin_memset(session, 0, sizeof *session);
    session->ue = (u32)ue;
    session->lbi = r.lbi;
    session->pdn_type = r.pdn_type;
    session->apn = apn;
    session->ipv4 = r.ipv4;
    session->prefix = r.prefix;
    session->interface_id = r.interface_id;
    session->ambr_uplink = r.ambr_uplink;
    session->ambr_downlink = r.ambr_downlink;
    session->selection_mode = r.selection_mode;
    session->charging_characteristics_length = (u8)r.charging_characteristics_length;
    memory_copy(session->charging_characteristics, r.charging_characteristics,
                r.charging_characteristics_length);
    session->peer = r.peer;
    session->peer_on_path = paths_use(vepc, &session->peer.address, VEPC_PATH_PLANE_GTP_C);
    session->peer_restart_count = r.peer_restart_count;
    session->peer_restart = r.peer_restart_count ? r.peer_restart[0] : 0;
    session->relocated = r.relocated;
    session->rules_wait = r.rules_wait;
    if (apn == APN_FOREIGN)
        session_set_apn(vepc, slot, r.apn, r.apn_length);
    session_link(vepc, slot);
    timers_cancel(&vepc->timers, timer_of_session(vepc, slot));
    if (r.record_remaining_ms)
        timers_set(&vepc->timers, timer_of_session(vepc, slot),
                   vepc->now_ns + (u64)r.record_remaining_ms * 1000000);
    else /* it comes from a gateway without intervals; this one may have some */
        charging_begin(vepc, slot);
    contexts_touch(&vepc->sessions, slot, vepc->epoch);
}

static void check_tunnels(const struct vepc *vepc, struct pv_reader *in,
                          const struct vepc_bearer_record *r)
{
    struct access access;
    access_of(vepc, &access);
    import_reach(in, VEPC_FIELD_BEARER_ENB_ADDRESS, access.user, &r->enb.address);
    import_reach(in, VEPC_FIELD_BEARER_PGW_ADDRESS, &vepc->config.s5, &r->pgw.address);
    import_reach(in, VEPC_FIELD_BEARER_FORWARD_DOWNLINK_ADDRESS, &vepc->config.s1u,
                 &r->forward_downlink.address);
    import_reach(in, VEPC_FIELD_BEARER_FORWARD_UPLINK_ADDRESS, &vepc->config.s1u,
                 &r->forward_uplink.address);
}

static void check_bearer(struct vepc *vepc, struct pv_reader *in,
                         const struct vepc_bearer_record *r, u64 session)
{
    int reachable = address_is_set(&r->enb.address);
    if (vepc->ue[vepc->session[session].ue].bearer[r->ebi] != NO_SLOT)
        import_refuse(in, VEPC_FIELD_BEARER_EBI, -PV_ERROR_DUPLICATE);
    if (!reachable && (r->enb.teid != 0 || r->connected))
        import_refuse(in, VEPC_FIELD_BEARER_ENB_TEID, -PV_ERROR_NOT_CANONICAL);
    if (r->connected && r->solicited && !vepc->ue[vepc->session[session].ue].releasing)
        import_refuse(in, VEPC_FIELD_BEARER_SOLICITED, -PV_ERROR_NOT_CANONICAL);
    /* The P-GW tells it with its own control TEID. */
    if (address_is_set(&r->pgw.address) !=
        (vepc->config.mode == VEPC_CONFIG_MODE_SGW && vepc->session[session].peer.teid != 0))
        import_refuse(in, VEPC_FIELD_BEARER_PGW_ADDRESS, -PV_ERROR_NOT_CANONICAL);
}

void import_bearer(struct vepc *vepc, struct pv_reader *in)
{
    struct vepc_bearer_record r;
    vepc_bearer_record_read(in, &r, 1);
    import_order(vepc, in, CONTEXT_NUMBER(r.s1u_teid));
    u64 session = import_find(in, &vepc->sessions, r.s5c_teid, VEPC_FIELD_BEARER_S5C_TEID);
    if (in->error)
        return;
    check_bearer(vepc, in, &r, session);
    check_tunnels(vepc, in, &r);
    u64 slot = claim(in, &vepc->bearers, r.s1u_teid);
    if (slot == CONTEXTS_NONE)
        return;
    struct bearer *bearer = &vepc->bearer[slot];
    __builtin_memset(bearer, 0, sizeof *bearer);
    bearer->session = (u32)session;
    bearer->ebi = r.ebi;
    bearer->qos = r.qos;
    bearer->charging_id = r.charging_id;
    bearer->rule_length = (u8)r.rule_length;
    memory_copy(bearer->rule, r.rule, r.rule_length);
    bearer->forward_downlink = r.forward_downlink;
    bearer->forward_uplink = r.forward_uplink;
    bearer->opened_ms = r.opened_ms;
    bearer->recorded.uplink_packets = r.recorded_uplink_packets;
    bearer->recorded.uplink_bytes = r.recorded_uplink_bytes;
    bearer->recorded.downlink_packets = r.recorded_downlink_packets;
    bearer->recorded.downlink_bytes = r.recorded_downlink_bytes;
    bearer->recorded_ms = r.recorded_ms;
    bearer->records = r.records;
    bearer->sgw_change = r.sgw_change;
    bearer_link(vepc, slot);
    bearer_set_enb(vepc, slot, &r.enb, r.connected);
    bearer_set_pgw(vepc, slot, &r.pgw);
    if (r.solicited)
        vepc->downlink[slot].detour |= DETOUR_SOLICITED;
    contexts_touch(&vepc->bearers, slot, vepc->epoch);
}

void import_filter(struct vepc *vepc, struct pv_reader *in)
{
    struct vepc_filter_record r;
    vepc_filter_record_read(in, &r, 1);
    u64 within = (u64)r.match.precedence << 8 | r.match.identifier;
    import_order(vepc, in, (u64)CONTEXT_NUMBER(r.s1u_teid) << 16 | within);
    u64 bearer = import_find(in, &vepc->bearers, r.s1u_teid, VEPC_FIELD_FILTER_S1U_TEID);
    if (packet_filter_check(&r.match) != CAUSE_ACCEPTED)
        import_refuse(in, VEPC_FIELD_FILTER_MATCH_IDENTIFIER, -PV_ERROR_NOT_CANONICAL);
    if (!in->error && filters_has(vepc, bearer, r.match.identifier))
        import_refuse(in, VEPC_FIELD_FILTER_MATCH_IDENTIFIER, -PV_ERROR_DUPLICATE);
    if (in->error)
        return;
    if (!filters_add(vepc, bearer, &r.match))
        import_refuse(in, FIELD_NONE, -PV_ERROR_CAPACITY);
}

void import_packet(struct vepc *vepc, struct pv_reader *in)
{
    struct vepc_packet_record r;
    vepc_packet_record_read(in, &r, 1);
    u64 number = CONTEXT_NUMBER(r.s1u_teid);
    if (number < vepc->import_previous)
        import_refuse(in, VEPC_FIELD_PACKET_S1U_TEID, -PV_ERROR_ORDER);
    vepc->import_previous = number;
    u64 bearer = import_find(in, &vepc->bearers, r.s1u_teid, VEPC_FIELD_PACKET_S1U_TEID);
    if (r.data_length == 0)
        import_refuse(in, VEPC_FIELD_PACKET_DATA, -PV_ERROR_NOT_CANONICAL);
    if (in->error)
        return;
    if (!packets_append(vepc, bearer, r.data, r.data_length))
        import_refuse(in, FIELD_NONE, -PV_ERROR_CAPACITY);
}

/* A remaining time as the moment at which it is over. */
#define BUCKET_LONGEST (1ull << 56)

void import_bucket(struct vepc *vepc, struct pv_reader *in)
{
    struct vepc_bucket_record r;
    vepc_bucket_record_read(in, &r, 1);
    import_order(vepc, in, CONTEXT_NUMBER(r.s1u_teid));
    u64 bearer = import_find(in, &vepc->bearers, r.s1u_teid, VEPC_FIELD_BUCKET_S1U_TEID);
    if (r.uplink > BUCKET_LONGEST)
        import_refuse(in, VEPC_FIELD_BUCKET_UPLINK, -PV_ERROR_NOT_CANONICAL);
    if (r.downlink > BUCKET_LONGEST || (r.uplink == 0 && r.downlink == 0))
        import_refuse(in, VEPC_FIELD_BUCKET_DOWNLINK, -PV_ERROR_NOT_CANONICAL);
    if (in->error)
        return;
    u64 now = vepc->now_ns * 16;
    vepc->uplink[bearer].bucket.full = r.uplink ? now + r.uplink : 0;
    vepc->downlink[bearer].bucket.full = r.downlink ? now + r.downlink : 0;
    bucket_note(vepc, bearer, now + (r.uplink > r.downlink ? r.uplink : r.downlink));
}

/* Usage is added to what is there. It may come after the instance took over; then a bearer
 * may be gone already. */
void import_usage(struct vepc *vepc, struct pv_reader *in)
{
    struct vepc_usage_record r;
    vepc_usage_record_read(in, &r, 1);
    import_order(vepc, in, CONTEXT_NUMBER(r.s1u_teid));
    if (in->error)
        return;
    u64 slot = contexts_find(&vepc->bearers, r.s1u_teid);
    if (vepc->import_complete && slot == CONTEXTS_NONE) {
        charging_late(vepc, &r);
        return;
    }
    if (slot == CONTEXTS_NONE)
        import_refuse(in, VEPC_FIELD_USAGE_S1U_TEID, -PV_ERROR_REFERENCE);
    /* Afterwards a P-GW may have told another one. */
    else if (!vepc->import_complete && r.charging_id != vepc->bearer[slot].charging_id)
        import_refuse(in, VEPC_FIELD_USAGE_CHARGING_ID, -PV_ERROR_REFERENCE);
    if (in->error)
        return;
    vepc->uplink[slot].packets += r.uplink_packets;
    vepc->uplink[slot].bytes += r.uplink_bytes;
    vepc->downlink[slot].packets += r.downlink_packets;
    vepc->downlink[slot].bytes += r.downlink_bytes;
}

void import_cleared(struct vepc *vepc, struct pv_reader *in)
{
    struct vepc_cleared_record r;
    vepc_cleared_record_read(in, &r, 1);
    import_order(vepc, in, r.ue);
    if (r.ue > vepc->ues.capacity)
        import_refuse(in, VEPC_FIELD_CLEARED_UE, -PV_ERROR_CAPACITY);
    if (in->error)
        return;
    if (vepc->ues.teid[r.ue - 1] == 0)
        return;
    charging_forget_ue(vepc, r.ue - 1);
    ue_delete(vepc, r.ue - 1);
}
