/* Path management: see path_echo.h. */
#include "path_echo.h"

#include "gtpc.h"
#include "gtpu.h"
#include "paths.h"

/* How long a path that nobody uses is remembered, with its peer's restart counter. */
#define LINGER_MS 60000
/* When to try again after a burst had no room for a request. */
#define NO_ROOM_MS 1

static void wait(struct vepc *vepc, const struct path *path, u64 ms)
{
    timers_set(&vepc->timers, timer_of_path(vepc, path->slot), vepc->now_ns + ms * 1000000);
}

/* A path that an import brought keeps its timer while its users are counted. */
static int is_settled(const struct vepc *vepc, const struct path *path)
{
    return !vepc->importing || !path->imported;
}

void path_echo_begin(struct vepc *vepc, struct path *path)
{
    u64 half = vepc->config.echo_ms >> 1;
    if (!is_settled(vepc, path))
        return;
    path->echo_sequence = 0;
    path->echo_tries = 0;
    if (vepc->config.echo_ms)
        wait(vepc, path, half + address_hash(&path->peer, path->plane) % (half + 1));
    else
        timers_cancel(&vepc->timers, timer_of_path(vepc, path->slot));
}

void path_echo_end(struct vepc *vepc, struct path *path)
{
    if (!is_settled(vepc, path))
        return;
    path->echo_sequence = 0;
    path->echo_tries = 0;
    wait(vepc, path, LINGER_MS);
}

void path_echo_resume(struct vepc *vepc, struct path *path)
{
    if (path->references)
        path_echo_begin(vepc, path);
    else
        path_echo_end(vepc, path);
}

/* 0 stands for no request in the state. */
static u32 take_sequence(struct vepc *vepc, struct path *path)
{
    if (path->plane == VEPC_PATH_PLANE_GTP_U) {
        path->sequence += path->sequence == 0;
        return path->sequence++;
    }
    vepc->next_sequence += vepc->next_sequence == 0;
    u32 sequence = vepc->next_sequence;
    vepc->next_sequence = (sequence + 1) & 0x7fffff;
    return sequence;
}

static void send_gtpc(struct turn *turn, struct pv_packet *packet, const struct path *path)
{
    struct vepc *vepc = turn->vepc;
    struct gtpc_route route;
    u8 message[GTPC_HEADER + 8];
    struct ie_writer ies = {message, GTPC_HEADER};
    ie_write_u8(&ies, IE_RECOVERY, vepc->restart_counter);
    u8 *start =
        gtpc_write_header(message, ies.length, GTPC_ECHO_REQUEST, 0, 0, path->echo_sequence);
    int s5 = path->interface == VEPC_PATH_INTERFACE_S5;
    gtpc_route_to(vepc, &path->peer,
                  s5 ? VEPC_TRANSACTION_INTERFACE_S5 : VEPC_TRANSACTION_INTERFACE_S11, &route);
    gtpc_send(turn, packet, &route, start, ies.length - 4);
}

static void send(struct turn *turn, struct path *path)
{
    struct vepc *vepc = turn->vepc;
    if (!has_spare(turn)) {
        wait(vepc, path, NO_ROOM_MS);
        return;
    }
    struct pv_packet *packet = spare(turn);
    if (path->echo_sequence == 0)
        path->echo_sequence = take_sequence(vepc, path);
    path->echo_tries++;
    count(vepc, COUNT_path_echoes_sent);
    if (path->plane == VEPC_PATH_PLANE_GTP_C)
        send_gtpc(turn, packet, path);
    else
        gtpu_send_echo_request(turn, packet, path);
    wait(vepc, path, vepc->config.t3_ms);
}

void path_echo_due(struct turn *turn, struct path *path)
{
    struct vepc *vepc = turn->vepc;
    if (path->references == 0) {
        count(vepc, COUNT_paths_forgotten);
        paths_remove(vepc, path);
        return;
    }
    if (vepc->config.echo_ms == 0) {
        path->echo_sequence = 0;
        path->echo_tries = 0;
        return;
    }
    if (path->echo_tries < vepc->config.n3) {
        send(turn, path);
        return;
    }
    if (!path->down)
        count(vepc, COUNT_paths_down);
    path->down = 1;
    path->echo_sequence = 0;
    path->echo_tries = 0;
    wait(vepc, path, vepc->config.echo_ms);
}

int path_echo_answered(struct vepc *vepc, const struct pv_address *peer, u8 plane, u32 sequence)
{
    struct path *path = paths_find(vepc, peer, plane);
    if (!path || path->echo_sequence == 0 || path->echo_sequence != sequence)
        return 0;
    if (path->down)
        count(vepc, COUNT_paths_up);
    path->down = 0;
    path->echo_sequence = 0;
    path->echo_tries = 0;
    wait(vepc, path, vepc->config.echo_ms);
    return 1;
}
