/* Who uses which path, once an import is complete.
 *
 * While UEs, sessions and bearers come, round by round, their peers get no paths: where there are
 * more peers than paths, the source says which have one, and its paths come last.
 */
#include "import.h"

#include "address.h"
#include "path_echo.h"
#include "paths.h"

/* Peers repeat: most are found here, by hash. A power of two. */
#define KNOWN 8192

struct users {
    struct vepc *vepc;
    u16 known[KNOWN]; /* path slot + 1 */
};

/* The peer's path, made if there is room; 0 without. Nothing gives way, so that slots hold. */
static struct path *path_to(struct users *users, const struct pv_address *peer, u8 plane)
{
    struct vepc *vepc = users->vepc;
    u16 *known = &users->known[address_hash(peer, plane) % KNOWN];
    if (*known) {
        struct path *path = &vepc->path[*known - 1];
        if (path->plane == plane && address_equal(&path->peer, peer))
            return path;
    }
    struct path *path = paths_find(vepc, peer, plane);
    if (!path && vepc->path_count < vepc->config.peers)
        path = paths_get(vepc, peer, plane);
    if (path)
        *known = (u16)(path->slot + 1);
    return path;
}

/* Counts a user of a peer that is not `counted`. Returns whether it is now. */
static u8 count_user(struct users *users, const struct pv_address *peer, u8 plane, u8 counted)
{
    struct path *path = counted || !address_is_set(peer) ? 0 : path_to(users, peer, plane);
    if (!path)
        return counted;
    paths_add_user(users->vepc, path);
    return 1;
}

/* Likewise on S5/S8, which a path that came may know better. */
static u8 count_s5_user(struct users *users, const struct pv_address *peer, u8 plane, u8 counted)
{
    u8 now = count_user(users, peer, plane, counted);
    struct path *path = now && !counted ? path_to(users, peer, plane) : 0;
    if (path && !path->imported)
        path->interface = VEPC_PATH_INTERFACE_S5;
    return now;
}

static void count_ues(struct users *users)
{
    struct vepc *vepc = users->vepc;
    for (u64 i = 0; i < vepc->ues.capacity; i++) {
        struct ue *ue = &vepc->ue[i];
        if (vepc->ues.teid[i] != 0)
            ue->mme_on_path =
                count_user(users, &ue->mme.address, VEPC_PATH_PLANE_GTP_C, ue->mme_on_path);
    }
}

static void count_sessions(struct users *users)
{
    struct vepc *vepc = users->vepc;
    for (u64 i = 0; i < vepc->sessions.capacity; i++) {
        struct session *session = &vepc->session[i];
        if (vepc->sessions.teid[i] != 0)
            session->peer_on_path = count_s5_user(users, &session->peer.address,
                                                  VEPC_PATH_PLANE_GTP_C, session->peer_on_path);
    }
}

static void count_downlinks(struct users *users)
{
    struct vepc *vepc = users->vepc;
    for (u64 i = 0; i < vepc->bearers.capacity; i++) {
        struct downlink *downlink = &vepc->downlink[i];
        if (downlink->s1u_teid != 0)
            downlink->on_path =
                count_user(users, &downlink->address, VEPC_PATH_PLANE_GTP_U, downlink->on_path);
    }
}

static void count_uplinks(struct users *users)
{
    struct vepc *vepc = users->vepc;
    for (u64 i = 0; i < vepc->bearers.capacity; i++) {
        struct bearer *bearer = &vepc->bearer[i];
        if (vepc->bearers.teid[i] != 0)
            bearer->pgw_on_path = count_s5_user(users, &bearer->pgw.address, VEPC_PATH_PLANE_GTP_U,
                                                bearer->pgw_on_path);
    }
}

/* A gateway looks only at the kinds of peers that it has: this is in a migration's freeze. */
static void count_users(struct vepc *vepc)
{
    struct users users;
    users.vepc = vepc;
    __builtin_memset(users.known, 0, sizeof users.known);
    if (vepc->config.mode != VEPC_CONFIG_MODE_PGW)
        count_ues(&users);
    if (vepc->config.mode != VEPC_CONFIG_MODE_COMBINED)
        count_sessions(&users);
    count_downlinks(&users);
    if (vepc->config.mode == VEPC_CONFIG_MODE_SGW)
        count_uplinks(&users);
}

void import_paths_complete(struct vepc *vepc)
{
    count_users(vepc);
    vepc->importing = 0;
    for (u64 i = 0; i < vepc->path_count; i++) {
        struct path *path = &vepc->path[i];
        int unwanted = vepc->config.echo_ms == 0 && path->references != 0;
        if (unwanted || !timers_is_set(&vepc->timers, timer_of_path(vepc, i)))
            path_echo_resume(vepc, path);
    }
}
