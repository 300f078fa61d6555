/* Exporting state: arena to records, section by section. import.c mirrors this file
 * function for function. */
#include "procedures.h"
#include "vepc.h"

/* Slots, blocks or answers that one step may look at. */
#define STEP_BUDGET 65536

static void export_gateway(const struct vepc *vepc, struct pv_writer *w)
{
    struct vepc_gateway_record r;
    const struct contexts *kinds[3] = {&vepc->ues, &vepc->sessions, &vepc->bearers};
    struct vepc_allocator *allocators[3] = {&r.ue, &r.session, &r.bearer};
    for (u64 i = 0; i < 3; i++) {
        allocators[i]->next = (u32)(kinds[i]->next + 1);
        allocators[i]->round = (u8)kinds[i]->round;
    }
    r.s11 = vepc->config.s11;
    r.s1u = vepc->config.s1u;
    r.restart_counter = vepc->restart_counter;
    r.next_charging_id = vepc->next_charging_id;
    r.ip_id = vepc->ip_id;
    vepc_gateway_record_write(w, &r);
}

/* Pools are numbered 2 * APN + family (0: IPv4, 1: IPv6). */
static const struct pool *pool_of(const struct vepc *vepc, u64 number)
{
    const struct pdn *pdn = &vepc->pdn[number >> 1];
    return number & 1 ? &pdn->pool6 : &pdn->pool4;
}

static void export_pool(const struct vepc *vepc, u64 number, struct pv_writer *w)
{
    const struct vepc_apn *apn = &vepc->config.apns[number >> 1];
    struct vepc_pool_record r;
    r.apn_length = apn->name_length;
    memory_copy(r.apn, apn->name, apn->name_length);
    r.family = number & 1 ? VEPC_POOL_FAMILY_IPV6 : VEPC_POOL_FAMILY_IPV4;
    r.next = (u32)pool_of(vepc, number)->next;
    vepc_pool_record_write(w, &r);
}

static void export_path(const struct vepc *vepc, u64 at, struct pv_writer *w)
{
    const struct path *path = &vepc->path[at];
    struct vepc_path_record r;
    r.ipv4 = path->ipv4;
    r.plane = path->plane;
    r.restart_known = path->restart_known;
    r.restart_counter = path->restart_counter;
    r.sequence = path->sequence;
    vepc_path_record_write(w, &r);
}

static void export_ue(const struct vepc *vepc, u64 slot, struct pv_writer *w)
{
    const struct ue *ue = &vepc->ue[slot];
    struct vepc_ue_record r;
    r.s11_teid = vepc->ues.teid[slot];
    memory_copy(r.imsi, ue->imsi, sizeof r.imsi);
    r.msisdn_length = ue->msisdn_length;
    memory_copy(r.msisdn, ue->msisdn, ue->msisdn_length);
    r.mei_length = ue->mei_length;
    memory_copy(r.mei, ue->mei, ue->mei_length);
    r.mme = ue->mme;
    r.rat_type = ue->rat_type;
    memory_copy(r.serving_network, ue->serving_network, sizeof r.serving_network);
    r.uli_length = ue->uli_length;
    memory_copy(r.uli, ue->uli, ue->uli_length);
    vepc_ue_record_write(w, &r);
}

static void export_session(const struct vepc *vepc, u64 slot, struct pv_writer *w)
{
    const struct session *session = &vepc->session[slot];
    const struct vepc_apn *apn = &vepc->config.apns[session->apn];
    struct vepc_session_record r;
    r.s5c_teid = vepc->sessions.teid[slot];
    r.s11_teid = vepc->ues.teid[session->ue];
    r.lbi = session->lbi;
    r.apn_length = apn->name_length;
    memory_copy(r.apn, apn->name, apn->name_length);
    r.pdn_type = session->pdn_type;
    r.ipv4 = session->ipv4;
    r.prefix = session->prefix;
    r.interface_id = session->interface_id;
    r.ambr_uplink = session->ambr_uplink;
    r.ambr_downlink = session->ambr_downlink;
    r.charging_id = session->charging_id;
    r.selection_mode = session->selection_mode;
    vepc_session_record_write(w, &r);
}

static void export_bearer(const struct vepc *vepc, u64 slot, struct pv_writer *w)
{
    const struct bearer *bearer = &vepc->bearer[slot];
    const struct downlink *downlink = &vepc->downlink[slot];
    struct vepc_bearer_record r;
    r.s1u_teid = vepc->bearers.teid[slot];
    r.s5c_teid = vepc->sessions.teid[bearer->session];
    r.ebi = bearer->ebi;
    r.qci = bearer->qci;
    r.arp = bearer->arp;
    r.mbr_uplink = bearer->mbr_uplink;
    r.mbr_downlink = bearer->mbr_downlink;
    r.gbr_uplink = bearer->gbr_uplink;
    r.gbr_downlink = bearer->gbr_downlink;
    r.enb.teid = downlink->teid;
    r.enb.ipv4 = downlink->ipv4;
    r.connected = (u8)downlink->connected;
    r.solicited = (u8)downlink->solicited;
    vepc_bearer_record_write(w, &r);
}

static void export_procedure(const struct vepc *vepc, const struct procedure *procedure,
                             struct pv_writer *w)
{
    struct vepc_procedure_record r;
    u64 left = procedure->deadline_ns > vepc->now_ns ? procedure->deadline_ns - vepc->now_ns : 0;
    r.peer = procedure->peer;
    r.port = procedure->port;
    r.message_type = procedure->message_type;
    r.sequence = procedure->sequence;
    r.digest = procedure->digest;
    r.remaining_ms = (u32)((left + 999999) / 1000000);
    r.response_length = procedure->response_length;
    memory_copy(r.response, procedure->response, procedure->response_length);
    vepc_procedure_record_write(w, &r);
}

static void export_usage(const struct vepc *vepc, u64 slot, struct pv_writer *w)
{
    struct vepc_usage_record r;
    r.s1u_teid = vepc->bearers.teid[slot];
    r.uplink_packets = vepc->uplink[slot].packets;
    r.uplink_bytes = vepc->uplink[slot].bytes;
    r.downlink_packets = vepc->downlink[slot].packets;
    r.downlink_bytes = vepc->downlink[slot].bytes;
    vepc_usage_record_write(w, &r);
}

static void export_cleared(u64 slot, struct pv_writer *w)
{
    struct vepc_cleared_record r;
    r.ue = (u32)(slot + 1);
    vepc_cleared_record_write(w, &r);
}

/* Writes the record at `cursor` of a section that is stored in slots. */
static void export_slot(const struct vepc *vepc, u64 section, u64 slot, struct pv_writer *w)
{
    switch (section) {
    case VEPC_SECTION_UE:
        export_ue(vepc, slot, w);
        break;
    case VEPC_SECTION_SESSION:
        export_session(vepc, slot, w);
        break;
    case VEPC_SECTION_BEARER:
        export_bearer(vepc, slot, w);
        break;
    case VEPC_SECTION_USAGE:
        export_usage(vepc, slot, w);
        break;
    default:
        export_cleared(slot, w);
        break;
    }
}

static const struct contexts *contexts_of(const struct vepc *vepc, u64 section)
{
    if (section == VEPC_SECTION_UE || section == VEPC_SECTION_CLEARED)
        return &vepc->ues;
    return section == VEPC_SECTION_SESSION ? &vepc->sessions : &vepc->bearers;
}

static int step_has_room(const struct pv_export *step, const struct pv_writer *w, u64 record_max)
{
    return step->capacity - w->length >= record_max;
}

/* A UE that changed again after `until` is left for the next round, but must be cleared in
 * this one: what it no longer has may belong to a UE of this round. */
static void export_contexts(const struct vepc *vepc, struct pv_export *step, struct pv_writer *w,
                            u64 record_max)
{
    const struct contexts *table = contexts_of(vepc, step->section);
    u64 budget = STEP_BUDGET;
    u64 slot = step->cursor;
    while (budget > 0 && step_has_room(step, w, record_max)) {
        slot = contexts_changed(table, slot, step->since, &budget);
        if (slot == table->capacity || budget == 0)
            break;
        int cleared = step->section == VEPC_SECTION_CLEARED;
        int in_time = step->until == 0 || table->epoch[slot] <= step->until;
        if (cleared || (table->teid[slot] != 0 && in_time)) {
            export_slot(vepc, step->section, slot, w);
            step->records++;
        }
        slot++;
        budget--;
    }
    step->cursor = slot;
    step->more = slot < table->capacity;
}

/* The cursor is the serial number of the next answer. */
static void export_procedures(const struct vepc *vepc, struct pv_export *step, struct pv_writer *w)
{
    u64 serial = step->cursor < vepc->procedure_oldest ? vepc->procedure_oldest : step->cursor;
    u64 budget = STEP_BUDGET;
    while (serial < vepc->procedure_next && budget-- > 0 &&
           step_has_room(step, w, VEPC_PROCEDURE_RECORD_MAX)) {
        const struct procedure *procedure = procedures_at(vepc, serial);
        if (procedure->epoch > step->since &&
            (step->until == 0 || procedure->epoch <= step->until)) {
            export_procedure(vepc, procedure, w);
            step->records++;
        }
        serial++;
    }
    step->cursor = serial;
    step->more = serial < vepc->procedure_next;
}

/* The small sections have no epochs: they are always exported whole. */
static void export_small(const struct vepc *vepc, struct pv_export *step, struct pv_writer *w)
{
    u64 end = step->section == VEPC_SECTION_PATH   ? vepc->path_count
              : step->section == VEPC_SECTION_POOL ? 2 * (u64)vepc->config.apns_count
                                                   : 1;
    u64 at = step->cursor;
    for (; at < end && step_has_room(step, w, VEPC_POOL_RECORD_MAX); at++) {
        if (step->section == VEPC_SECTION_POOL && pool_of(vepc, at)->free.size == 0)
            continue;
        if (step->section == VEPC_SECTION_PATH)
            export_path(vepc, at, w);
        else if (step->section == VEPC_SECTION_POOL)
            export_pool(vepc, at, w);
        else
            export_gateway(vepc, w);
        step->records++;
    }
    step->cursor = at;
    step->more = at < end;
}

i64 vnf_epoch(u8 *arena)
{
    struct vepc *vepc = pv_native(arena);
    return (i64)vepc->epoch++;
}

static u64 record_max(u64 section)
{
    switch (section) {
    case VEPC_SECTION_UE:
        return VEPC_UE_RECORD_MAX;
    case VEPC_SECTION_SESSION:
        return VEPC_SESSION_RECORD_MAX;
    case VEPC_SECTION_BEARER:
        return VEPC_BEARER_RECORD_MAX;
    case VEPC_SECTION_PROCEDURE:
        return VEPC_PROCEDURE_RECORD_MAX;
    case VEPC_SECTION_USAGE:
        return VEPC_USAGE_RECORD_MAX;
    case VEPC_SECTION_CLEARED:
        return VEPC_CLEARED_RECORD_MAX;
    default:
        return VEPC_POOL_RECORD_MAX; /* the largest of the small sections */
    }
}

i64 vnf_export(u8 *arena, struct pv_export *step)
{
    const struct vepc *vepc = pv_native(arena);
    if (step->section < VEPC_SECTION_GATEWAY || step->section > VEPC_SECTION_CLEARED)
        return -PV_ERROR_SECTION;
    u64 most = record_max(step->section);
    if (step->capacity < most)
        return -PV_ERROR_BUFFER;
    struct pv_writer w = {step->buffer, 0};
    step->records = 0;
    if (step->section == VEPC_SECTION_PROCEDURE)
        export_procedures(vepc, step, &w);
    else if (step->section <= VEPC_SECTION_PATH)
        export_small(vepc, step, &w);
    else
        export_contexts(vepc, step, &w, most);
    step->length = w.length;
    return 0;
}

_Static_assert(VEPC_POOL_RECORD_MAX >= VEPC_GATEWAY_RECORD_MAX &&
                   VEPC_POOL_RECORD_MAX >= VEPC_PATH_RECORD_MAX,
               "the small sections share one bound");
