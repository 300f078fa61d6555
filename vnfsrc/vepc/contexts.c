/* Numbered contexts: see contexts.h. */
#include "contexts.h"

#include "memory.h"
#include "portvnf/vnf.h"

static u64 blocks(u64 capacity)
{
    return (capacity + CONTEXTS_BLOCK - 1) / CONTEXTS_BLOCK;
}

u64 contexts_footprint(u64 capacity)
{
    return memory_round(bitmap_footprint(capacity)) + 2 * memory_round(capacity * 4) +
           memory_round(blocks(capacity) * 4);
}

void contexts_init(struct contexts *table, u64 capacity, u8 *memory)
{
    table->capacity = capacity;
    table->next = 0;
    table->round = 0;
    bitmap_init(&table->free, capacity, memory);
    memory += memory_round(bitmap_footprint(capacity));
    table->teid = pv_native(memory);
    memory += memory_round(capacity * 4);
    table->epoch = pv_native(memory);
    memory += memory_round(capacity * 4);
    table->block_epoch = pv_native(memory);
}

u64 contexts_find(const struct contexts *table, u32 teid)
{
    u64 slot = (u64)CONTEXT_NUMBER(teid) - 1; /* number 0 wraps to no slot */
    if (slot >= table->capacity || table->teid[slot] != teid)
        return CONTEXTS_NONE;
    return slot;
}

u64 contexts_allocate(struct contexts *table)
{
    u64 slot = bitmap_next(&table->free, table->next);
    if (slot == BITMAP_NONE)
        return CONTEXTS_NONE;
    if (slot < table->next)
        table->round = (table->round + 1) & 0xff;
    table->teid[slot] = table->round << 24 | (u32)(slot + 1);
    table->next = slot + 1;
    if (table->next == table->capacity) {
        table->next = 0;
        table->round = (table->round + 1) & 0xff;
    }
    bitmap_take(&table->free, slot);
    return slot;
}

void contexts_renew(struct contexts *table, u64 slot)
{
    table->teid[slot] += 1u << 24;
}

i64 contexts_claim(struct contexts *table, u32 teid)
{
    u64 number = CONTEXT_NUMBER(teid);
    if (number == 0)
        return -PV_ERROR_NOT_CANONICAL;
    if (number > table->capacity)
        return -PV_ERROR_CAPACITY;
    if (!bitmap_is_free(&table->free, number - 1))
        return -PV_ERROR_DUPLICATE;
    bitmap_take(&table->free, number - 1);
    table->teid[number - 1] = teid;
    return (i64)(number - 1);
}

void contexts_free(struct contexts *table, u64 slot)
{
    table->teid[slot] = 0;
    bitmap_release(&table->free, slot);
}

void contexts_touch(struct contexts *table, u64 slot, u32 epoch)
{
    table->epoch[slot] = epoch;
    table->block_epoch[slot / CONTEXTS_BLOCK] = epoch;
}

u64 contexts_changed(const struct contexts *table, u64 slot, u64 since, u64 *budget)
{
    while (*budget > 0 && slot < table->capacity) {
        if (slot % CONTEXTS_BLOCK == 0 && table->block_epoch[slot / CONTEXTS_BLOCK] <= since) {
            slot += CONTEXTS_BLOCK;
            --*budget;
            continue;
        }
        if (table->epoch[slot] > since)
            return slot;
        slot++;
        --*budget;
    }
    return slot < table->capacity ? slot : table->capacity;
}
