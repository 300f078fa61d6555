/* Exporting state: arena to records, section by section, in steps. import.c is the
 * counterpart. */
#include "export.h"
#include "procedures.h"
#include "qos.h"

/* Slots, blocks or answers that one step may look at. */
#define STEP_BUDGET 65536

/* Writes the record at a slot. */
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

/* Buckets are exported once, while nothing else happens. Those that are full say nothing; most
 * are, and most of them need not be looked at. */
static void export_buckets(const struct vepc *vepc, struct pv_export *step, struct pv_writer *w)
{
    u64 budget = STEP_BUDGET;
    u64 slot = step->cursor;
    while (budget > 0 && step_has_room(step, w, VEPC_BUCKET_RECORD_MAX)) {
        slot = bucket_next(vepc, slot, &budget);
        if (slot >= vepc->bearers.capacity || budget == 0)
            break;
        if (vepc->bearers.teid[slot] != 0)
            step->records += (u64)export_bucket(vepc, slot, w);
        slot++;
        budget--;
    }
    step->cursor = slot;
    step->more = slot < vepc->bearers.capacity;
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

/* What bearers have chains of. The cursor is a bearer's slot and, below it, the entry at
 * which its chain goes on (as slot + 1; 0: at its first). A chain that changed since the last
 * step belongs to a bearer that changed after `until`. */
static void export_chains(const struct vepc *vepc, struct pv_export *step, struct pv_writer *w,
                          u64 record_max)
{
    const struct contexts *table = &vepc->bearers;
    u64 budget = STEP_BUDGET;
    u64 slot = step->cursor >> 32;
    u32 entry = (u32)step->cursor;
    while (budget > 0 && step_has_room(step, w, record_max)) {
        u64 from = slot;
        slot = contexts_changed(table, slot, step->since, &budget);
        if (slot == table->capacity || budget == 0)
            break;
        budget--;
        if (table->teid[slot] == 0 || (step->until != 0 && table->epoch[slot] > step->until)) {
            slot++;
            entry = NO_SLOT;
            continue;
        }
        if (slot != from || entry == NO_SLOT)
            entry = export_first(vepc, step->section, slot);
        for (; entry != NO_SLOT && step_has_room(step, w, record_max); step->records++)
            entry = step->section == VEPC_SECTION_FILTER ? export_filter(vepc, slot, entry, w)
                                                         : export_packet(vepc, slot, entry, w);
        if (entry == NO_SLOT)
            slot++;
    }
    step->cursor = slot << 32 | entry;
    step->more = slot < table->capacity;
}

/* The cursor counts transactions: they are exported while nothing else happens. */
static void export_transactions(const struct vepc *vepc, struct pv_export *step,
                                struct pv_writer *w)
{
    u32 lists[2] = {vepc->transactions.unsent_first, vepc->transactions.sent_first};
    u64 at = 0;
    step->more = 0;
    for (u64 i = 0; i < 2; i++)
        for (u32 entry = lists[i]; entry != NO_SLOT; entry = vepc->transaction[entry - 1].next) {
            if (at++ < step->cursor)
                continue;
            if (!step_has_room(step, w, VEPC_TRANSACTION_RECORD_MAX)) {
                step->more = 1;
                return;
            }
            export_transaction(vepc, entry - 1, w);
            step->records++;
            step->cursor = at;
        }
}

/* The cursor is the serial number of the next record, as they are taken from the oldest. */
static void export_records(const struct vepc *vepc, struct pv_export *step, struct pv_writer *w)
{
    u64 serial = step->cursor < vepc->record_oldest ? vepc->record_oldest : step->cursor;
    for (; serial < vepc->record_next && step_has_room(step, w, VEPC_RECORD_RECORD_MAX); serial++) {
        export_record(vepc, serial, w);
        step->records++;
    }
    step->cursor = serial;
    step->more = serial < vepc->record_next;
}

/* The small sections have no epochs: they are always exported whole. */
static void export_small(const struct vepc *vepc, struct pv_export *step, struct pv_writer *w,
                         u64 record_max)
{
    u64 end = step->section == VEPC_SECTION_PATH       ? vepc->path_count
              : step->section == VEPC_SECTION_POOL     ? 2 * (u64)vepc->config.apns_count
              : step->section == VEPC_SECTION_DATAGRAM ? vepc->datagram_count
                                                       : 1;
    u64 at = step->cursor;
    for (; at < end && step_has_room(step, w, record_max); at++) {
        if (step->section == VEPC_SECTION_POOL && pool_of(vepc, at)->free.size == 0)
            continue;
        if (step->section == VEPC_SECTION_PATH)
            export_path(vepc, at, w);
        else if (step->section == VEPC_SECTION_POOL)
            export_pool(vepc, at, w);
        else if (step->section == VEPC_SECTION_DATAGRAM)
            export_datagram(vepc, at, w);
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
    case VEPC_SECTION_GATEWAY:
        return VEPC_GATEWAY_RECORD_MAX;
    case VEPC_SECTION_POOL:
        return VEPC_POOL_RECORD_MAX;
    case VEPC_SECTION_PATH:
        return VEPC_PATH_RECORD_MAX;
    case VEPC_SECTION_UE:
        return VEPC_UE_RECORD_MAX;
    case VEPC_SECTION_SESSION:
        return VEPC_SESSION_RECORD_MAX;
    case VEPC_SECTION_BEARER:
        return VEPC_BEARER_RECORD_MAX;
    case VEPC_SECTION_FILTER:
        return VEPC_FILTER_RECORD_MAX;
    case VEPC_SECTION_PACKET:
        return VEPC_PACKET_RECORD_MAX;
    case VEPC_SECTION_PROCEDURE:
        return VEPC_PROCEDURE_RECORD_MAX;
    case VEPC_SECTION_TRANSACTION:
        return VEPC_TRANSACTION_RECORD_MAX;
    case VEPC_SECTION_BUCKET:
        return VEPC_BUCKET_RECORD_MAX;
    case VEPC_SECTION_RECORD:
        return VEPC_RECORD_RECORD_MAX;
    case VEPC_SECTION_DATAGRAM:
        return VEPC_DATAGRAM_RECORD_MAX;
    case VEPC_SECTION_USAGE:
        return VEPC_USAGE_RECORD_MAX;
    case VEPC_SECTION_CLEARED:
        return VEPC_CLEARED_RECORD_MAX;
    default:
        return 0; /* no section that is exported */
    }
}

i64 vnf_export(u8 *arena, struct pv_export *step)
{
    const struct vepc *vepc = pv_native(arena);
    u64 most = record_max(step->section);
    if (most == 0)
        return -PV_ERROR_SECTION;
    if (step->capacity < most)
        return -PV_ERROR_BUFFER;
    struct pv_writer w = {step->buffer, 0};
    step->records = 0;
    switch (step->section) {
    case VEPC_SECTION_GATEWAY:
    case VEPC_SECTION_POOL:
    case VEPC_SECTION_PATH:
    case VEPC_SECTION_DATAGRAM:
        export_small(vepc, step, &w, most);
        break;
    case VEPC_SECTION_FILTER:
    case VEPC_SECTION_PACKET:
        export_chains(vepc, step, &w, most);
        break;
    case VEPC_SECTION_PROCEDURE:
        export_procedures(vepc, step, &w);
        break;
    case VEPC_SECTION_TRANSACTION:
        export_transactions(vepc, step, &w);
        break;
    case VEPC_SECTION_BUCKET:
        export_buckets(vepc, step, &w);
        break;
    case VEPC_SECTION_RECORD:
        export_records(vepc, step, &w);
        break;
    default:
        export_contexts(vepc, step, &w, most);
        break;
    }
    step->length = w.length;
    return 0;
}
