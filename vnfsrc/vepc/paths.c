/* GTP peers: see paths.h. Paths stand densely in their slots; their order is kept beside
 * them. */
#include "paths.h"

#include "address.h"
#include "path_echo.h"
#include "purge.h"

int paths_before(const struct pv_address *a, u8 plane_a, const struct pv_address *b, u8 plane_b)
{
    return address_equal(a, b) ? plane_a < plane_b : address_before(a, b);
}

/* The place in the order of the first path that is not before the wanted one. */
static u64 place(const struct vepc *vepc, const struct pv_address *peer, u8 plane)
{
    u64 low = 0;
    u64 high = vepc->path_count;
    while (low < high) {
        u64 middle = (low + high) >> 1;
        const struct path *path = &vepc->path[vepc->path_order[middle]];
        if (paths_before(&path->peer, path->plane, peer, plane))
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

/* Of the paths that nobody uses, the one that would be forgotten first; 0 without any. */
static struct path *find_free(struct vepc *vepc)
{
    struct path *found = 0;
    u64 soonest = ~0ull;
    for (u64 i = 0; vepc->paths_unused && i < vepc->path_count; i++) {
        struct path *path = &vepc->path[vepc->path_order[i]];
        u64 due_ns = vepc->timers.due_ns[timer_of_path(vepc, path->slot)];
        if (path->references != 0 || due_ns >= soonest)
            continue;
        soonest = due_ns;
        found = path;
    }
    return found;
}

int paths_have_room(const struct vepc *vepc, const struct pv_address *peer, u8 plane)
{
    return vepc->path_count < vepc->config.peers || paths_find(vepc, peer, plane) != 0 ||
           vepc->paths_unused != 0;
}

static int make_room(struct vepc *vepc)
{
    struct path *free = find_free(vepc);
    if (!free)
        return 0;
    count(vepc, COUNT_paths_forgotten);
    paths_remove(vepc, free);
    return 1;
}

static u8 usual_interface(const struct vepc *vepc, u8 plane)
{
    if (vepc->config.mode == VEPC_CONFIG_MODE_PGW)
        return VEPC_PATH_INTERFACE_S5;
    return plane == VEPC_PATH_PLANE_GTP_C ? VEPC_PATH_INTERFACE_S11 : VEPC_PATH_INTERFACE_S1U;
}

struct path *paths_get(struct vepc *vepc, const struct pv_address *peer, u8 plane)
{
    struct path *known = paths_find(vepc, peer, plane);
    if (known)
        return known;
    if (vepc->path_count == vepc->config.peers && !make_room(vepc)) {
        count(vepc, COUNT_no_path);
        return 0;
    }
    u64 at = place(vepc, peer, plane);
    for (u64 i = vepc->path_count; i > at; i--)
        vepc->path_order[i] = vepc->path_order[i - 1];
    u64 slot = vepc->path_count++;
    vepc->path_order[at] = (u32)slot;
    struct path *path = &vepc->path[slot];
    __builtin_memset(path, 0, sizeof *path);
    path->peer = *peer;
    path->plane = plane;
    path->interface = usual_interface(vepc, plane);
    path->slot = (u32)slot;
    vepc->paths_unused++;
    path_echo_end(vepc, path); /* until somebody uses it */
    return path;
}

/* The last slot's path takes the slot of the one that goes. */
void paths_remove(struct vepc *vepc, struct path *path)
{
    u64 hole = path->slot;
    if (path->references == 0)
        vepc->paths_unused--;
    u64 last = --vepc->path_count;
    for (u64 i = place(vepc, &path->peer, path->plane); i < last; i++)
        vepc->path_order[i] = vepc->path_order[i + 1];
    timers_cancel(&vepc->timers, timer_of_path(vepc, hole));
    if (hole == last)
        return;
    u64 from = timer_of_path(vepc, last);
    vepc->path[hole] = vepc->path[last];
    vepc->path[hole].slot = (u32)hole;
    vepc->path_order[place(vepc, &path->peer, path->plane)] = (u32)hole;
    if (timers_is_set(&vepc->timers, from)) {
        timers_set(&vepc->timers, timer_of_path(vepc, hole), vepc->timers.due_ns[from]);
        timers_cancel(&vepc->timers, from);
    }
}

void paths_add_user(struct vepc *vepc, struct path *path)
{
    if (path->references++ != 0)
        return;
    vepc->paths_unused--;
    path_echo_begin(vepc, path);
}

u8 paths_use(struct vepc *vepc, const struct pv_address *peer, u8 plane)
{
    int has_path = address_is_set(peer) && !vepc->importing;
    struct path *path = has_path ? paths_get(vepc, peer, plane) : 0;
    if (!path)
        return 0;
    paths_add_user(vepc, path);
    return 1;
}

void paths_leave(struct vepc *vepc, const struct pv_address *peer, u8 plane, u8 counted)
{
    struct path *path = counted ? paths_find(vepc, peer, plane) : 0;
    if (!path || path->references == 0 || --path->references != 0)
        return;
    vepc->paths_unused++;
    path_echo_end(vepc, path);
}

u8 paths_move(struct vepc *vepc, const struct pv_address *from, const struct pv_address *to,
              u8 plane, u8 counted)
{
    if (counted && address_equal(from, to))
        return 1;
    paths_leave(vepc, from, plane, counted);
    return paths_use(vepc, to, plane);
}

void paths_are_s5(struct vepc *vepc, const struct pv_address *peer, u8 plane)
{
    struct path *path = paths_find(vepc, peer, plane);
    if (path)
        path->interface = VEPC_PATH_INTERFACE_S5;
}

u16 paths_next_sequence(struct vepc *vepc, const struct pv_address *peer)
{
    struct path *path = paths_find(vepc, peer, VEPC_PATH_PLANE_GTP_U);
    return path ? path->sequence++ : 0;
}

/* A counter that is behind the one known, rolling over, comes from a message that was
 * overtaken by a newer one. GTP-U tells no restart (TS 29.281, 7.2.2). */
void paths_learn_restart(struct vepc *vepc, const struct pv_address *peer, u8 plane, u8 counter)
{
    struct path *path = paths_find(vepc, peer, plane);
    if (!path || plane != VEPC_PATH_PLANE_GTP_C)
        return;
    u8 ahead = (u8)(counter - path->restart_counter);
    if (path->restart_known && ahead == 0)
        return;
    if (path->restart_known && ahead >= 128) {
        count(vepc, COUNT_stale_restart_counters);
        return;
    }
    if (path->restart_known) {
        count(vepc, COUNT_peer_restarts);
        path->purging = 1;
        purge_begin(vepc);
    }
    path->restart_known = 1;
    path->restart_counter = counter;
}
