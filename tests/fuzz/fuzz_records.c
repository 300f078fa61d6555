/* Fuzz target: records that claim to be a state, and configurations.
 *
 * The first byte of an input says which section its other bytes take the place of; 0: they are
 * a configuration. Sections that are commands are given to the complete gateway.
 */
#include <stdlib.h>
#include <string.h>

#include "gateway.h"

#define ARENA_MOST (64u << 20)

static void try_config(const u8 *data, u64 size)
{
    i64 length = vnf_arena_size(data, size);
    if (length <= 0 || length > ARENA_MOST)
        return;
    u8 *arena = aligned_alloc(64, ((u64)length + 63) & ~63ull);
    if (!arena)
        return;
    memset(arena, 0, (u64)length);
    if (vnf_init(arena, (u64)length, data, size, 1))
        finding("a configuration is accepted, then refused");
    free(arena);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
    struct gateway *gateway = gateway_reset();
    if (size < 1)
        return 0;
    u64 section = data[0] % SECTIONS_MAX;
    if (section == 0) {
        try_config(data + 1, size - 1);
        return 0;
    }
    int replaced = 0;
    u8 *arena = gateway->arena[1];
    for (u64 i = 0; i < gateway->parts; i++) {
        const struct part *part = &gateway->part[i];
        int mine = part->section == section;
        replaced |= mine;
        if (gateway_import(arena, part->section, mine ? data + 1 : part->data,
                           mine ? size - 1 : part->length, gateway->now_ns))
            return 0;
    }
    if (gateway_import(arena, PV_IMPORT_COMPLETE, NULL, 0, gateway->now_ns))
        return 0;
    if (!replaced && gateway_import(arena, section, data + 1, size - 1, gateway->now_ns))
        return 0;
    gateway_check_canonical(gateway, arena, gateway->arena[2]);
    static struct pv_burst burst; /* without packets: what is due */
    burst.now_ns = gateway->now_ns + 1000000000;
    vnf_burst(arena, &burst);
    return 0;
}
