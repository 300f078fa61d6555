/* The hash index: see index.h. */
#include "index.h"

#include "memory.h"

static u64 buckets(u64 capacity)
{
    u64 count = 64;
    while (count < capacity)
        count <<= 1;
    return count;
}

u64 index_footprint(u64 capacity)
{
    return memory_round(buckets(capacity) * 4) + 2 * memory_round(capacity * 4);
}

void index_init(struct index *index, u64 capacity, u8 *memory)
{
    index->mask = buckets(capacity) - 1;
    index->head = pv_native(memory);
    memory += memory_round(buckets(capacity) * 4);
    index->next = pv_native(memory);
    memory += memory_round(capacity * 4);
    index->previous = pv_native(memory);
}

void index_insert(struct index *index, u64 hash, u64 slot)
{
    u32 *head = &index->head[hash & index->mask];
    u32 entry = (u32)(slot + 1);
    index->next[slot] = *head;
    index->previous[slot] = INDEX_END;
    if (*head != INDEX_END)
        index->previous[*head - 1] = entry;
    *head = entry;
}

void index_remove(struct index *index, u64 hash, u64 slot)
{
    u32 next = index->next[slot];
    u32 previous = index->previous[slot];
    if (next != INDEX_END)
        index->previous[next - 1] = previous;
    if (previous != INDEX_END)
        index->next[previous - 1] = next;
    else
        index->head[hash & index->mask] = next;
}
