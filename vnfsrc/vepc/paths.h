/* GTP peers: restart counters, sequence numbers, who uses them (TS 23.007, TS 29.281).
 *
 * A path is made by an accepted procedure and stays while a UE or bearer has that peer;
 * some time later it is forgotten. path_echo.h probes it.
 */
#ifndef VEPC_PATHS_H
#define VEPC_PATHS_H

#include "vepc.h"

/* The path to a peer, made when it is new; 0 (counted) when the table is full. A pointer to
 * a path holds until a path is made or forgotten. */
struct path *paths_get(struct vepc *vepc, const struct pv_address *peer, u8 plane);

/* The path to a peer, or 0. */
struct path *paths_find(const struct vepc *vepc, const struct pv_address *peer, u8 plane);

/* Whether paths_get would find or make a path to this peer. */
int paths_have_room(const struct vepc *vepc, const struct pv_address *peer, u8 plane);

/* One more, or one fewer, UE or bearer has this peer; nothing when the address is none. */
void paths_use(struct vepc *vepc, const struct pv_address *peer, u8 plane);
void paths_leave(struct vepc *vepc, const struct pv_address *peer, u8 plane);

/* One more has this peer on S5/S8. */
void paths_use_s5(struct vepc *vepc, const struct pv_address *peer, u8 plane);

/* Forgets a path. */
void paths_remove(struct vepc *vepc, struct path *path);

/* The next GTP-U sequence number towards a peer; 0 for a peer without a path, so that
 * strangers cannot fill the table. */
u16 paths_next_sequence(struct vepc *vepc, const struct pv_address *peer);

/* The peer told its restart counter (TS 23.007, 18). When it restarted, what it has lost
 * is deleted. */
void paths_learn_restart(struct vepc *vepc, const struct pv_address *peer, u8 plane, u8 counter);

/* Whether path (peer, plane) comes before another in their order. */
int paths_before(const struct pv_address *a, u8 plane_a, const struct pv_address *b, u8 plane_b);

#endif
