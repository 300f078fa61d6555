/* The VNF that stands in for a real one in the engine's tests. */
#include "double_vnf.h"

#include <string.h>

static void enter(struct double_arena *arena)
{
    if (arena->inside)
        arena->overlaps++;
    arena->inside = 1;
}

static void leave(struct double_arena *arena)
{
    arena->inside = 0;
}

static void exchange(u8 *a, u8 *b, u64 length)
{
    u8 kept[16];
    memcpy(kept, a, length);
    memcpy(a, b, length);
    memcpy(b, kept, length);
}

static void reflect(struct pv_packet *packet)
{
    u8 *ip = packet->base + packet->offset;
    if (packet->length < 28 || ip[0] != 0x45)
        return;
    exchange(ip + 12, ip + 16, 4);
    exchange(ip + 20, ip + 22, 2);
}

static struct pv_packet *copy(struct pv_packet *spare, const struct pv_packet *packet)
{
    spare->offset = packet->offset;
    spare->length = packet->length;
    spare->port = packet->port;
    memcpy(spare->base + spare->offset, packet->base + packet->offset, packet->length);
    return spare;
}

/* One output of each kind that the engine must refuse, then the packets themselves. */
static void put_out_faults(struct pv_burst *burst)
{
    static struct pv_packet foreign = {.length = 20};
    struct pv_packet **spare = burst->spare;
    spare[0]->length = 20;
    spare[0]->port = 15;
    spare[1]->offset = spare[1]->capacity;
    spare[1]->length = 1;
    spare[2]->offset = 0xfffffff0u;
    spare[2]->length = 0x20;
    spare[3]->base -= 64;
    spare[3]->length = 20;
    burst->out[burst->out_count++] = spare[0];
    burst->out[burst->out_count++] = spare[1];
    burst->out[burst->out_count++] = spare[2];
    burst->out[burst->out_count++] = spare[3];
    burst->out[burst->out_count++] = spare[4]; /* empty */
    burst->out[burst->out_count++] = &foreign;
    burst->out[burst->out_count++] = NULL;
}

i64 vnf_burst(u8 *memory, struct pv_burst *burst)
{
    struct double_arena *arena = (struct double_arena *)memory;
    enter(arena);
    arena->calls++;
    arena->packets += burst->in_count;
    arena->idle_calls += burst->in_count == 0;
    arena->backward += burst->now_ns < arena->last_now_ns;
    arena->last_now_ns = burst->now_ns;
    if (arena->behaviour == DOUBLE_FAULTY && burst->in_count)
        put_out_faults(burst);
    for (u64 i = 0; i < burst->in_count && arena->behaviour != DOUBLE_DROP; i++) {
        struct pv_packet *packet = burst->in[i];
        if (arena->behaviour == DOUBLE_REFLECT)
            reflect(packet);
        else
            packet->port ^= 1;
        burst->out[burst->out_count++] = packet;
        if (arena->behaviour == DOUBLE_SPARE && i < burst->spare_count)
            burst->out[burst->out_count++] = copy(burst->spare[i], packet);
    }
    leave(arena);
    return (i64)arena->delay_ns;
}

i64 double_count(u8 *memory, void *argument)
{
    struct double_arena *arena = (struct double_arena *)memory;
    enter(arena);
    arena->runs += *(const u64 *)argument;
    i64 runs = (i64)arena->runs;
    leave(arena);
    return runs;
}
