/* A set of free numbers that finds the next free one in a few steps, however full.
 *
 * Level 0 has one bit a number (set: free); each bit of a higher level says whether the
 * word below it has any. Memory comes from the caller; nothing is allocated later.
 */
#ifndef VEPC_BITMAP_H
#define VEPC_BITMAP_H

#include "portvnf/types.h"

#define BITMAP_LEVELS 4 /* 64^4 numbers = 2^24 */
#define BITMAP_NONE (~0ull)

struct bitmap {
    u64 size;
    u64 free; /* how many are free */
    u64 *level[BITMAP_LEVELS];
};

/* Bytes of memory for `size` numbers, at most 2^24. */
u64 bitmap_footprint(u64 size);

/* All numbers become free. `memory` is zeroed, 8-byte aligned, of bitmap_footprint(size)
 * bytes and belongs to the bitmap from now on. */
void bitmap_init(struct bitmap *map, u64 size, u8 *memory);

int bitmap_is_free(const struct bitmap *map, u64 number);

/* The smallest free number >= from, or, failing that, the smallest at all; BITMAP_NONE when
 * none is free. */
u64 bitmap_next(const struct bitmap *map, u64 from);

/* Takes a free number, releases a taken one. */
void bitmap_take(struct bitmap *map, u64 number);
void bitmap_release(struct bitmap *map, u64 number);

#endif
