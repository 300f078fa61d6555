/* Packet filters: each session has one list of them, over all its bearers, in the order in
 * which they are tried: by precedence, then bearer, then identifier (TS 23.060, 15.3.2). */
#ifndef VEPC_FILTERS_H
#define VEPC_FILTERS_H

#include "vepc.h"

/* Bytes of memory for `capacity` filters, and their layout in it. */
u64 filters_footprint(u64 capacity);
void filters_init(struct vepc *vepc, u64 capacity, u8 *memory);

/* Adds a filter to a bearer that has none of this identifier. Returns 0 when there is no
 * room left. */
int filters_add(struct vepc *vepc, u64 bearer_slot, const struct vepc_packet_filter *match);

/* Removes a bearer's filter of an identifier. Returns 0 when it has none. */
int filters_remove(struct vepc *vepc, u64 bearer_slot, u8 identifier);

/* Removes all filters of a bearer. */
void filters_remove_all(struct vepc *vepc, u64 bearer_slot);

#endif
