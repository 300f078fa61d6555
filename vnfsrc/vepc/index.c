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
    return memory_round(buckets(capacity) * 4) + memory_round(capacity * 4);
}

void index_init(struct index *index, u64 capacity, u8 *memory)
{
    index->mask = buckets(capacity) - 1;
    index->head = pv_native(memory);
    index->next = pv_native(memory + memory_round(buckets(capacity) * 4));
}

void index_insert(struct index *index, u64 hash, u64 slot)
{
    u32 *head = &index->head[hash & index->mask];
    index->next[slot] = *head;
    *head = (u32)(slot + 1);
}

void index_remove(struct index *index, u64 hash, u64 slot)
{
    u32 *link = &index->head[hash & index->mask];
    while (*link != INDEX_END && *link != slot + 1)
        link = &index->next[*link - 1];
    if (*link == slot + 1)
        *link = index->next[slot];
}
