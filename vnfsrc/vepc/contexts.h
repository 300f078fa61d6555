/* Numbered contexts of one kind (UEs, sessions, bearers): TEIDs, allocation, changes.
 *
 * A TEID is round << 24 | context number, where the number is 1 + the slot in the kind's
 * table. Slots are handed out in ascending order from where the last search ended, and the
 * round grows when the search begins anew, so a TEID is not used again soon. Each slot
 * knows the epoch in which it last changed; so does each block of slots, which makes what
 * changed since an epoch cheap to find.
 */
#ifndef VEPC_CONTEXTS_H
#define VEPC_CONTEXTS_H

#include "bitmap.h"

#define CONTEXT_NUMBER(teid) ((teid)&0xffffffu)
#define CONTEXTS_NONE (~0ull)
#define CONTEXTS_BLOCK 512

struct contexts {
    u64 capacity;
    u64 next;  /* slot at which the next search begins */
    u32 round; /* 0 .. 255 */
    struct bitmap free;
    u32 *teid;        /* by slot; 0 while free */
    u32 *epoch;       /* by slot; 0 while never used */
    u32 *block_epoch; /* by slot / CONTEXTS_BLOCK */
};

u64 contexts_footprint(u64 capacity);
void contexts_init(struct contexts *table, u64 capacity, u8 *memory);

/* The slot of a live TEID, or CONTEXTS_NONE. */
u64 contexts_find(const struct contexts *table, u32 teid);

/* Takes the next free slot (CONTEXTS_NONE when full); its TEID is table->teid[slot]. */
u64 contexts_allocate(struct contexts *table);

/* Gives a live context another TEID, of the next round; the old one is unknown from now on. */
void contexts_renew(struct contexts *table, u64 slot);

/* Takes the slot of a given TEID. Returns the slot, or a negative PV_ERROR. */
i64 contexts_claim(struct contexts *table, u32 teid);

void contexts_free(struct contexts *table, u64 slot);

/* Notes that a slot changed in this epoch. */
void contexts_touch(struct contexts *table, u64 slot, u32 epoch);

/* The first slot >= slot whose last change lies after `since` (0: that was ever used), or,
 * with *budget run down to 0, how far the search came; capacity at the end. *budget counts
 * the slots and blocks that may be looked at. */
u64 contexts_changed(const struct contexts *table, u64 slot, u64 since, u64 *budget);

#endif
