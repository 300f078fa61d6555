/* Importing state: records to arena, section by section. export.c mirrors this file
 * function for function. Everything read is hostile until checked. */
#include "paths.h"
#include "pools.h"
#include "procedures.h"
#include "sessions.h"

/* Fields are numbered from 1 in the schema's order; this refuses the record as a whole. */
#define FIELD_NONE 0

/* Records of a keyed section stand in ascending order of their keys. */
static void check_order(struct vepc *vepc, struct pv_reader *in, u64 key)
{
    if (in->error)
        return;
    in->field = 1;
    if (key <= vepc->import_previous)
        pv_refuse(in, -PV_ERROR_ORDER);
    vepc->import_previous = key;
}

static void refuse_field(struct pv_reader *in, u64 field, i64 error)
{
    if (in->error)
        return;
    in->field = field;
    in->error = error;
}

static void import_gateway(struct vepc *vepc, struct pv_reader *in)
{
    struct vepc_gateway_record r;
    vepc_gateway_record_read(in, &r, 1);
    struct contexts *kinds[3] = {&vepc->ues, &vepc->sessions, &vepc->bearers};
    const struct vepc_allocator *allocators[3] = {&r.ue, &r.session, &r.bearer};
    if (r.s11 != vepc->config.s11)
        refuse_field(in, 1, -PV_ERROR_FOREIGN);
    if (r.s1u != vepc->config.s1u)
        refuse_field(in, 2, -PV_ERROR_FOREIGN);
    for (u64 i = 0; i < 3; i++)
        if (allocators[i]->next > kinds[i]->capacity)
            refuse_field(in, 4 + 2 * i, -PV_ERROR_CAPACITY);
    if (vepc->import_gateways)
        refuse_field(in, FIELD_NONE, -PV_ERROR_DUPLICATE);
    if (in->error)
        return;
    for (u64 i = 0; i < 3; i++) {
        kinds[i]->next = (u64)allocators[i]->next - 1;
        kinds[i]->round = allocators[i]->round;
    }
    vepc->restart_counter = r.restart_counter;
    vepc->next_charging_id = r.next_charging_id;
    vepc->ip_id = r.ip_id;
    vepc->import_gateways++;
}

static void import_pool(struct vepc *vepc, struct pv_reader *in)
{
    struct vepc_pool_record r;
    vepc_pool_record_read(in, &r, 1);
    u64 apn = in->error ? APN_NONE : config_find_apn(&vepc->config, r.apn, r.apn_length);
    if (apn == APN_NONE) {
        refuse_field(in, 1, -PV_ERROR_FOREIGN);
        return;
    }
    int ipv6 = r.family == VEPC_POOL_FAMILY_IPV6;
    struct pool *pool = ipv6 ? &vepc->pdn[apn].pool6 : &vepc->pdn[apn].pool4;
    check_order(vepc, in, 2 * apn + (u64)ipv6 + 1);
    if (pool->free.size == 0)
        refuse_field(in, 2, -PV_ERROR_FOREIGN);
    if (r.next == 0 || r.next >= pool->free.size)
        refuse_field(in, 3, -PV_ERROR_NOT_CANONICAL);
    if (in->error)
        return;
    pool->next = r.next;
    vepc->import_pools++;
}

static void import_path(struct vepc *vepc, struct pv_reader *in)
{
    struct vepc_path_record r;
    vepc_path_record_read(in, &r, 1);
    check_order(vepc, in, (u64)r.ipv4 << 8 | r.plane);
    if (!r.restart_known && r.restart_counter)
        refuse_field(in, 4, -PV_ERROR_NOT_CANONICAL);
    if (r.plane == VEPC_PATH_PLANE_GTP_C && r.sequence)
        refuse_field(in, 5, -PV_ERROR_NOT_CANONICAL);
    if (in->error)
        return;
    if (paths_find(vepc, r.ipv4, r.plane)) {
        refuse_field(in, 1, -PV_ERROR_DUPLICATE);
        return;
    }
    struct path *path = paths_get(vepc, r.ipv4, r.plane);
    if (!path) {
        refuse_field(in, 1, -PV_ERROR_CAPACITY);
        return;
    }
    path->restart_known = r.restart_known;
    path->restart_counter = r.restart_counter;
    path->sequence = r.sequence;
}

/* Takes a record's TEID; returns its slot, or CONTEXTS_NONE with the reader's error set. */
static u64 claim(struct pv_reader *in, struct contexts *table, u32 teid)
{
    if (in->error)
        return CONTEXTS_NONE;
    i64 slot = contexts_claim(table, teid);
    if (slot >= 0)
        return (u64)slot;
    refuse_field(in, 1, slot);
    return CONTEXTS_NONE;
}

static void import_ue(struct vepc *vepc, struct pv_reader *in)
{
    struct vepc_ue_record r;
    vepc_ue_record_read(in, &r, 1);
    check_order(vepc, in, CONTEXT_NUMBER(r.s11_teid));
    if (r.mme.ipv4 == 0)
        refuse_field(in, 6, -PV_ERROR_NOT_CANONICAL);
    if (!in->error && ue_find_imsi(vepc, r.imsi) != CONTEXTS_NONE)
        refuse_field(in, 2, -PV_ERROR_DUPLICATE);
    u64 slot = claim(in, &vepc->ues, r.s11_teid);
    if (slot == CONTEXTS_NONE)
        return;
    struct ue *ue = &vepc->ue[slot];
    memory_copy(ue->imsi, r.imsi, sizeof ue->imsi);
    ue->msisdn_length = (u8)r.msisdn_length;
    memory_copy(ue->msisdn, r.msisdn, r.msisdn_length);
    ue->mei_length = (u8)r.mei_length;
    memory_copy(ue->mei, r.mei, r.mei_length);
    ue->mme = r.mme;
    ue->rat_type = r.rat_type;
    memory_copy(ue->serving_network, r.serving_network, sizeof ue->serving_network);
    ue->uli_length = (u8)r.uli_length;
    memory_copy(ue->uli, r.uli, r.uli_length);
    ue_link(vepc, slot);
    contexts_touch(&vepc->ues, slot, vepc->epoch);
}

/* The addresses are those of the PDN type, no more and no fewer. */
static void check_addresses(struct pv_reader *in, const struct vepc_session_record *r)
{
    int has4 = r->ipv4 != 0;
    int has6 = r->prefix != 0;
    if (has4 != ((r->pdn_type & VEPC_SESSION_PDN_TYPE_IPV4) != 0))
        refuse_field(in, 6, -PV_ERROR_NOT_CANONICAL);
    if (has6 != ((r->pdn_type & VEPC_SESSION_PDN_TYPE_IPV6) != 0))
        refuse_field(in, 7, -PV_ERROR_NOT_CANONICAL);
    if (r->interface_id != (has6 ? session_interface_id(r->s5c_teid) : 0))
        refuse_field(in, 8, -PV_ERROR_NOT_CANONICAL);
}

static void claim_addresses(struct pv_reader *in, struct pdn *pdn,
                            const struct vepc_session_record *r)
{
    i64 error4 = r->ipv4 ? pool_claim(&pdn->pool4, r->ipv4) : 0;
    if (error4) {
        refuse_field(in, 6, error4);
        return;
    }
    i64 error6 = r->prefix ? pool_claim(&pdn->pool6, r->prefix) : 0;
    if (error6)
        refuse_field(in, 7, error6);
}

static void import_session(struct vepc *vepc, struct pv_reader *in)
{
    struct vepc_session_record r;
    vepc_session_record_read(in, &r, 1);
    check_order(vepc, in, CONTEXT_NUMBER(r.s5c_teid));
    if (in->error)
        return;
    u64 ue = contexts_find(&vepc->ues, r.s11_teid);
    u64 apn = config_find_apn(&vepc->config, r.apn, r.apn_length);
    if (ue == CONTEXTS_NONE)
        refuse_field(in, 2, -PV_ERROR_REFERENCE);
    if (apn == APN_NONE)
        refuse_field(in, 4, -PV_ERROR_FOREIGN);
    check_addresses(in, &r);
    u64 slot = claim(in, &vepc->sessions, r.s5c_teid);
    if (slot == CONTEXTS_NONE)
        return;
    claim_addresses(in, &vepc->pdn[apn], &r);
    if (in->error)
        return;
    struct session *session = &vepc->session[slot];
    session->ue = (u32)ue;
    session->lbi = r.lbi;
    session->pdn_type = r.pdn_type;
    session->apn = (u8)apn;
    session->ipv4 = r.ipv4;
    session->prefix = r.prefix;
    session->interface_id = r.interface_id;
    session->ambr_uplink = r.ambr_uplink;
    session->ambr_downlink = r.ambr_downlink;
    session->charging_id = r.charging_id;
    session->selection_mode = r.selection_mode;
    session_link(vepc, slot);
    contexts_touch(&vepc->sessions, slot, vepc->epoch);
}

static void import_bearer(struct vepc *vepc, struct pv_reader *in)
{
    struct vepc_bearer_record r;
    vepc_bearer_record_read(in, &r, 1);
    check_order(vepc, in, CONTEXT_NUMBER(r.s1u_teid));
    if (in->error)
        return;
    u64 session = contexts_find(&vepc->sessions, r.s5c_teid);
    if (session == CONTEXTS_NONE)
        refuse_field(in, 2, -PV_ERROR_REFERENCE);
    else if (vepc->ue[vepc->session[session].ue].bearer[r.ebi] != NO_SLOT)
        refuse_field(in, 3, -PV_ERROR_DUPLICATE);
    if (r.enb.ipv4 == 0 && (r.enb.teid != 0 || r.connected))
        refuse_field(in, 11, -PV_ERROR_NOT_CANONICAL);
    if (r.connected && r.solicited)
        refuse_field(in, 13, -PV_ERROR_NOT_CANONICAL);
    u64 slot = claim(in, &vepc->bearers, r.s1u_teid);
    if (slot == CONTEXTS_NONE)
        return;
    struct bearer *bearer = &vepc->bearer[slot];
    bearer->session = (u32)session;
    bearer->ebi = r.ebi;
    bearer->qci = r.qci;
    bearer->arp = r.arp;
    bearer->mbr_uplink = r.mbr_uplink;
    bearer->mbr_downlink = r.mbr_downlink;
    bearer->gbr_uplink = r.gbr_uplink;
    bearer->gbr_downlink = r.gbr_downlink;
    bearer_link(vepc, slot);
    bearer_set_enb(vepc, slot, &r.enb, r.connected);
    vepc->downlink[slot].solicited = r.solicited;
    contexts_touch(&vepc->bearers, slot, vepc->epoch);
}

/* What is kept must be an answer to its request, for it will be sent as it is. */
static void check_response(struct pv_reader *in, const struct vepc_procedure_record *r)
{
    if (r->response_length < GTPC_HEADER || r->response[1] != r->message_type + 1 ||
        4 + (u64)pv_load_be16(r->response + 2) != r->response_length)
        refuse_field(in, 7, -PV_ERROR_NOT_CANONICAL);
}

/* An answer of an earlier round gives way, as it did at the source, where the ring was full
 * or the time of the answer to the same request was over. Those that came with this one do
 * not. */
static void import_procedure(struct vepc *vepc, struct pv_reader *in)
{
    struct vepc_procedure_record r;
    vepc_procedure_record_read(in, &r, 1);
    if (in->error)
        return;
    struct request request = {.peer = r.peer,
                              .port = r.port,
                              .type = r.message_type,
                              .sequence = r.sequence,
                              .digest = r.digest};
    const struct procedure *same = procedures_find(vepc, &request);
    if (same && same->serial >= vepc->import_answers)
        refuse_field(in, 1, -PV_ERROR_DUPLICATE);
    if (vepc->procedure_next - vepc->import_answers == vepc->config.procedures)
        refuse_field(in, FIELD_NONE, -PV_ERROR_CAPACITY);
    if (r.remaining_ms < vepc->import_previous)
        refuse_field(in, 6, -PV_ERROR_ORDER);
    if (r.remaining_ms > vepc->config.retention_ms)
        refuse_field(in, 6, -PV_ERROR_CAPACITY);
    check_response(in, &r);
    if (in->error)
        return;
    vepc->import_previous = r.remaining_ms;
    if (same)
        procedures_forget(vepc, same->serial + 1);
    procedures_keep(vepc, &request, (u64)r.remaining_ms * 1000000, r.response, r.response_length);
}

/* Usage is added to what is there. It may come after the instance took over; then a bearer
 * may be gone already. */
static void import_usage(struct vepc *vepc, struct pv_reader *in)
{
    struct vepc_usage_record r;
    vepc_usage_record_read(in, &r, 1);
    check_order(vepc, in, CONTEXT_NUMBER(r.s1u_teid));
    if (in->error)
        return;
    u64 slot = contexts_find(&vepc->bearers, r.s1u_teid);
    if (slot == CONTEXTS_NONE) {
        if (vepc->import_complete)
            count(vepc, COUNT_usage_without_bearer);
        else
            refuse_field(in, 1, -PV_ERROR_REFERENCE);
        return;
    }
    vepc->uplink[slot].packets += r.uplink_packets;
    vepc->uplink[slot].bytes += r.uplink_bytes;
    vepc->downlink[slot].packets += r.downlink_packets;
    vepc->downlink[slot].bytes += r.downlink_bytes;
}

static void import_cleared(struct vepc *vepc, struct pv_reader *in)
{
    struct vepc_cleared_record r;
    vepc_cleared_record_read(in, &r, 1);
    check_order(vepc, in, r.ue);
    if (r.ue > vepc->ues.capacity)
        refuse_field(in, 1, -PV_ERROR_CAPACITY);
    if (in->error)
        return;
    if (vepc->ues.teid[r.ue - 1] != 0)
        ue_delete(vepc, r.ue - 1);
}

static void import_record(struct vepc *vepc, u64 section, struct pv_reader *in)
{
    switch (section) {
    case VEPC_SECTION_GATEWAY:
        import_gateway(vepc, in);
        break;
    case VEPC_SECTION_POOL:
        import_pool(vepc, in);
        break;
    case VEPC_SECTION_PATH:
        import_path(vepc, in);
        break;
    case VEPC_SECTION_UE:
        import_ue(vepc, in);
        break;
    case VEPC_SECTION_SESSION:
        import_session(vepc, in);
        break;
    case VEPC_SECTION_BEARER:
        import_bearer(vepc, in);
        break;
    case VEPC_SECTION_PROCEDURE:
        import_procedure(vepc, in);
        break;
    case VEPC_SECTION_USAGE:
        import_usage(vepc, in);
        break;
    default:
        import_cleared(vepc, in);
        break;
    }
}

static u64 pools_configured(const struct vepc *vepc)
{
    u64 pools = 0;
    for (u64 i = 0; i < vepc->config.apns_count; i++)
        pools +=
            (vepc->pdn[i].pool4.free.size ? 1u : 0u) + (vepc->pdn[i].pool6.free.size ? 1u : 0u);
    return pools;
}

static i64 complete(struct vepc *vepc)
{
    if (vepc->import_complete)
        return -PV_ERROR_DUPLICATE;
    if (vepc->import_gateways != 1 || vepc->import_pools != pools_configured(vepc) ||
        vepc->incomplete_ues != 0 || vepc->incomplete_sessions != 0)
        return -PV_ERROR_INCOMPLETE;
    vepc->import_complete = 1;
    /* Rounds of a migration delete and make again; only what follows counts. */
    __builtin_memset(vepc->counters, 0, sizeof vepc->counters);
    return 0;
}

/* A complete state takes nothing more but usage, and usage comes once: it is added up. */
static i64 begin_step(struct vepc *vepc, const struct pv_import *step)
{
    int usage = step->section == VEPC_SECTION_USAGE;
    if (vepc->import_complete && !usage)
        return -PV_ERROR_DUPLICATE;
    if (step->first && usage && vepc->import_usage)
        return -PV_ERROR_DUPLICATE;
    if (step->first) {
        vepc->import_previous = 0;
        vepc->import_answers = vepc->procedure_next;
        vepc->import_usage |= usage ? 1 : 0;
    }
    /* Answers were exported while time went on: only those of one step compare. */
    if (step->section == VEPC_SECTION_PROCEDURE)
        vepc->import_previous = 0;
    return 0;
}

i64 vnf_import(u8 *arena, struct pv_import *step)
{
    struct vepc *vepc = pv_native(arena);
    step->records = 0;
    step->failed = 0;
    step->field = 0;
    vepc->now_ns = step->now_ns;
    if (step->section == PV_IMPORT_COMPLETE)
        return complete(vepc);
    if (step->section > VEPC_SECTION_CLEARED)
        return -PV_ERROR_SECTION;
    i64 error = begin_step(vepc, step);
    if (error)
        return error;
    struct pv_reader in = {step->buffer, step->length, 0, 0};
    while (in.left > 0) {
        u64 record = step->length - in.left;
        import_record(vepc, step->section, &in);
        if (in.error) {
            step->failed = record;
            step->field = in.field;
            return in.error;
        }
        step->records++;
    }
    return 0;
}
