/* What a VNF may do: the arena through pv_native, packets through wire.h. */
#include "portvnf/native.h"

struct state {
    u64 seen;
    u8 name[8];
};

static const u8 table[4] = {1, 2, 3, 5};

u64 look(u8 *arena, const u8 *packet, u64 length);

u64 look(u8 *arena, const u8 *packet, u64 length)
{
    struct state *state = pv_native(arena);
    u8 copy[8] = {0};
    int known = __builtin_memcmp(state->name, (const u8 *)"internet", 8) == 0;
    if (length < 4 || !known)
        return 0;
    __builtin_memcpy(copy, state->name, sizeof copy);
    state->seen += pv_load_be32(packet) >> (packet[0] & 31);
    return table[copy[0] & 3];
}
