/* A hash index: buckets of slots, chained both ways through arrays beside the table.
 *
 * The index holds no keys; the caller walks a chain and compares. The order within a chain
 * never reaches the output, so it need not survive a migration.
 */
#ifndef VEPC_INDEX_H
#define VEPC_INDEX_H

#include "portvnf/wire.h"

#define INDEX_END 0 /* chains hold slot + 1 */

struct index {
    u64 mask;
    u32 *head;     /* by bucket: slot + 1 */
    u32 *next;     /* by slot: slot + 1 */
    u32 *previous; /* by slot: slot + 1, INDEX_END for a chain's first */
};

/* Bytes of memory for slots 0 .. capacity - 1. */
u64 index_footprint(u64 capacity);
void index_init(struct index *index, u64 capacity, u8 *memory);

/* The first entry of a hash's chain, as slot + 1; go on with index->next[entry
 * - 1]. */
PV_INLINE u32 index_first(const struct index *index, u64 hash)
{
    return index->head[hash & index->mask];
}

/* Adds a slot that is not in the index, removes one that is, with the hash it was added by;
 * both in constant time. */
void index_insert(struct index *index, u64 hash, u64 slot);
void index_remove(struct index *index, u64 hash, u64 slot);

/* A 64-bit mix, the same on every host. */
PV_INLINE u64 index_hash(u64 key)
{
    key ^= key >> 32;
    key *= 0x9e3779b97f4a7c15ull;
    key ^= key >> 29;
    key *= 0xbf58476d1ce4e5b9ull;
    return key ^ (key >> 32);
}

#endif
