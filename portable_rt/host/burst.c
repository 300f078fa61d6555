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

void pv_engine_count_held(struct pv_engine *engine)
{
    u64 held = engine->held.packets;
    if (engine->injected_waits)
        held += engine->injected.packets;
    pv_stat_set(&engine->stats.held, held);
    if (held > engine->stats.held_peak)
        pv_stat_set(&engine->stats.held_peak, held);
}

/* Keeps packets behind the backlog; returns how many there was room for. */
static u64 keep(struct pv_engine *engine, u64 count)
{
    u64 kept = 0;
    while (kept < count && engine->held.packets < engine->hold_limit &&
           pv_backlog_append(&engine->held, engine->burst.in[kept]) == 0)
        kept++;
    pv_stat_add(&engine->stats.held_dropped, count - kept);
    pv_engine_count_held(engine);
    return kept;
}

/* Packets that wait and may leave in this mode. */
static u64 to_release(const struct pv_engine *engine)
{
    u64 injected = engine->injected_waits ? 0 : engine->injected.packets;
    u64 held = engine->stats.mode == PV_MODE_SERVE ? engine->held.packets : 0;
    return injected + held;
}

int pv_engine_releasing(const struct pv_engine *engine)
{
    return to_release(engine) != 0;
}

/* Hands one burst of `count` packets that wait to the VNF, injected ones first. */
static void release_burst(struct pv_engine *engine, u64 count)
{
    struct pv_packet **packets = engine->burst.in;
    u64 taken = pv_backlog_take(&engine->injected, packets, count);
    taken += pv_backlog_take(&engine->held, packets + taken, count - taken);
    pv_engine_count_held(engine);
    call_vnf(engine, taken);
}

/* Releases as many packets as this pass has put behind the backlog, so that it never
 * grows, and some more, so that it ends: what the pace allows, or one burst without it.
 * Returns how many. */
static u64 release_backlog(struct pv_engine *engine, u64 behind, int paced)
{
    u64 waiting = to_release(engine);
    u64 more = PV_BURST_MAX;
    if (paced) {
        pv_release_begin(&engine->pace, waiting, engine->now_ns);
        more = pv_release_allow(&engine->pace, waiting - behind, engine->now_ns);
    }
    u64 count = behind + more < waiting ? behind + more : waiting;
    for (u64 left = count; left;) {
        u64 burst = left < PV_BURST_MAX ? left : PV_BURST_MAX;
        release_burst(engine, burst);
        left -= burst;
    }
    return count;
}

/* Receives at most one burst from a port. */
static u64 receive(struct pv_engine *engine, struct pv_port *port, u64 wanted)
{
    struct pv_packet **packets = engine->burst.in;
    u64 count = port->driver->rx_burst(port, packets, wanted);
    if (count == 0)
        return 0;
    pv_port_received(port, packets, count, engine->now_ns);
    pv_stat_set(&engine->stats.last_rx_ns, engine->now_ns);
    return count;
}

/* Receives one burst from each port and serves it at once. */
static u64 receive_and_serve(struct pv_engine *engine)
{
    u64 received = 0;
    for (u64 i = 0; i < PV_PORTS_MAX; i++) {
        if (!engine->ports[i].driver)
            continue;
        u64 count = receive(engine, &engine->ports[i], PV_BURST_MAX);
        if (count)
            call_vnf(engine, count);
        received += count;
    }
    return received;
}

/* Receives one burst from each port and keeps it; adds to *behind what was kept. */
static u64 receive_and_keep(struct pv_engine *engine, u64 *behind)
{
    u64 received = 0;
    for (u64 i = 0; i < PV_PORTS_MAX; i++) {
        if (!engine->ports[i].driver)
            continue;
        u64 wanted = PV_BURST_MAX;
        if (engine->stats.mode == PV_MODE_SERVE) {
            /* While a backlog drains, what does not fit waits in the device instead. */
            u64 room = engine->hold_limit - engine->held.packets;
            wanted = room < wanted ? room : wanted;
        }
        u64 count = receive(engine, &engine->ports[i], wanted);
        *behind += keep(engine, count);
        received += count;
    }
    return received;
}

u64 pv_engine_pass(struct pv_engine *engine, u64 now_ns, int paced, u64 *released)
{
    if (now_ns > engine->now_ns)
        engine->now_ns = now_ns;
    int serving = engine->stats.mode == PV_MODE_SERVE;
    int releasing = pv_engine_releasing(engine);
    u64 received, behind = 0;
    if (serving && !releasing)
        received = receive_and_serve(engine);
    else
        received = receive_and_keep(engine, &behind);
    if (releasing)
        *released += release_backlog(engine, serving ? behind : 0, paced);
    if (!pv_engine_releasing(engine))
        pv_release_end(&engine->pace);
    if (serving && engine->now_ns >= engine->next_call_ns)
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
