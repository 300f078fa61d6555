/* Charging records: see charging.h. */
#include "charging.h"

#include "access.h"
#include "sessions.h"

static struct vepc_record_record *record_at(const struct vepc *vepc, u64 serial)
{
    return &vepc->record[serial % vepc->config.records];
}

/* A new record, or 0 when there is no room; what ends may take the last quarter. */
static struct vepc_record_record *append(struct vepc *vepc, int ends)
{
    u64 most = vepc->config.records - (ends ? 0 : vepc->config.records / 4);
    if (vepc->record_next - vepc->record_oldest >= most)
        return 0;
    struct vepc_record_record *record = record_at(vepc, vepc->record_next);
    record->serial = vepc->record_next++;
    count(vepc, COUNT_records_written);
    return record;
}

static void lose(struct vepc *vepc, u64 uplink_bytes, u64 downlink_bytes)
{
    count(vepc, COUNT_records_lost);
    vepc->counters[COUNT_records_lost_uplink_bytes] += uplink_bytes;
    vepc->counters[COUNT_records_lost_downlink_bytes] += downlink_bytes;
}

static void describe_ue(struct vepc_record_record *record, const struct ue *ue)
{
    memory_copy(record->imsi, ue->imsi, sizeof record->imsi);
    record->msisdn_length = ue->msisdn_length;
    memory_copy(record->msisdn, ue->msisdn, ue->msisdn_length);
    record->mei_length = ue->mei_length;
    memory_copy(record->mei, ue->mei, ue->mei_length);
    record->rat_type = ue->rat_type;
    memory_copy(record->serving_network, ue->serving_network, sizeof record->serving_network);
    record->uli_length = ue->uli_length;
    memory_copy(record->uli, ue->uli, ue->uli_length);
}

static void describe_session(const struct vepc *vepc, struct vepc_record_record *record, u64 slot)
{
    const struct session *session = &vepc->session[slot];
    int pgw = vepc->config.mode == VEPC_CONFIG_MODE_PGW;
    record->apn_length = (u8)session_apn(vepc, slot, record->apn);
    record->pdn_type = session->pdn_type;
    record->ipv4 = session->ipv4;
    record->prefix = session->prefix;
    record->peer = pgw ? session->peer.address : vepc->ue[session->ue].mme.address;
    record->pgw = is_sgw(vepc) ? session->peer.address : (struct pv_address){0, 0};
    record->charging_characteristics_length = session->charging_characteristics_length;
    memory_copy(record->charging_characteristics, session->charging_characteristics,
                session->charging_characteristics_length);
}

/* Moves what a bearer's packet records hold into a record. */
static void take_usage(struct vepc *vepc, struct vepc_record_record *record, u64 slot)
{
    struct bearer *bearer = &vepc->bearer[slot];
    struct uplink *uplink = &vepc->uplink[slot];
    struct downlink *downlink = &vepc->downlink[slot];
    record->uplink_packets = uplink->packets;
    record->uplink_bytes = uplink->bytes;
    record->downlink_packets = downlink->packets;
    record->downlink_bytes = downlink->bytes;
    bearer->recorded.uplink_packets += uplink->packets;
    bearer->recorded.uplink_bytes += uplink->bytes;
    bearer->recorded.downlink_packets += downlink->packets;
    bearer->recorded.downlink_bytes += downlink->bytes;
    uplink->packets = 0;
    uplink->bytes = 0;
    downlink->packets = 0;
    downlink->bytes = 0;
}

static void write(struct vepc *vepc, struct vepc_record_record *record, u64 slot, u8 cause)
{
    struct bearer *bearer = &vepc->bearer[slot];
    const struct session *session = &vepc->session[bearer->session];
    record->cause = cause;
    record->charging_id = bearer->charging_id;
    record->sequence = ++bearer->records;
    describe_ue(record, &vepc->ue[session->ue]);
    describe_session(vepc, record, bearer->session);
    record->sgw_change = bearer->sgw_change;
    bearer->sgw_change = 0;
    record->ebi = bearer->ebi;
    record->qos = bearer->qos;
    record->opened_ms = bearer->recorded_ms;
    record->closed_ms = uptime_ms(vepc);
    bearer->recorded_ms = record->closed_ms;
    take_usage(vepc, record, slot);
}

static int has_usage(const struct vepc *vepc, u64 slot)
{
    return vepc->uplink[slot].packets || vepc->downlink[slot].packets;
}

/* Whether both of its peers know a bearer: one may have refused it or, before a move to this
 * S-GW came to its end, never have heard of it. */
static int was_established(const struct vepc *vepc, u64 slot)
{
    const struct bearer *bearer = &vepc->bearer[slot];
    if (bearer->ebi < EBI_FIRST)
        return 0;
    return !is_sgw(vepc) || (bearer->pgw.teid && !vepc->session[bearer->session].relocated);
}

/* Closes a record of a bearer that goes on, unless it would say nothing. */
static void cut(struct vepc *vepc, u64 slot, u8 cause)
{
    if (!has_usage(vepc, slot))
        return;
    struct vepc_record_record *record = append(vepc, 0);
    if (record)
        write(vepc, record, slot, cause);
}

void charging_begin(struct vepc *vepc, u64 session_slot)
{
    u64 interval_ns = (u64)vepc->config.record_ms * 1000000;
    if (interval_ns == 0)
        return;
    u64 share = index_hash(session_slot + 1) & 0xffff;
    u64 first_ns = interval_ns - (interval_ns >> 17) * share;
    timers_set(&vepc->timers, timer_of_session(vepc, session_slot), vepc->now_ns + first_ns);
}

void charging_due(struct vepc *vepc, u64 session_slot)
{
    u64 timer = timer_of_session(vepc, session_slot);
    u64 interval_ns = (u64)vepc->config.record_ms * 1000000;
    const struct session *session = &vepc->session[session_slot];
    const struct ue *ue = &vepc->ue[session->ue];
    for (u64 ebi = EBI_PLACE_FIRST; ebi <= EBI_LAST; ebi++) {
        u64 slot = ue_find_bearer(ue, ebi);
        if (slot != CONTEXTS_NONE && vepc->bearer[slot].session == session_slot)
            cut(vepc, slot, CHARGING_TIME_LIMIT);
    }
    if (interval_ns) {
        u64 next = vepc->timers.due_ns[timer] + interval_ns;
        timers_set(&vepc->timers, timer, next > vepc->now_ns ? next : vepc->now_ns + interval_ns);
    }
    ue_touch(vepc, session->ue);
}

void charging_cut(struct vepc *vepc, u64 ue_slot, u8 cause)
{
    const struct ue *ue = &vepc->ue[ue_slot];
    for (u64 ebi = EBI_PLACE_FIRST; ebi <= EBI_LAST; ebi++)
        if (ue->bearer[ebi] != NO_SLOT)
            cut(vepc, ue->bearer[ebi] - 1, cause);
}

void charging_end(struct vepc *vepc, u64 bearer_slot, u8 cause)
{
    struct bearer *bearer = &vepc->bearer[bearer_slot];
    if (bearer->ended_teid)
        return;
    bearer->ended_teid = vepc->bearers.teid[bearer_slot];
    if (!was_established(vepc, bearer_slot) && !has_usage(vepc, bearer_slot))
        return;
    struct vepc_record_record *record = append(vepc, 1);
    if (!record) {
        lose(vepc, vepc->uplink[bearer_slot].bytes, vepc->downlink[bearer_slot].bytes);
        return;
    }
    write(vepc, record, bearer_slot, cause);
    bearer->last_record = record->serial + 1;
}

void charging_end_session(struct vepc *vepc, u64 session_slot, u8 cause)
{
    const struct ue *ue = &vepc->ue[vepc->session[session_slot].ue];
    for (u64 ebi = EBI_PLACE_FIRST; ebi <= EBI_LAST; ebi++) {
        u64 bearer = ue_find_bearer(ue, ebi);
        if (bearer != CONTEXTS_NONE && vepc->bearer[bearer].session == session_slot)
            charging_end(vepc, bearer, cause);
    }
}

void charging_end_ue(struct vepc *vepc, u64 ue_slot, u8 cause)
{
    const struct ue *ue = &vepc->ue[ue_slot];
    for (u64 ebi = EBI_PLACE_FIRST; ebi <= EBI_LAST; ebi++)
        if (ue->bearer[ebi] != NO_SLOT)
            charging_end(vepc, ue->bearer[ebi] - 1, cause);
}

void charging_forget_ue(struct vepc *vepc, u64 ue_slot)
{
    const struct ue *ue = &vepc->ue[ue_slot];
    for (u64 ebi = EBI_PLACE_FIRST; ebi <= EBI_LAST; ebi++) {
        u64 slot = ue_find_bearer(ue, ebi);
        if (slot != CONTEXTS_NONE)
            vepc->bearer[slot].ended_teid = vepc->bearers.teid[slot];
    }
}

/* The last record of a bearer that ended, 0 when it is gone: the bearer's slot and the
 * record's place keep what they held until others need them. */
static const struct vepc_record_record *last_record(const struct vepc *vepc, u32 s1u_teid)
{
    u64 slot = (u64)CONTEXT_NUMBER(s1u_teid) - 1;
    if (slot >= vepc->bearers.capacity)
        return 0;
    const struct bearer *bearer = &vepc->bearer[slot];
    if (bearer->ended_teid != s1u_teid || bearer->last_record == 0)
        return 0;
    const struct vepc_record_record *last = record_at(vepc, bearer->last_record - 1);
    return last->serial == bearer->last_record - 1 ? last : 0;
}

void charging_late(struct vepc *vepc, const struct vepc_usage_record *usage)
{
    if (usage->uplink_packets == 0 && usage->downlink_packets == 0)
        return;
    count(vepc, COUNT_usage_without_bearer);
    const struct vepc_record_record *last = last_record(vepc, usage->s1u_teid);
    struct vepc_record_record late;
    if (last) {
        late = *last;
        late.sequence++;
    } else {
        __builtin_memset(&late, 0, sizeof late);
        __builtin_memset(late.imsi, 0xff, sizeof late.imsi);
        late.charging_id = usage->charging_id;
    }
    struct vepc_record_record *record = append(vepc, 1);
    if (!record) {
        lose(vepc, usage->uplink_bytes, usage->downlink_bytes);
        return;
    }
    late.serial = record->serial;
    late.cause = CHARGING_MANAGEMENT_INTERVENTION;
    late.closed_ms = uptime_ms(vepc);
    late.opened_ms = last ? last->closed_ms : late.closed_ms;
    late.uplink_packets = usage->uplink_packets;
    late.uplink_bytes = usage->uplink_bytes;
    late.downlink_packets = usage->downlink_packets;
    late.downlink_bytes = usage->downlink_bytes;
    *record = late;
}

int charging_taken(struct vepc *vepc, u64 below)
{
    if (below > vepc->record_next)
        return 0;
    if (below > vepc->record_oldest)
        vepc->record_oldest = below;
    return 1;
}
