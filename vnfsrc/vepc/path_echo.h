/* Path management: Echo Requests of ours (TS 29.274, 7.1; TS 29.281, 7.2; TS 23.007, 20).
 *
 * A path in use is probed every echo_ms, at a moment of its own, so that many paths are not
 * probed at once. A request without an answer is sent again every T3, N3 times in all; then
 * the path is down until an answer comes. Its contexts stay: peers and links come back.
 */
#ifndef VEPC_PATH_ECHO_H
#define VEPC_PATH_ECHO_H

#include "vepc.h"

/* A path came into use: probes begin. Nobody uses it any more: they end, and it will be
 * forgotten. */
void path_echo_begin(struct vepc *vepc, struct path *path);
void path_echo_end(struct vepc *vepc, struct path *path);

/* An imported path has nothing due, or nothing of it is wanted: whether it is used decides. */
void path_echo_resume(struct vepc *vepc, struct path *path);

/* The path's timer is due. */
void path_echo_due(struct turn *turn, struct path *path);

/* A peer sent an Echo Response. Returns 0 when no request of ours waits for it. */
int path_echo_answered(struct vepc *vepc, const struct pv_address *peer, u8 plane, u32 sequence);

#endif
