/* GTP peers: restart counters and sequence numbers (TS 23.007, TS 29.281). */
#ifndef VEPC_PATHS_H
#define VEPC_PATHS_H

#include "vepc.h"

/* The path to a peer, made when it is new; 0 when the table is full. The pointer is valid
 * until the next path is made. */
struct path *paths_get(struct vepc *vepc, u32 ipv4, u8 plane);

/* The path to a peer, or 0. */
struct path *paths_find(struct vepc *vepc, u32 ipv4, u8 plane);

/* The next GTP-U sequence number towards a peer; 0 for a peer without a path, so that
 * strangers cannot fill the table. */
u16 paths_next_sequence(struct vepc *vepc, u32 ipv4);

/* The peer told its restart counter. */
void paths_learn_restart(struct vepc *vepc, u32 ipv4, u8 plane, u8 counter);

#endif
