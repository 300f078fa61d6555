/* Exporting what belongs to UEs. import_contexts.c mirrors this file function for function. */
#include "export.h"
#include "sessions.h"

void export_ue(const struct vepc *vepc, u64 slot, struct pv_writer *w)
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
    r.mme_restart_count = ue->mme_restart_count;
    r.mme_restart[0] = ue->mme_restart;
    r.mme_csid_length = ue->mme_csid_length;
    memory_copy(r.mme_csid, ue->mme_csid, ue->mme_csid_length);
    r.rat_type = ue->rat_type;
    memory_copy(r.serving_network, ue->serving_network, sizeof r.serving_network);
    r.uli_length = ue->uli_length;
    memory_copy(r.uli, ue->uli, ue->uli_length);
    r.time_zone_length = ue->time_zone_length;
    memory_copy(r.time_zone, ue->time_zone, ue->time_zone_length);
    r.suspended = ue->suspended;
    r.paging = ue->paging;
    /* The limit that an import sets to a notification is not of the state. */
    int timed = !ue->releasing && ue->paging != VEPC_UE_PAGING_NOTIFIED;
    r.paging_remaining_ms =
        timed ? (u32)timers_left_ms(&vepc->timers, timer_of_ue(slot), vepc->now_ns) : 0;
    r.releasing = ue->releasing;
    vepc_ue_record_write(w, &r);
}

void export_session(const struct vepc *vepc, u64 slot, struct pv_writer *w)
{
    const struct session *session = &vepc->session[slot];
    struct vepc_session_record r;
    r.s5c_teid = vepc->sessions.teid[slot];
    r.s11_teid = vepc->ues.teid[session->ue];
    r.lbi = session->lbi;
    r.apn_length = (u16)session_apn(vepc, slot, r.apn);
    r.pdn_type = session->pdn_type;
    r.ipv4 = session->ipv4;
    r.prefix = session->prefix;
    r.interface_id = session->interface_id;
    r.ambr_uplink = session->ambr_uplink;
    r.ambr_downlink = session->ambr_downlink;
    r.selection_mode = session->selection_mode;
    r.charging_characteristics_length = session->charging_characteristics_length;
    memory_copy(r.charging_characteristics, session->charging_characteristics,
                session->charging_characteristics_length);
    r.peer = session->peer;
    r.peer_restart_count = session->peer_restart_count;
    r.peer_restart[0] = session->peer_restart;
    r.relocated = session->relocated;
    r.rules_wait = session->rules_wait;
    r.record_remaining_ms =
        (u32)timers_left_ms(&vepc->timers, timer_of_session(vepc, slot), vepc->now_ns);
    vepc_session_record_write(w, &r);
}

void export_bearer(const struct vepc *vepc, u64 slot, struct pv_writer *w)
{
    const struct bearer *bearer = &vepc->bearer[slot];
    const struct downlink *downlink = &vepc->downlink[slot];
    struct vepc_bearer_record r;
    r.s1u_teid = vepc->bearers.teid[slot];
    r.s5c_teid = vepc->sessions.teid[bearer->session];
    r.ebi = bearer->ebi;
    r.qos = bearer->qos;
    r.charging_id = bearer->charging_id;
    r.rule_length = bearer->rule_length;
    memory_copy(r.rule, bearer->rule, bearer->rule_length);
    r.enb.teid = downlink->teid;
    r.enb.address = downlink->address;
    r.connected = downlink->connected;
    r.solicited = downlink->detour & DETOUR_SOLICITED ? 1 : 0;
    r.pgw = bearer->pgw;
    r.forward_downlink = bearer->forward_downlink;
    r.forward_uplink = bearer->forward_uplink;
    r.opened_ms = bearer->opened_ms;
    r.recorded_uplink_packets = bearer->recorded.uplink_packets;
    r.recorded_uplink_bytes = bearer->recorded.uplink_bytes;
    r.recorded_downlink_packets = bearer->recorded.downlink_packets;
    r.recorded_downlink_bytes = bearer->recorded.downlink_bytes;
    r.recorded_ms = bearer->recorded_ms;
    r.records = bearer->records;
    r.sgw_change = bearer->sgw_change;
    vepc_bearer_record_write(w, &r);
}

/* The filter behind `entry` that belongs to the bearer, as slot + 1. */
static u32 next_filter(const struct vepc *vepc, u64 bearer, u32 entry)
{
    while (entry != NO_SLOT && vepc->filter[entry - 1].bearer != bearer)
        entry = vepc->filter[entry - 1].next;
    return entry;
}

u32 export_first(const struct vepc *vepc, u64 section, u64 bearer)
{
    if (section == VEPC_SECTION_PACKET)
        return vepc->bearer[bearer].first_packet;
    u32 first = vepc->session[vepc->bearer[bearer].session].first_filter;
    return next_filter(vepc, bearer, first);
}

u32 export_filter(const struct vepc *vepc, u64 bearer, u32 entry, struct pv_writer *w)
{
    const struct filter *filter = &vepc->filter[entry - 1];
    struct vepc_filter_record r;
    r.s1u_teid = vepc->bearers.teid[bearer];
    r.match = filter->match;
    vepc_filter_record_write(w, &r);
    return next_filter(vepc, bearer, filter->next);
}

u32 export_packet(const struct vepc *vepc, u64 bearer, u32 entry, struct pv_writer *w)
{
    const struct packet *packet = &vepc->packet[entry - 1];
    struct vepc_packet_record r;
    r.s1u_teid = vepc->bearers.teid[bearer];
    r.data_length = packet->length;
    memory_copy(r.data, packet->data, packet->length);
    vepc_packet_record_write(w, &r);
    return packet->next;
}

static u64 left(const struct bucket *bucket, u64 now)
{
    return bucket->full > now ? bucket->full - now : 0;
}

/* Returns 0 when both buckets are full. */
int export_bucket(const struct vepc *vepc, u64 slot, struct pv_writer *w)
{
    struct vepc_bucket_record r;
    u64 now = vepc->now_ns * 16;
    r.s1u_teid = vepc->bearers.teid[slot];
    r.uplink = left(&vepc->uplink[slot].bucket, now);
    r.downlink = left(&vepc->downlink[slot].bucket, now);
    if (r.uplink == 0 && r.downlink == 0)
        return 0;
    vepc_bucket_record_write(w, &r);
    return 1;
}

void export_usage(const struct vepc *vepc, u64 slot, struct pv_writer *w)
{
    struct vepc_usage_record r;
    r.s1u_teid = vepc->bearers.teid[slot];
    r.charging_id = vepc->bearer[slot].charging_id;
    r.uplink_packets = vepc->uplink[slot].packets;
    r.uplink_bytes = vepc->uplink[slot].bytes;
    r.downlink_packets = vepc->downlink[slot].packets;
    r.downlink_bytes = vepc->downlink[slot].bytes;
    vepc_usage_record_write(w, &r);
}

void export_cleared(u64 slot, struct pv_writer *w)
{
    struct vepc_cleared_record r;
    r.ue = (u32)(slot + 1);
    vepc_cleared_record_write(w, &r);
}
