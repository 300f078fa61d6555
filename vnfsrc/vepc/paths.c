/* GTP peers: see paths.h. The table is sorted and small; records move when one is made. */
#include "paths.h"

static u64 key(u32 ipv4, u8 plane)
{
    return (u64)ipv4 << 8 | plane;
}

/* The place of the first path whose key is not below `wanted`. */
static u64 place(const struct vepc *vepc, u64 wanted)
{
    u64 low = 0;
    u64 high = vepc->path_count;
    while (low < high) {
        u64 middle = (low + high) >> 1;
        if (key(vepc->path[middle].ipv4, vepc->path[middle].plane) < wanted)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct path *paths_find(struct vepc *vepc, u32 ipv4, u8 plane)
{
    u64 at = place(vepc, key(ipv4, plane));
    if (at == vepc->path_count || vepc->path[at].ipv4 != ipv4 || vepc->path[at].plane != plane)
        return 0;
    return &vepc->path[at];
}

struct path *paths_get(struct vepc *vepc, u32 ipv4, u8 plane)
{
    struct path *known = paths_find(vepc, ipv4, plane);
    if (known)
        return known;
    if (vepc->path_count == vepc->config.peers)
        return 0;
    u64 at = place(vepc, key(ipv4, plane));
    for (u64 i = vepc->path_count; i > at; i--)
        vepc->path[i] = vepc->path[i - 1];
    vepc->path_count++;
    struct path *path = &vepc->path[at];
    path->ipv4 = ipv4;
    path->plane = plane;
    path->restart_known = 0;
    path->restart_counter = 0;
    path->sequence = 0;
    return path;
}

u16 paths_next_sequence(struct vepc *vepc, u32 ipv4)
{
    struct path *path = paths_find(vepc, ipv4, VEPC_PATH_PLANE_GTP_U);
    return path ? path->sequence++ : 0;
}

void paths_learn_restart(struct vepc *vepc, u32 ipv4, u8 plane, u8 counter)
{
    struct path *path = paths_find(vepc, ipv4, plane);
    if (!path)
        return;
    path->restart_known = 1;
    path->restart_counter = counter;
}
