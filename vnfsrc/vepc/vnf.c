/* What the vEPC exports to the host: its arena and its bursts (portvnf/vnf.h). */
#include "access.h"
#include "due.h"
#include "filters.h"
#include "gtpc_ahead.h"
#include "packets.h"
#include "pools.h"
#include "procedures.h"
#include "purge.h"
#include "qos.h"
#include "reassembly.h"
#include "sgi.h"
#include "tft.h"
#include "transactions.h"
#include "transport.h"

i64 vnf_abi_version(void)
{
    return PV_ABI_VERSION;
}

static int has_address(const struct vepc_endpoint *endpoint)
{
    return address_is_set(&endpoint->ipv4) || address_is_set(&endpoint->ipv6);
}

/* Each mode needs its own interfaces; a P-GW needs APNs to serve. */
static int addresses_ok(const struct vepc_config *config)
{
    int pgw = config->mode == VEPC_CONFIG_MODE_PGW;
    int sgw = config->mode == VEPC_CONFIG_MODE_SGW;
    if (!pgw && (!has_address(&config->s11) || !has_address(&config->s1u)))
        return 0;
    if ((pgw || sgw) && !has_address(&config->s5))
        return 0;
    return sgw || config->apns_count > 0;
}

/* Each rule makes a template that a message can carry. */
static int rules_ok(const struct vepc_config *config)
{
    for (u64 i = 0; i < config->rules_count; i++) {
        const struct vepc_rule *rule = &config->rules[i];
        if (rule->name_length == 0 || rule->filters_count == 0 ||
            tft_length(rule->filters, rule->filters_count) > TFT_LENGTH_MAX)
            return 0;
        for (u64 f = 0; f < rule->filters_count; f++)
            if (packet_filter_check(&rule->filters[f]) != CAUSE_ACCEPTED)
                return 0;
    }
    return 1;
}

static i64 read_config(struct vepc_config *config, const u8 *bytes, u64 length)
{
    struct pv_reader reader = {bytes, length, 0, 0};
    vepc_config_read(&reader, config, 1);
    if (reader.error != 0 || reader.left != 0 || !addresses_ok(config) || !rules_ok(config) ||
        pools_check(config) != 0)
        return -PV_ERROR_CONFIG;
    return 0;
}

/* Hands out the arena piece by piece; with `memory` 0 it only adds up. */
struct layout {
    u8 *memory;
    u64 used;
};

static u8 *place(struct layout *layout, u64 bytes)
{
    u8 *here = layout->memory ? layout->memory + layout->used : 0;
    layout->used += memory_round(bytes);
    return here;
}

/* The pieces in their order. vepc is 0 while adding up. */
static void lay_out(struct layout *layout, struct vepc *vepc, const struct vepc_config *config)
{
    u64 sessions = config->sessions;
    u64 bearers = config->bearers;
    u8 *ues = place(layout, contexts_footprint(sessions));
    u8 *session_contexts = place(layout, contexts_footprint(sessions));
    u8 *bearer_contexts = place(layout, contexts_footprint(bearers));
    u8 *ue = place(layout, sessions * sizeof(struct ue));
    u8 *session = place(layout, sessions * sizeof(struct session));
    u8 *bearer = place(layout, bearers * sizeof(struct bearer));
    u8 *uplink = place(layout, bearers * sizeof(struct uplink));
    u8 *downlink = place(layout, bearers * sizeof(struct downlink));
    u8 *by_imsi = place(layout, index_footprint(sessions));
    u8 *by_enb = place(layout, index_footprint(bearers));
    u64 at_pgws = config->mode == VEPC_CONFIG_MODE_SGW ? bearers : 0;
    u8 *by_pgw = place(layout, index_footprint(at_pgws));
    u8 *pools = place(layout, pools_footprint(config));
    u8 *paths = place(layout, config->peers * sizeof(struct path));
    u8 *path_order = place(layout, config->peers * sizeof(u32));
    u8 *procedures = place(layout, config->procedures * sizeof(struct procedure));
    u8 *by_request = place(layout, index_footprint(config->procedures));
    u8 *transactions = place(layout, transactions_footprint(config->transactions));
    u8 *timers = place(layout, timers_footprint(2 * sessions + config->peers));
    u8 *packets = place(layout, packets_footprint(config->packets));
    u8 *datagrams = place(layout, reassembly_footprint());
    u8 *filters = place(layout, filters_footprint(config->filters));
    u8 *buckets = place(layout, qos_footprint(bearers));
    u8 *records = place(layout, config->records * sizeof(struct vepc_record_record));
    u64 foreign = config->mode == VEPC_CONFIG_MODE_SGW ? sessions : 0;
    u8 *foreign_apns = place(layout, foreign * sizeof(struct foreign_apn));
    if (!vepc)
        return;
    contexts_init(&vepc->ues, sessions, ues);
    contexts_init(&vepc->sessions, sessions, session_contexts);
    contexts_init(&vepc->bearers, bearers, bearer_contexts);
    vepc->ue = pv_native(ue);
    vepc->session = pv_native(session);
    vepc->bearer = pv_native(bearer);
    vepc->uplink = pv_native(uplink);
    vepc->downlink = pv_native(downlink);
    index_init(&vepc->ue_by_imsi, sessions, by_imsi);
    index_init(&vepc->bearer_by_enb, bearers, by_enb);
    index_init(&vepc->bearer_by_pgw, at_pgws, by_pgw);
    pools_init(vepc, pools);
    vepc->path = pv_native(paths);
    vepc->procedure = pv_native(procedures);
    index_init(&vepc->procedure_by_request, config->procedures, by_request);
    vepc->path_order = pv_native(path_order);
    transactions_init(vepc, config->transactions, transactions);
    timers_init(&vepc->timers, 2 * sessions + config->peers, timers);
    packets_init(vepc, config->packets, packets);
    reassembly_init(vepc, datagrams);
    filters_init(vepc, config->filters, filters);
    qos_init(vepc, buckets);
    vepc->record = pv_native(records);
    vepc->foreign_apn = pv_native(foreign_apns);
}

i64 vnf_arena_size(const u8 *bytes, u64 length)
{
    struct vepc_config config;
    i64 error = read_config(&config, bytes, length);
    if (error)
        return error;
    struct layout layout = {0, memory_round(sizeof(struct vepc))};
    lay_out(&layout, 0, &config);
    return (i64)layout.used;
}

i64 vnf_init(u8 *arena, u64 arena_length, const u8 *bytes, u64 length, u64 now_ns)
{
    i64 size = vnf_arena_size(bytes, length);
    if (size < 0)
        return size;
    if (arena_length < (u64)size)
        return -PV_ERROR_ARENA;
    struct vepc *vepc = pv_native(arena);
    read_config(&vepc->config, bytes, length);
    vepc->now_ns = now_ns;
    vepc->started_ns = now_ns;
    vepc->epoch = 1;
    vepc->restart_counter = vepc->config.restart_counter;
    vepc->next_charging_id = 1;
    struct layout layout = {arena, memory_round(sizeof(struct vepc))};
    lay_out(&layout, vepc, &vepc->config);
    return 0;
}

static void receive(struct turn *turn, struct pv_packet *packet)
{
    switch (packet->port) {
    case VEPC_PORT_S11:
    case VEPC_PORT_S1U:
    case VEPC_PORT_S5:
        transport_receive(turn, packet);
        break;
    case VEPC_PORT_SGI:
        sgi_receive(turn, packet);
        break;
    default:
        drop(turn, packet, DROP_unknown_port);
        break;
    }
}

/* Where a user packet's TEID or destination would stand, fetched before it is needed.
 * Nothing is decided here: a packet that is not what it seems fetches a line in vain. */
static void look_ahead(const struct vepc *vepc, const struct pv_burst *burst)
{
    u64 access_port = is_pgw(vepc) ? VEPC_PORT_S5 : VEPC_PORT_S1U;
    for (u64 i = 0; i < burst->in_count; i++) {
        const u8 *data = packet_data(burst->in[i]);
        if (burst->in[i]->length < IPV6_HEADER)
            continue;
        u64 slot = BITMAP_NONE;
        u64 teid_at = (data[0] >> 4 == 4 ? IPV4_HEADER : IPV6_HEADER) + UDP_HEADER + 4;
        int tunnelled = burst->in[i]->port == access_port;
        if (tunnelled && teid_at + 4 <= burst->in[i]->length)
            slot = (u64)CONTEXT_NUMBER(pv_load_be32(data + teid_at)) - 1;
        else if (burst->in[i]->port == VEPC_PORT_SGI && data[0] >> 4 == 4)
            slot = (u64)pools_find4(vepc, pv_load_be32(data + 16)) - 1;
        else if (burst->in[i]->port == VEPC_PORT_SGI)
            slot = (u64)pools_find6(vepc, pv_load_be64(data + 24)) - 1;
        if (slot >= vepc->bearers.capacity)
            continue;
        if (tunnelled)
            __builtin_prefetch(&vepc->uplink[slot], 1);
        else
            __builtin_prefetch(&vepc->downlink[slot], 1);
    }
}

i64 vnf_burst(u8 *arena, struct pv_burst *burst)
{
    struct vepc *vepc = pv_native(arena);
    struct turn turn = {vepc, burst, 0};
    vepc->now_ns = burst->now_ns;
    burst->out_count = 0;
    u64 timer_ns = procedures_expire(vepc);
    u64 datagram_ns = reassembly_expire(vepc);
    look_ahead(vepc, burst);
    gtpc_look_ahead(vepc, burst);
    for (u64 i = 0; i < burst->in_count; i++) {
        burst->in[i]->reason = 0;
        receive(&turn, burst->in[i]);
    }
    u64 purge_ns = purge_run(&turn);
    u64 due_ns = due_run(&turn);
    u64 transaction_ns = transactions_run(&turn);
    timer_ns = datagram_ns < timer_ns ? datagram_ns : timer_ns;
    timer_ns = due_ns < timer_ns ? due_ns : timer_ns;
    timer_ns = purge_ns < timer_ns ? purge_ns : timer_ns;
    return (i64)(transaction_ns < timer_ns ? transaction_ns : timer_ns);
}

static u64 counter_value(const struct vepc *vepc, u64 which)
{
    switch (which) {
    case GAUGE_ues:
        return vepc->ues.capacity - vepc->ues.free.free;
    case GAUGE_sessions:
        return vepc->sessions.capacity - vepc->sessions.free.free;
    case GAUGE_bearers:
        return vepc->bearers.capacity - vepc->bearers.free.free;
    case GAUGE_packets_waiting:
        return vepc->packets_free.size - vepc->packets_free.free;
    case GAUGE_records:
        return vepc->record_next - vepc->record_oldest;
    default:
        return vepc->counters[which];
    }
}

i64 vnf_counters(u8 *arena, u64 *values, u64 capacity)
{
    const struct vepc *vepc = pv_native(arena);
    for (u64 i = 0; i < COUNTERS && i < capacity; i++)
        values[i] = counter_value(vepc, i);
    return COUNTERS;
}
