/* One pass of the engine: packets from backlog and ports, through the VNF, to ports. */
#include "engine_state.h"

#include <stdint.h>

#include "capture_writer.h"

void pv_engine_reset_packets(struct pv_engine *engine, u64 first, u64 count)
{
    for (u64 i = first; i < first + count; i++) {
        struct pv_packet *packet = &engine->packets[i];
        *packet = (struct pv_packet){
            .base = engine->buffers + i * PV_BUFFER_SIZE,
            .capacity = PV_BUFFER_SIZE,
            .offset = PV_HEADROOM,
        };
        if (i < PV_BURST_MAX)
            engine->burst.in[i] = packet;
        else
            engine->burst.spare[i - PV_BURST_MAX] = packet;
    }
}

/* The port that an output packet leaves by, or NULL when the VNF made something of it
 * that cannot be sent. */
static struct pv_port *output_port(struct pv_engine *engine, const struct pv_packet *packet)
{
    u64 distance = (uintptr_t)packet - (uintptr_t)engine->packets;
    u64 i = distance / sizeof *packet;
    if (distance >= sizeof engine->packets || distance % sizeof *packet != 0)
        return NULL;
    if (packet->base != engine->buffers + i * PV_BUFFER_SIZE || packet->length == 0)
        return NULL;
    if (packet->offset > PV_BUFFER_SIZE || packet->length > PV_BUFFER_SIZE - packet->offset)
        return NULL;
    return pv_engine_port(engine, packet->port);
}

static void send_output(struct pv_engine *engine)
{
    struct pv_burst *burst = &engine->burst;
    u64 count = burst->out_count;
    if (count > PV_OUT_MAX) {
        pv_stat_add(&engine->stats.refused, count - PV_OUT_MAX);
        count = PV_OUT_MAX;
    }
    /* Neighbours that leave by the same port go to its driver together. */
    for (u64 i = 0; i < count;) {
        struct pv_port *port = output_port(engine, burst->out[i]);
        u64 end = i + 1;
        if (!port) {
            pv_stat_add(&engine->stats.refused, 1);
            i = end;
            continue;
        }
        while (end < count && output_port(engine, burst->out[end]) == port)
            end++;
        port->driver->tx_burst(port, &burst->out[i], end - i);
        i = end;
    }
}

/* Calls the VNF with packets[0 .. count) and sends what it puts out. */
static void call_vnf(struct pv_engine *engine, u64 count)
{
    struct pv_burst *burst = &engine->burst;
    burst->now_ns = engine->now_ns;
    burst->in_count = count;
    burst->spare_count = PV_SPARE_MAX;
    burst->out_count = 0;
    i64 delay_ns = engine->vnf_burst(engine->arena, burst);
    if (delay_ns < 0)
        delay_ns = 0;
    if ((u64)delay_ns > PV_CALL_INTERVAL_NS)
        delay_ns = PV_CALL_INTERVAL_NS;
    engine->next_call_ns = engine->now_ns + (u64)delay_ns;
    if (count)
        pv_stat_add(&engine->stats.bursts, 1);
    if (burst->out_count)
        send_output(engine);
    pv_engine_reset_packets(engine, 0, count);
    if (burst->out_count)
        pv_engine_reset_packets(engine, PV_BURST_MAX, PV_SPARE_MAX);
}

static void keep(struct pv_engine *engine, u64 count)
{
    u64 kept = 0;
    while (kept < count && engine->held.packets < engine->hold_limit &&
           pv_backlog_append(&engine->held, engine->burst.in[kept]) == 0)
        kept++;
    if (engine->pace.rate && engine->stats.mode == PV_MODE_SERVE)
        pv_release_arrived(&engine->pace, kept);
    pv_stat_add(&engine->stats.held_dropped, count - kept);
    pv_stat_set(&engine->stats.held, engine->held.packets);
    if (engine->held.packets > engine->stats.held_peak)
        pv_stat_set(&engine->stats.held_peak, engine->held.packets);
}

int pv_engine_releasing(const struct pv_engine *engine)
{
    return engine->injected.packets ||
           (engine->stats.mode == PV_MODE_SERVE && engine->held.packets);
}

/* Hands at most one burst of the backlog to the VNF; returns how many packets. */
static u64 release_backlog(struct pv_engine *engine, int paced)
{
    u64 waiting = engine->injected.packets;
    if (engine->stats.mode == PV_MODE_SERVE)
        waiting += engine->held.packets;
    u64 count = waiting < PV_BURST_MAX ? waiting : PV_BURST_MAX;
    if (paced) {
        pv_release_begin(&engine->pace, waiting, engine->now_ns);
        count = pv_release_allow(&engine->pace, count, engine->now_ns);
    }
    if (count == 0)
        return 0;
    struct pv_packet **packets = engine->burst.in;
    u64 taken = pv_backlog_take(&engine->injected, packets, count);
    if (engine->stats.mode == PV_MODE_SERVE)
        taken += pv_backlog_take(&engine->held, packets + taken, count - taken);
    pv_stat_set(&engine->stats.held, engine->held.packets);
    call_vnf(engine, taken);
    return taken;
}

/* Receives one burst and serves it, or keeps it behind the backlog. */
static u64 receive(struct pv_engine *engine, struct pv_port *port)
{
    int serving = engine->stats.mode == PV_MODE_SERVE;
    int direct = serving && !pv_engine_releasing(engine);
    u64 wanted = PV_BURST_MAX;
    if (serving && !direct) {
        /* While a backlog drains, what does not fit waits in the device instead. */
        u64 room = engine->hold_limit - engine->held.packets;
        wanted = room < wanted ? room : wanted;
    }
    struct pv_packet **packets = engine->burst.in;
    u64 count = port->driver->rx_burst(port, packets, wanted);
    if (count == 0)
        return 0;
    pv_port_received(port, packets, count, engine->now_ns);
    pv_stat_set(&engine->stats.last_rx_ns, engine->now_ns);
    if (direct)
        call_vnf(engine, count);
    else
        keep(engine, count);
    return count;
}

u64 pv_engine_pass(struct pv_engine *engine, u64 now_ns, int paced, u64 *released)
{
    if (now_ns > engine->now_ns)
        engine->now_ns = now_ns;
    if (pv_engine_releasing(engine))
        *released += release_backlog(engine, paced);
    if (!pv_engine_releasing(engine))
        pv_release_end(&engine->pace);
    u64 received = 0;
    for (u64 i = 0; i < PV_PORTS_MAX; i++) {
        if (engine->ports[i].driver)
            received += receive(engine, &engine->ports[i]);
    }
    if (engine->stats.mode == PV_MODE_SERVE && engine->now_ns >= engine->next_call_ns)
        call_vnf(engine, 0);
    return received;
}

void pv_engine_flush(struct pv_engine *engine)
{
    for (u64 i = 0; i < PV_PORTS_MAX; i++) {
        struct pv_port *port = &engine->ports[i];
        if (port->driver && port->driver->flush)
            port->driver->flush(port);
        if (port->recording)
            pv_capture_writer_flush(port->recording);
    }
}
