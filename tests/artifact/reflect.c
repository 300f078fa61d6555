/* A small VNF for tests: it swaps the addresses of every IPv4 packet and sends it back out
 * of the port that it came from. It counts in its arena, and its one state section holds
 * its one record: how many packets it has reflected, 8 bytes, big-endian. */
#include "portvnf/native.h"
#include "portvnf/vnf.h"
#include "portvnf/wire.h"

#define MAGIC 0x7265666c65637421ull
#define SECTION 1
#define RECORD 8

enum drop { KEPT, TOO_SHORT, NOT_IPV4 };

struct reflector {
    u64 magic;
    u64 reflected;
    u64 dropped;
    u64 epoch;
    u64 changed; /* the epoch in which `reflected` last changed */
};

static const u8 drop_of_version[16] = {
    NOT_IPV4, NOT_IPV4, NOT_IPV4, NOT_IPV4, KEPT,     NOT_IPV4, NOT_IPV4, NOT_IPV4,
    NOT_IPV4, NOT_IPV4, NOT_IPV4, NOT_IPV4, NOT_IPV4, NOT_IPV4, NOT_IPV4, NOT_IPV4,
};

i64 vnf_abi_version(void)
{
    return PV_ABI_VERSION;
}

i64 vnf_arena_size(const u8 *config, u64 config_length)
{
    if (config_length != 1 || config[0] != 1)
        return -PV_ERROR_CONFIG;
    return sizeof(struct reflector);
}

i64 vnf_init(u8 *arena, u64 arena_length, const u8 *config, u64 config_length, u64 now_ns)
{
    struct reflector *self = pv_native(arena);
    i64 size = vnf_arena_size(config, config_length);
    (void)now_ns;
    if (size < 0)
        return size;
    if (arena_length < (u64)size)
        return -PV_ERROR_ARENA;
    __builtin_memset(self, 0, sizeof *self);
    self->magic = MAGIC;
    return 0;
}

static enum drop judge(const struct pv_packet *packet)
{
    if (packet->length < 20)
        return TOO_SHORT;
    return (enum drop)drop_of_version[packet->base[packet->offset] >> 4];
}

i64 vnf_burst(u8 *arena, struct pv_burst *burst)
{
    struct reflector *self = pv_native(arena);
    burst->out_count = 0;
    for (u64 i = 0; i < burst->in_count; i++) {
        struct pv_packet *packet = burst->in[i];
        enum drop reason = judge(packet);
        packet->reason = (u16)reason;
        if (reason != KEPT) {
            self->dropped++;
            continue;
        }
        u8 *addresses = packet->base + packet->offset + 12;
        u32 source = pv_load_be32(addresses);
        pv_store_be32(addresses, pv_load_be32(addresses + 4));
        pv_store_be32(addresses + 4, source);
        self->reflected++;
        self->changed = self->epoch + 1;
        burst->out[burst->out_count++] = packet;
    }
    return 1000000000;
}

i64 vnf_epoch(u8 *arena)
{
    struct reflector *self = pv_native(arena);
    return (i64)++self->epoch;
}

i64 vnf_export(u8 *arena, struct pv_export *step)
{
    const struct reflector *self = pv_native(arena);
    if (step->section != SECTION)
        return -PV_ERROR_SECTION;
    if (step->capacity < RECORD)
        return -PV_ERROR_BUFFER;
    step->length = 0;
    step->records = 0;
    step->more = 0;
    if (step->since && self->changed <= step->since)
        return 0;
    pv_store_be64(step->buffer, self->reflected);
    step->length = RECORD;
    step->records = 1;
    return 0;
}

i64 vnf_import(u8 *arena, struct pv_import *step)
{
    struct reflector *self = pv_native(arena);
    step->records = 0;
    step->failed = 0;
    step->field = 0;
    if (step->section != SECTION)
        return -PV_ERROR_SECTION;
    if (step->length != RECORD)
        return -PV_ERROR_TRUNCATED;
    self->reflected = pv_load_be64(step->buffer);
    self->changed = self->epoch + 1;
    step->records = 1;
    return 0;
}

i64 vnf_counters(u8 *arena, u64 *values, u64 capacity)
{
    const struct reflector *self = pv_native(arena);
    if (capacity > 0)
        values[0] = self->reflected;
    if (capacity > 1)
        values[1] = self->dropped;
    return 2;
}
