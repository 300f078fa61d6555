/* GTP peers: restart counters, sequence numbers, who uses them (TS 23.007, TS 29.281).
 *
 * A path is made by an accepted procedure and stays while a UE or bearer has that peer;
 * some time later it is forgotten. path_echo.h probes it.
 */
#ifndef VEPC_PATHS_H
#define VEPC_PATHS_H

#include "vepc.h"

/* The path to a peer, made when it is new; in a full table one that nobody uses gives way. 0
 * (counted) without any. A pointer to a path holds until a path is made or forgotten. */
struct path *paths_get(struct vepc *vepc, const struct pv_address *peer, u8 plane);

/* The path to a peer, or 0. */
struct path *paths_find(const struct vepc *vepc, const struct pv_address *peer, u8 plane);

/* Whether paths_get would find or make a path to this peer. */
int paths_have_room(const struct vepc *vepc, const struct pv_address *peer, u8 plane);

/* One more UE, session or bearer has this peer. Returns 1 when it is counted, which it must
 * remember until it leaves; 0 when the address is none, or there is no room for a path: then the
 * peer is served all the same, but not probed. While an import goes on nobody is counted, for
 * import_paths_complete counts all at its end. */
u8 paths_use(struct vepc *vepc, const struct pv_address *peer, u8 plane);

/* One more user of this path, which it must remember likewise. */
void paths_add_user(struct vepc *vepc, struct path *path);

/* One that had a peer, counted or not, has another one now. Returns whether it is counted there.
 * The old one's place is free for the new one's. */
u8 paths_move(struct vepc *vepc, const struct pv_address *from, const struct pv_address *to,
              u8 plane, u8 counted);

/* One that was counted has this peer no more; one that was not is none of the path's. */
void paths_leave(struct vepc *vepc, const struct pv_address *peer, u8 plane, u8 counted);

/* A peer, if it has a path, is on S5/S8. */
void paths_are_s5(struct vepc *vepc, const struct pv_address *peer, u8 plane);

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
