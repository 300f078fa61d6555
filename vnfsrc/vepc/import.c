/* Importing state: records to arena, section by section. export.c is the counterpart.
 * Everything read is hostile until checked. */
#include "import.h"

#include "gtpc.h"
#include "gtpc_send.h"

void import_order(struct vepc *vepc, struct pv_reader *in, u64 key)
{
    if (in->error)
        return;
    in->field = 1;
    if (key <= vepc->import_previous)
        pv_refuse(in, -PV_ERROR_ORDER);
    vepc->import_previous = key;
}

void import_refuse(struct pv_reader *in, u64 field, i64 error)
{
    if (in->error)
        return;
    in->field = field;
    in->error = error;
}

void import_reach(struct pv_reader *in, u64 field, const struct vepc_endpoint *ours,
                  const struct pv_address *peer)
{
    if (!can_reach(ours, peer))
        import_refuse(in, field, -PV_ERROR_FAMILY);
}

u64 import_find(struct pv_reader *in, const struct contexts *table, u32 teid, u64 field)
{
    u64 slot = in->error ? CONTEXTS_NONE : contexts_find(table, teid);
    if (slot == CONTEXTS_NONE)
        import_refuse(in, field, -PV_ERROR_REFERENCE);
    return slot;
}

static void import_one(struct vepc *vepc, u64 section, struct pv_reader *in)
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
    case VEPC_SECTION_FILTER:
        import_filter(vepc, in);
        break;
    case VEPC_SECTION_PACKET:
        import_packet(vepc, in);
        break;
    case VEPC_SECTION_PROCEDURE:
        import_procedure(vepc, in);
        break;
    case VEPC_SECTION_TRANSACTION:
        import_transaction(vepc, in);
        break;
    case VEPC_SECTION_BUCKET:
        import_bucket(vepc, in);
        break;
    case VEPC_SECTION_RECORD:
        import_record(vepc, in);
        break;
    case VEPC_SECTION_DATAGRAM:
        import_datagram(vepc, in);
        break;
    case VEPC_SECTION_USAGE:
        import_usage(vepc, in);
        break;
    case VEPC_SECTION_BEARER_ORDER:
        import_bearer_order(vepc, in);
        break;
    case VEPC_SECTION_RECORDS_TAKEN:
        import_records_taken(vepc, in);
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
        vepc->record_oldest + vepc->import_records != vepc->record_next ||
        vepc->incomplete_ues != 0 || vepc->incomplete_sessions != 0)
        return -PV_ERROR_INCOMPLETE;
    import_paths_complete(vepc);
    vepc->import_complete = 1;
    /* Rounds of a migration delete and make again; only what follows counts. */
    __builtin_memset(vepc->counters, 0, sizeof vepc->counters);
    return 0;
}

/* A command is for a gateway that is in service, not for one whose import goes on; one about
 * bearers is not for an S-GW, which decides on none. */
static i64 begin_command(const struct vepc *vepc, u64 section)
{
    if (section == VEPC_SECTION_BEARER_ORDER && vepc->config.mode == VEPC_CONFIG_MODE_SGW)
        return -PV_ERROR_SECTION;
    return vepc->import_complete || vepc->import_gateways == 0 ? 0 : -PV_ERROR_INCOMPLETE;
}

/* A complete state takes nothing more but usage, and usage comes once: it is added up. */
static i64 begin_step(struct vepc *vepc, const struct pv_import *step)
{
    if (step->section == VEPC_SECTION_BEARER_ORDER || step->section == VEPC_SECTION_RECORDS_TAKEN)
        return begin_command(vepc, step->section);
    int usage = step->section == VEPC_SECTION_USAGE;
    if (vepc->import_complete && !usage)
        return -PV_ERROR_DUPLICATE;
    if (step->first && usage && vepc->import_usage)
        return -PV_ERROR_DUPLICATE;
    vepc->importing = !vepc->import_complete;
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
    if (step->section > VEPC_SECTION_RECORDS_TAKEN)
        return -PV_ERROR_SECTION;
    i64 error = begin_step(vepc, step);
    if (error)
        return error;
    struct pv_reader in = {step->buffer, step->length, 0, 0};
    while (in.left > 0) {
        u64 record = step->length - in.left;
        import_one(vepc, step->section, &in);
        if (in.error) {
            step->failed = record;
            step->field = in.field;
            return in.error;
        }
        step->records++;
    }
    return 0;
}
