/* GTP peers: see paths.h. Paths stay in their slots; their order is kept beside them. */
#include "paths.h"

static int before(const struct path *path, const struct pv_address *peer, u8 plane)
{
    if (address_equal(&path->peer, peer))
        return path->plane < plane;
    return address_before(&path->peer, peer);
}

/* The place in the order of the first path that is not before the wanted one. */
static u64 place(const struct vepc *vepc, const struct pv_address *peer, u8 plane)
{
    u64 low = 0;
    u64 high = vepc->path_count;
    while (low < high) {
        u64 middle = (low + high) >> 1;
        if (before(&vepc->path[vepc->path_order[middle]], peer, plane))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct path *paths_find(const struct vepc *vepc, const struct pv_address *peer, u8 plane)
{
    u64 at = place(vepc, peer, plane);
    if (at == vepc->path_count)
        return 0;
    struct path *path = &vepc->path[vepc->path_order[at]];
    return path->plane == plane && address_equal(&path->peer, peer) ? path : 0;
}

int paths_would_be_last(const struct vepc *vepc, const struct pv_address *peer, u8 plane)
{
    return place(vepc, peer, plane) == vepc->path_count;
}

struct path *paths_get(struct vepc *vepc, const struct pv_address *peer, u8 plane)
{
    struct path *known = paths_find(vepc, peer, plane);
    if (known)
        return known;
    if (vepc->path_count == vepc->config.peers)
        return 0;
    u64 at = place(vepc, peer, plane);
    for (u64 i = vepc->path_count; i > at; i--)
        vepc->path_order[i] = vepc->path_order[i - 1];
    u64 slot = vepc->path_count++;
    vepc->path_order[at] = (u32)slot;
    struct path *path = &vepc->path[slot];
    __builtin_memset(path, 0, sizeof *path);
    path->peer = *peer;
    path->plane = plane;
    path->slot = (u32)slot;
    return path;
}

u16 paths_next_sequence(struct vepc *vepc, const struct pv_address *peer)
{
    struct path *path = paths_find(vepc, peer, VEPC_PATH_PLANE_GTP_U);
    return path ? path->sequence++ : 0;
}

void paths_learn_restart(struct vepc *vepc, const struct pv_address *peer, u8 plane, u8 counter)
{
    struct path *path = paths_find(vepc, peer, plane);
    if (!path)
        return;
    path->restart_known = 1;
    path->restart_counter = counter;
}
