/* Timers of UEs, sessions and paths: which is due next, in a few steps, however many.
 *
 * A binary heap over timer numbers; each number is due at most once. Equal deadlines are
 * due in order of their numbers.
 */
#ifndef VEPC_TIMERS_H
#define VEPC_TIMERS_H

#include "portvnf/wire.h"

#define TIMER_NONE (~0ull)

struct timers {
    u64 count;   /* how many are set */
    u32 *heap;   /* timer numbers */
    u32 *place;  /* by number: place in the heap + 1, 0 while not set */
    u64 *due_ns; /* by number */
};

/* Bytes of memory for timers 0 .. capacity - 1. */
u64 timers_footprint(u64 capacity);
void timers_init(struct timers *timers, u64 capacity, u8 *memory);

/* Makes a timer due at a moment, instead of any other. */
void timers_set(struct timers *timers, u64 number, u64 due_ns);

/* Makes it due never; nothing happens when it is not set. */
void timers_cancel(struct timers *timers, u64 number);

/* The time until a timer is due as ms, rounded up and at least 1; 0 when it is not set. */
u64 timers_left_ms(const struct timers *timers, u64 number, u64 now_ns);

/* Whether a timer is set. */
PV_INLINE int timers_is_set(const struct timers *timers, u64 number)
{
    return timers->place[number] != 0;
}

/* The timer that is due next, or TIMER_NONE. */
PV_INLINE u64 timers_next(const struct timers *timers)
{
    return timers->count ? timers->heap[0] : TIMER_NONE;
}

#endif
