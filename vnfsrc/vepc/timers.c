/* Timers: see timers.h. */
#include "timers.h"

#include "memory.h"

u64 timers_footprint(u64 capacity)
{
    return 2 * memory_round(capacity * 4) + memory_round(capacity * 8);
}

void timers_init(struct timers *timers, u64 capacity, u8 *memory)
{
    timers->count = 0;
    timers->due_ns = pv_native(memory);
    memory += memory_round(capacity * 8);
    timers->heap = pv_native(memory);
    memory += memory_round(capacity * 4);
    timers->place = pv_native(memory);
}

static int before(const struct timers *timers, u32 a, u32 b)
{
    u64 due_a = timers->due_ns[a];
    u64 due_b = timers->due_ns[b];
    return due_a != due_b ? due_a < due_b : a < b;
}

static void put(struct timers *timers, u64 at, u32 number)
{
    timers->heap[at] = number;
    timers->place[number] = (u32)(at + 1);
}

/* Moves a timer towards the root of the heap, then towards the leaves, to where it belongs. */
static void settle(struct timers *timers, u64 at, u32 number)
{
    while (at > 0 && before(timers, number, timers->heap[(at - 1) >> 1])) {
        put(timers, at, timers->heap[(at - 1) >> 1]);
        at = (at - 1) >> 1;
    }
    for (;;) {
        u64 child = 2 * at + 1;
        if (child + 1 < timers->count &&
            before(timers, timers->heap[child + 1], timers->heap[child]))
            child++;
        if (child >= timers->count || !before(timers, timers->heap[child], number))
            break;
        put(timers, at, timers->heap[child]);
        at = child;
    }
    put(timers, at, number);
}

void timers_set(struct timers *timers, u64 number, u64 due_ns)
{
    u64 at = timers->place[number] ? (u64)timers->place[number] - 1 : timers->count++;
    timers->due_ns[number] = due_ns;
    settle(timers, at, (u32)number);
}

void timers_cancel(struct timers *timers, u64 number)
{
    if (!timers->place[number])
        return;
    u64 at = (u64)timers->place[number] - 1;
    timers->place[number] = 0;
    timers->count--;
    if (at < timers->count)
        settle(timers, at, timers->heap[timers->count]);
}

u64 timers_left_ms(const struct timers *timers, u64 number, u64 now_ns)
{
    if (!timers->place[number])
        return 0;
    u64 due_ns = timers->due_ns[number];
    return due_ns > now_ns ? (due_ns - now_ns + 999999) / 1000000 : 1;
}
