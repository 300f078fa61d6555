/* Exporting the gateway's own state: what is not of one UE. import_gateway.c mirrors this
 * file function for function. */
#include "export.h"
#include "procedures.h"

void export_gateway(const struct vepc *vepc, struct pv_writer *w)
{
    struct vepc_gateway_record r;
    const struct contexts *kinds[3] = {&vepc->ues, &vepc->sessions, &vepc->bearers};
    struct vepc_allocator *allocators[3] = {&r.ue, &r.session, &r.bearer};
    for (u64 i = 0; i < 3; i++) {
        allocators[i]->next = (u32)(kinds[i]->next + 1);
        allocators[i]->round = (u8)kinds[i]->round;
    }
    r.mode = vepc->config.mode;
    r.s11 = vepc->config.s11;
    r.s1u = vepc->config.s1u;
    r.s5 = vepc->config.s5;
    r.restart_counter = vepc->restart_counter;
    r.next_charging_id = vepc->next_charging_id;
    r.next_sequence = vepc->next_sequence;
    r.next_record = vepc->record_next;
    r.ip_id = vepc->ip_id;
    r.uptime_ms = uptime_ms(vepc);
    r.strangers_remaining_ns = ns_left(vepc->strangers_full_ns, vepc->now_ns);
    r.notices_remaining_ns = ns_left(vepc->notices_full_ns, vepc->now_ns);
    r.icmp_remaining_ns = ns_left(vepc->icmp_full_ns, vepc->now_ns);
    r.lost_sets_count = (u8)vepc->purge.sets_count;
    for (u64 i = 0; i < vepc->purge.sets_count; i++)
        r.lost_sets[i] = vepc->purge.sets[i];
    vepc_gateway_record_write(w, &r);
}

void export_pool(const struct vepc *vepc, u64 number, struct pv_writer *w)
{
    const struct vepc_apn *apn = &vepc->config.apns[number >> 1];
    struct vepc_pool_record r;
    r.apn_length = apn->name_length;
    memory_copy(r.apn, apn->name, apn->name_length);
    r.family = number & 1 ? VEPC_POOL_FAMILY_IPV6 : VEPC_POOL_FAMILY_IPV4;
    r.next = (u32)pool_of(vepc, number)->next;
    vepc_pool_record_write(w, &r);
}

void export_path(const struct vepc *vepc, u64 at, struct pv_writer *w)
{
    const struct path *path = &vepc->path[vepc->path_order[at]];
    struct vepc_path_record r;
    r.peer = path->peer;
    r.plane = path->plane;
    r.interface = path->interface;
    r.restart_known = path->restart_known;
    r.restart_counter = path->restart_counter;
    r.sequence = path->sequence;
    r.echo_remaining_ms =
        (u32)timers_left_ms(&vepc->timers, timer_of_path(vepc, path->slot), vepc->now_ns);
    r.echo_sequence = path->echo_sequence;
    r.echo_tries = path->echo_tries;
    r.down = path->down;
    r.purging = path->purging;
    r.notification_delay_ms = path->notification_delay_ms;
    r.throttling_percent = path->throttling_percent;
    r.throttling_remaining_ms = (u32)ms_left(path->throttled_until_ns, vepc->now_ns);
    r.rate_remaining_ns = ns_left(path->rate_full_ns, vepc->now_ns);
    vepc_path_record_write(w, &r);
}

void export_procedure(const struct vepc *vepc, const struct procedure *procedure,
                      struct pv_writer *w)
{
    struct vepc_procedure_record r;
    r.peer = procedure->peer;
    r.port = procedure->port;
    r.message_type = procedure->message_type;
    r.sequence = procedure->sequence;
    r.digest = procedure->digest;
    r.remaining_ms = (u32)ms_left(procedure->deadline_ns, vepc->now_ns);
    r.response_length = procedure->response_length;
    memory_copy(r.response, procedure->response, procedure->response_length);
    vepc_procedure_record_write(w, &r);
}

void export_transaction(const struct vepc *vepc, u64 slot, struct pv_writer *w)
{
    const struct transaction *transaction = &vepc->transaction[slot];
    struct vepc_transaction_record r;
    r.peer = transaction->peer;
    r.interface = transaction->interface;
    r.sequence = transaction->sequence;
    r.remaining_ms = transaction->tries ? (u32)ms_left(transaction->deadline_ns, vepc->now_ns) : 0;
    r.tries = transaction->tries;
    r.s11_teid = transaction->s11_teid;
    r.s5c_teid = transaction->s5c_teid;
    r.bearers_count = transaction->bearers_count;
    for (u64 i = 0; i < transaction->bearers_count; i++)
        r.bearers[i] = transaction->bearers[i];
    r.origin = transaction->origin;
    r.message_length = transaction->message_length;
    memory_copy(r.message, transaction->message, transaction->message_length);
    vepc_transaction_record_write(w, &r);
}

void export_record(const struct vepc *vepc, u64 serial, struct pv_writer *w)
{
    vepc_record_record_write(w, &vepc->record[serial % vepc->config.records]);
}

void export_datagram(const struct vepc *vepc, u64 at, struct pv_writer *w)
{
    const struct datagram *datagram = &vepc->datagram[vepc->datagram_order[at]];
    struct vepc_datagram_record r;
    r.source = datagram->source;
    r.destination = datagram->destination;
    r.identification = datagram->identification;
    r.remaining_ms = (u32)ms_left(datagram->deadline_ns, vepc->now_ns);
    r.last_came = datagram->last_came;
    memory_copy(r.units, datagram->units, sizeof r.units);
    r.data_length = datagram->length;
    memory_copy(r.data, datagram->data, datagram->length);
    vepc_datagram_record_write(w, &r);
}
