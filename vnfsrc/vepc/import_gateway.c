/* Importing the gateway's own state: what is not of one UE. export_gateway.c mirrors this
 * file function for function. */
#include "import.h"

#include "access.h"
#include "charging.h"
#include "paths.h"
#include "pools.h"
#include "procedures.h"
#include "purge.h"
#include "rate_limits.h"
#include "reassembly.h"
#include "transactions.h"

static void check_endpoint(struct pv_reader *in, const struct vepc_endpoint *theirs,
                           const struct vepc_endpoint *ours, u64 field)
{
    if (!address_equal(&theirs->ipv4, &ours->ipv4))
        import_refuse(in, field, -PV_ERROR_FOREIGN);
    if (!address_equal(&theirs->ipv6, &ours->ipv6))
        import_refuse(in, field + 1, -PV_ERROR_FOREIGN);
}

static void check_limits(const struct vepc *vepc, struct pv_reader *in,
                         const struct vepc_gateway_record *r)
{
    if (r->strangers_remaining_ns > rate_limits_most(vepc, VEPC_PATH_PLANE_GTP_C))
        import_refuse(in, VEPC_FIELD_GATEWAY_STRANGERS_REMAINING_NS, -PV_ERROR_CAPACITY);
    if (r->notices_remaining_ns > rate_limits_most(vepc, VEPC_PATH_PLANE_GTP_U))
        import_refuse(in, VEPC_FIELD_GATEWAY_NOTICES_REMAINING_NS, -PV_ERROR_CAPACITY);
    if (r->icmp_remaining_ns > ICMP_INTERVAL_NS * ICMP_BURST)
        import_refuse(in, VEPC_FIELD_GATEWAY_ICMP_REMAINING_NS, -PV_ERROR_CAPACITY);
}

void import_gateway(struct vepc *vepc, struct pv_reader *in)
{
    struct vepc_gateway_record r;
    vepc_gateway_record_read(in, &r, 1);
    struct contexts *kinds[3] = {&vepc->ues, &vepc->sessions, &vepc->bearers};
    const struct vepc_allocator *allocators[3] = {&r.ue, &r.session, &r.bearer};
    if (r.mode != vepc->config.mode)
        import_refuse(in, VEPC_FIELD_GATEWAY_MODE, -PV_ERROR_FOREIGN);
    check_endpoint(in, &r.s11, &vepc->config.s11, VEPC_FIELD_GATEWAY_S11_IPV4);
    check_endpoint(in, &r.s1u, &vepc->config.s1u, VEPC_FIELD_GATEWAY_S1U_IPV4);
    check_endpoint(in, &r.s5, &vepc->config.s5, VEPC_FIELD_GATEWAY_S5_IPV4);
    check_limits(vepc, in, &r);
    for (u64 i = 0; i < 3; i++)
        if (allocators[i]->next > kinds[i]->capacity)
            import_refuse(in, VEPC_FIELD_GATEWAY_UE_NEXT + 2 * i, -PV_ERROR_CAPACITY);
    if (vepc->import_gateways)
        import_refuse(in, FIELD_NONE, -PV_ERROR_DUPLICATE);
    if (in->error)
        return;
    for (u64 i = 0; i < 3; i++) {
        kinds[i]->next = (u64)allocators[i]->next - 1;
        kinds[i]->round = allocators[i]->round;
    }
    vepc->restart_counter = r.restart_counter;
    vepc->next_charging_id = r.next_charging_id;
    vepc->next_sequence = r.next_sequence;
    vepc->record_oldest = r.next_record;
    vepc->record_next = r.next_record;
    vepc->ip_id = r.ip_id;
    vepc->uptime_ms = r.uptime_ms;
    vepc->started_ns = vepc->now_ns;
    vepc->strangers_full_ns = vepc->now_ns + r.strangers_remaining_ns;
    vepc->notices_full_ns = vepc->now_ns + r.notices_remaining_ns;
    vepc->icmp_full_ns = vepc->now_ns + r.icmp_remaining_ns;
    for (u64 i = 0; i < r.lost_sets_count; i++)
        purge_add_set(vepc, r.lost_sets[i].csid, r.lost_sets[i].csid_length);
    vepc->import_gateways++;
}

void import_pool(struct vepc *vepc, struct pv_reader *in)
{
    struct vepc_pool_record r;
    vepc_pool_record_read(in, &r, 1);
    u64 apn = in->error ? APN_NONE : config_find_apn(&vepc->config, r.apn, r.apn_length);
    if (apn == APN_NONE) {
        import_refuse(in, VEPC_FIELD_POOL_APN, -PV_ERROR_FOREIGN);
        return;
    }
    int ipv6 = r.family == VEPC_POOL_FAMILY_IPV6;
    struct pool *pool = ipv6 ? &vepc->pdn[apn].pool6 : &vepc->pdn[apn].pool4;
    import_order(vepc, in, 2 * apn + (u64)ipv6 + 1);
    if (pool->free.size == 0)
        import_refuse(in, VEPC_FIELD_POOL_FAMILY, -PV_ERROR_FOREIGN);
    if (r.next == 0 || r.next >= pool->free.size)
        import_refuse(in, VEPC_FIELD_POOL_NEXT, -PV_ERROR_NOT_CANONICAL);
    if (in->error)
        return;
    pool->next = r.next;
    vepc->import_pools++;
}

static const struct vepc_endpoint *path_endpoint(const struct vepc_config *config,
                                                 const struct vepc_path_record *r)
{
    if (r->interface == VEPC_PATH_INTERFACE_S5)
        return &config->s5;
    return r->plane == VEPC_PATH_PLANE_GTP_C ? &config->s11 : &config->s1u;
}

static void check_path(struct vepc *vepc, struct pv_reader *in, const struct vepc_path_record *r)
{
    if (!address_is_host(&r->peer))
        import_refuse(in, VEPC_FIELD_PATH_PEER, -PV_ERROR_NOT_CANONICAL);
    import_reach(in, VEPC_FIELD_PATH_PEER, path_endpoint(&vepc->config, r), &r->peer);
    if (!r->restart_known && r->restart_counter)
        import_refuse(in, VEPC_FIELD_PATH_RESTART_COUNTER, -PV_ERROR_NOT_CANONICAL);
    if (r->plane == VEPC_PATH_PLANE_GTP_C && r->sequence)
        import_refuse(in, VEPC_FIELD_PATH_SEQUENCE, -PV_ERROR_NOT_CANONICAL);
    if (r->rate_remaining_ns > rate_limits_most(vepc, r->plane))
        import_refuse(in, VEPC_FIELD_PATH_RATE_REMAINING_NS, -PV_ERROR_CAPACITY);
    if ((r->echo_sequence != 0) != (r->echo_tries != 0) ||
        (r->echo_sequence && !r->echo_remaining_ms))
        import_refuse(in, VEPC_FIELD_PATH_ECHO_SEQUENCE, -PV_ERROR_NOT_CANONICAL);
    const struct path *known = paths_find(vepc, &r->peer, r->plane);
    if (known && known->imported)
        import_refuse(in, VEPC_FIELD_PATH_PEER, -PV_ERROR_DUPLICATE);
    else if (vepc->import_paths > 0 &&
             !paths_before(&vepc->last_peer, vepc->last_plane, &r->peer, r->plane))
        import_refuse(in, VEPC_FIELD_PATH_PEER, -PV_ERROR_ORDER);
    else if (vepc->import_paths == vepc->config.peers)
        import_refuse(in, VEPC_FIELD_PATH_PEER, -PV_ERROR_CAPACITY);
}

void import_path(struct vepc *vepc, struct pv_reader *in)
{
    struct vepc_path_record r;
    vepc_path_record_read(in, &r, 1);
    check_path(vepc, in, &r);
    if (in->error)
        return;
    struct path *path = paths_get(vepc, &r.peer, r.plane);
    if (!path) {
        import_refuse(in, VEPC_FIELD_PATH_PEER, -PV_ERROR_CAPACITY);
        return;
    }
    vepc->last_peer = r.peer;
    vepc->last_plane = r.plane;
    vepc->import_paths++;
    path->imported = 1;
    path->interface = r.interface;
    path->restart_known = r.restart_known;
    path->restart_counter = r.restart_counter;
    path->sequence = r.sequence;
    if (r.echo_remaining_ms)
        timers_set(&vepc->timers, timer_of_path(vepc, path->slot),
                   vepc->now_ns + (u64)r.echo_remaining_ms * 1000000);
    else
        timers_cancel(&vepc->timers, timer_of_path(vepc, path->slot));
    path->echo_sequence = r.echo_sequence;
    path->echo_tries = r.echo_tries;
    path->down = r.down;
    path->purging = r.purging;
    if (r.purging)
        purge_begin(vepc);
    path->notification_delay_ms = r.notification_delay_ms;
    path->throttling_percent = r.throttling_percent;
    path->throttled_until_ns = vepc->now_ns + (u64)r.throttling_remaining_ms * 1000000;
    path->rate_full_ns = vepc->now_ns + r.rate_remaining_ns;
}

/* What is kept must be an answer to its request, for it will be sent as it is; of a command
 * it may be none. */
static void check_response(struct pv_reader *in, const struct vepc_procedure_record *r)
{
    int is_command = r->message_type == GTPC_MODIFY_BEARER_COMMAND ||
                     r->message_type == GTPC_DELETE_BEARER_COMMAND ||
                     r->message_type == GTPC_BEARER_RESOURCE_COMMAND;
    if (is_command && r->response_length == 0)
        return;
    if (r->response_length < GTPC_HEADER || r->response[1] != r->message_type + 1 ||
        4 + (u64)pv_load_be16(r->response + 2) != r->response_length)
        import_refuse(in, VEPC_FIELD_PROCEDURE_RESPONSE, -PV_ERROR_NOT_CANONICAL);
}

/* An answer of an earlier round gives way, as it did at the source, where the ring was full
 * or the time of the answer to the same request was over. Those that came with this one do
 * not. */
void import_procedure(struct vepc *vepc, struct pv_reader *in)
{
    struct vepc_procedure_record r;
    vepc_procedure_record_read(in, &r, 1);
    if (in->error)
        return;
    struct request request = {.route = {.peer = r.peer, .port = r.port},
                              .type = r.message_type,
                              .sequence = r.sequence,
                              .digest = r.digest};
    const struct procedure *same = procedures_find(vepc, &request);
    if (same && same->serial >= vepc->import_answers)
        import_refuse(in, VEPC_FIELD_PROCEDURE_PEER, -PV_ERROR_DUPLICATE);
    if (vepc->procedure_next - vepc->import_answers == vepc->config.procedures)
        import_refuse(in, FIELD_NONE, -PV_ERROR_CAPACITY);
    if (r.remaining_ms < vepc->import_previous)
        import_refuse(in, VEPC_FIELD_PROCEDURE_REMAINING_MS, -PV_ERROR_ORDER);
    if (r.remaining_ms > vepc->config.retention_ms)
        import_refuse(in, VEPC_FIELD_PROCEDURE_REMAINING_MS, -PV_ERROR_CAPACITY);
    check_response(in, &r);
    if (in->error)
        return;
    vepc->import_previous = r.remaining_ms;
    if (same)
        procedures_forget(vepc, same->serial + 1);
    procedures_keep(vepc, &request, (u64)r.remaining_ms * 1000000, r.response, r.response_length);
}

/* A request goes out of its interface, and the answer to what it stands for out of the same one
 * or, at an S-GW alone, out of the other. */
static void check_transaction_peers(const struct vepc *vepc, struct pv_reader *in,
                                    const struct vepc_transaction_record *r)
{
    int s5 = r->interface == VEPC_TRANSACTION_INTERFACE_S5;
    int origin_s5 = s5 != is_sgw(vepc);
    if (!address_is_host(&r->peer))
        import_refuse(in, VEPC_FIELD_TRANSACTION_PEER, -PV_ERROR_NOT_CANONICAL);
    import_reach(in, VEPC_FIELD_TRANSACTION_PEER, s5 ? &vepc->config.s5 : &vepc->config.s11,
                 &r->peer);
    import_reach(in, VEPC_FIELD_TRANSACTION_ORIGIN_PEER,
                 origin_s5 ? &vepc->config.s5 : &vepc->config.s11, &r->origin.peer);
}

/* What waits must be a request of ours, for it will be sent as it is. */
static void check_transaction(struct vepc *vepc, struct pv_reader *in,
                              const struct vepc_transaction_record *r)
{
    check_transaction_peers(vepc, in, r);
    if (r->message_length < GTPC_HEADER || r->message[0] != 0x48 ||
        4 + (u64)pv_load_be16(r->message + 2) != r->message_length ||
        pv_load_be24(r->message + 8) != r->sequence)
        import_refuse(in, VEPC_FIELD_TRANSACTION_MESSAGE, -PV_ERROR_NOT_CANONICAL);
    struct ie ies = {r->message + GTPC_HEADER, (u64)r->message_length - GTPC_HEADER};
    if (in->error == 0 && !ies_well_formed(ies))
        import_refuse(in, VEPC_FIELD_TRANSACTION_MESSAGE, -PV_ERROR_NOT_CANONICAL);
    if (r->tries > vepc->config.n3)
        import_refuse(in, VEPC_FIELD_TRANSACTION_TRIES, -PV_ERROR_CAPACITY);
    if (r->remaining_ms > vepc->config.t3_ms)
        import_refuse(in, VEPC_FIELD_TRANSACTION_REMAINING_MS, -PV_ERROR_CAPACITY);
    if (r->tries == 0 && r->remaining_ms)
        import_refuse(in, VEPC_FIELD_TRANSACTION_REMAINING_MS, -PV_ERROR_NOT_CANONICAL);
    /* Those not sent yet come first, then the next one due. */
    u64 order = ((u64)(r->tries != 0) << 32) + r->remaining_ms;
    if (order < vepc->import_previous)
        import_refuse(in, VEPC_FIELD_TRANSACTION_REMAINING_MS, -PV_ERROR_ORDER);
    vepc->import_previous = order;
    if (in->error == 0 && transactions_find(vepc, &r->peer, r->sequence))
        import_refuse(in, VEPC_FIELD_TRANSACTION_SEQUENCE, -PV_ERROR_DUPLICATE);
}

void import_transaction(struct vepc *vepc, struct pv_reader *in)
{
    struct vepc_transaction_record r;
    vepc_transaction_record_read(in, &r, 1);
    check_transaction(vepc, in, &r);
    if (in->error)
        return;
    struct transaction *transaction = transactions_take(vepc);
    if (!transaction) {
        import_refuse(in, FIELD_NONE, -PV_ERROR_CAPACITY);
        return;
    }
    transaction->peer = r.peer;
    transaction->interface = r.interface;
    transaction->sequence = r.sequence;
    transaction->deadline_ns = vepc->now_ns + (u64)r.remaining_ms * 1000000;
    transaction->tries = r.tries;
    transaction->s11_teid = r.s11_teid;
    transaction->s5c_teid = r.s5c_teid;
    transaction->bearers_count = r.bearers_count;
    for (u64 i = 0; i < r.bearers_count; i++)
        transaction->bearers[i] = r.bearers[i];
    transaction->origin = r.origin;
    transaction->message_length = r.message_length;
    memory_copy(transaction->message, r.message, r.message_length);
    transactions_link(vepc, transaction);
}

/* Those that wait are the last ones before the next serial number, without a gap. */
void import_record(struct vepc *vepc, struct pv_reader *in)
{
    struct vepc_record_record r;
    vepc_record_record_read(in, &r, 1);
    if (vepc->import_records == 0 && r.serial <= vepc->record_next)
        vepc->record_oldest = r.serial;
    if (r.serial != vepc->record_oldest + vepc->import_records || r.serial >= vepc->record_next)
        import_refuse(in, VEPC_FIELD_RECORD_SERIAL, -PV_ERROR_ORDER);
    if (vepc->record_next - vepc->record_oldest > vepc->config.records)
        import_refuse(in, FIELD_NONE, -PV_ERROR_CAPACITY);
    if (!is_sgw(vepc) && address_is_set(&r.pgw))
        import_refuse(in, VEPC_FIELD_RECORD_PGW, -PV_ERROR_NOT_CANONICAL);
    if (!is_sgw(vepc) && r.sgw_change)
        import_refuse(in, VEPC_FIELD_RECORD_SGW_CHANGE, -PV_ERROR_NOT_CANONICAL);
    if (in->error)
        return;
    vepc->record[r.serial % vepc->config.records] = r;
    vepc->import_records++;
}

void import_records_taken(struct vepc *vepc, struct pv_reader *in)
{
    struct vepc_records_taken_record r;
    vepc_records_taken_record_read(in, &r, 1);
    if (!in->error && !charging_taken(vepc, r.below))
        import_refuse(in, VEPC_FIELD_RECORDS_TAKEN_BELOW, -PV_ERROR_REFERENCE);
}

/* What is said to be missing is 0; what is not there at all would be whole, or nothing. */
static int units_ok(const struct vepc_datagram_record *r)
{
    u64 units = ((u64)r->data_length + 7) / 8;
    u64 here = datagram_units(r->units, 0, units);
    if (r->data_length == 0 || here != datagram_units(r->units, 0, 8 * sizeof r->units) ||
        datagram_units(r->units, units - 1, units) == 0)
        return 0;
    for (u64 at = 0; at < r->data_length; at++)
        if (r->data[at] && datagram_units(r->units, at / 8, at / 8 + 1) == 0)
            return 0;
    return r->last_came ? here < units : r->data_length % 8 == 0;
}

static void check_datagram(struct vepc *vepc, struct pv_reader *in,
                           const struct vepc_datagram_record *r)
{
    struct fragment fragment = {
        .source = r->source, .destination = r->destination, .identification = r->identification};
    if (!address_is_host(&r->source) || address_equal(&r->source, &r->destination) ||
        address_is_ipv4(&r->source) != address_is_ipv4(&r->destination))
        import_refuse(in, VEPC_FIELD_DATAGRAM_SOURCE, -PV_ERROR_NOT_CANONICAL);
    if (!is_for_us(&vepc->config, &r->destination))
        import_refuse(in, VEPC_FIELD_DATAGRAM_DESTINATION, -PV_ERROR_FOREIGN);
    if (address_is_ipv4(&r->source) && r->identification > 0xffff)
        import_refuse(in, VEPC_FIELD_DATAGRAM_IDENTIFICATION, -PV_ERROR_NOT_CANONICAL);
    if (in->error == 0 && reassembly_knows(vepc, &fragment))
        import_refuse(in, VEPC_FIELD_DATAGRAM_IDENTIFICATION, -PV_ERROR_DUPLICATE);
    if (r->remaining_ms > REASSEMBLY_MS)
        import_refuse(in, VEPC_FIELD_DATAGRAM_REMAINING_MS, -PV_ERROR_CAPACITY);
    if (r->remaining_ms < vepc->import_previous)
        import_refuse(in, VEPC_FIELD_DATAGRAM_REMAINING_MS, -PV_ERROR_ORDER);
    vepc->import_previous = r->remaining_ms;
    if (in->error == 0 && !units_ok(r))
        import_refuse(in, VEPC_FIELD_DATAGRAM_UNITS, -PV_ERROR_NOT_CANONICAL);
}

void import_datagram(struct vepc *vepc, struct pv_reader *in)
{
    struct vepc_datagram_record r;
    vepc_datagram_record_read(in, &r, 1);
    check_datagram(vepc, in, &r);
    if (in->error)
        return;
    struct datagram *datagram = reassembly_append(vepc);
    if (!datagram) {
        import_refuse(in, FIELD_NONE, -PV_ERROR_CAPACITY);
        return;
    }
    datagram->source = r.source;
    datagram->destination = r.destination;
    datagram->deadline_ns = vepc->now_ns + (u64)r.remaining_ms * 1000000;
    datagram->identification = r.identification;
    datagram->length = r.data_length;
    datagram->units_count = (u16)datagram_units(r.units, 0, 8 * sizeof r.units);
    datagram->last_came = r.last_came;
    memory_copy(datagram->units, r.units, sizeof r.units);
    memory_copy(datagram->data, r.data, r.data_length);
}
