/* Packet filters: each session has one list of them, over all its bearers, in the order in
 * which they are tried: by precedence, then bearer, then identifier (TS 23.060, 15.3.2). */
#ifndef VEPC_FILTERS_H
#define VEPC_FILTERS_H

#include "flow.h"
#include "tft.h"

/* Bytes of memory for `capacity` filters, and their layout in it. */
u64 filters_footprint(u64 capacity);
void filters_init(struct vepc *vepc, u64 capacity, u8 *memory);

/* Adds a filter to a bearer that has none of this identifier. Returns 0 when there is no
 * room left. */
int filters_add(struct vepc *vepc, u64 bearer_slot, const struct vepc_packet_filter *match);

/* Whether a bearer has a filter of an identifier. */
int filters_has(const struct vepc *vepc, u64 bearer_slot, u8 identifier);

/* Removes a bearer's filter of an identifier. Returns 0 when it has none. */
int filters_remove(struct vepc *vepc, u64 bearer_slot, u8 identifier);

/* Removes all filters of a bearer. */
void filters_remove_all(struct vepc *vepc, u64 bearer_slot);

/* A precedence that no filter of the session has: the wished one, or the next one that is
 * free behind it, or before it. */
u8 filters_free_precedence(const struct vepc *vepc, u64 session_slot, u8 wished);

/* Makes the template changes that a UE asks of a bearer those that it gets: new filters get
 * identifiers and precedences that are free, and the first ones of a default bearer make its
 * template (TS 24.301, 6.4.1.1 and 6.4.3.4). Returns CAUSE_ACCEPTED, or CAUSE_TAD_SEMANTIC
 * when a filter is named that is not there, or there would be too many. */
u64 filters_settle(const struct vepc *vepc, u64 bearer_slot, struct tft *tft);

/* Whether there is room for what a template change adds; `tft` may be 0. */
int filters_have_room(const struct vepc *vepc, const struct tft *tft);

/* Whether these are all the filters that a bearer has. */
int filters_are_all(const struct vepc *vepc, u64 bearer_slot, const struct tft *named);

/* Carries out a template change. Filters for which there is no room are left out, counted. */
void filters_apply(struct vepc *vepc, u64 bearer_slot, const struct tft *tft);

/* The bearer that a downlink packet for a session takes: the first fitting filter's, else
 * the default bearer, unless that has downlink filters of its own: CONTEXTS_NONE then (TS
 * 23.060, 15.3.2). `length` is that of ip_total_length. */
u64 filters_choose(const struct vepc *vepc, u64 default_slot, const u8 *packet, u64 length);

/* Whether an uplink packet fits one of a bearer's uplink filters. */
int filters_allow(const struct vepc *vepc, u64 bearer_slot, const u8 *packet, u64 length);

#endif
