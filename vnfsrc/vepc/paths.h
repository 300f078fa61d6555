/* GTP peers: restart counters, sequence numbers, echoes (TS 23.007, TS 29.281). */
#ifndef VEPC_PATHS_H
#define VEPC_PATHS_H

#include "vepc.h"

/* The path to a peer, made when it is new; 0 when the table is full. A path stays where
 * it is. */
struct path *paths_get(struct vepc *vepc, const struct pv_address *peer, u8 plane);

/* The path to a peer, or 0. */
struct path *paths_find(const struct vepc *vepc, const struct pv_address *peer, u8 plane);

/* Whether a new path to this peer would be the last in order. */
int paths_would_be_last(const struct vepc *vepc, const struct pv_address *peer, u8 plane);

/* The next GTP-U sequence number towards a peer; 0 for a peer without a path, so that
 * strangers cannot fill the table. */
u16 paths_next_sequence(struct vepc *vepc, const struct pv_address *peer);

/* The peer told its restart counter. */
void paths_learn_restart(struct vepc *vepc, const struct pv_address *peer, u8 plane, u8 counter);

#endif
