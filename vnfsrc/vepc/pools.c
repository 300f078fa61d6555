/* Address pools: see pools.h. */
#include "pools.h"

#define POOL4_SHORTEST 8  /* 2^24 addresses */
#define POOL6_SHORTEST 40 /* 2^24 prefixes of /64 */

static u64 entries4(const struct vepc_apn *apn)
{
    return apn->pool4_length ? 1ull << ((32 - (u64)apn->pool4_length) & 63) : 0;
}

static u64 entries6(const struct vepc_apn *apn)
{
    return apn->pool6_length ? 1ull << ((64 - (u64)apn->pool6_length) & 63) : 0;
}

static u64 footprint(u64 entries)
{
    return memory_round(bitmap_footprint(entries)) + memory_round(entries * 4);
}

u64 pools_check(const struct vepc_config *config)
{
    for (u64 i = 0; i < config->apns_count; i++) {
        const struct vepc_apn *apn = &config->apns[i];
        int bad4 = apn->pool4_length && apn->pool4_length < POOL4_SHORTEST;
        int bad6 = apn->pool6_length && apn->pool6_length < POOL6_SHORTEST;
        int missing4 = (apn->pdn_types & 1) && !apn->pool4_length;
        int missing6 = (apn->pdn_types & 2) && !apn->pool6_length;
        if (apn->name_length == 0 || bad4 || bad6 || missing4 || missing6)
            return i + 1;
        if (apn->pool4_length && (apn->pool4 & (entries4(apn) - 1)))
            return i + 1;
        if (apn->pool6_length && (apn->pool6 & (entries6(apn) - 1)))
            return i + 1;
    }
    return 0;
}

u64 pools_footprint(const struct vepc_config *config)
{
    u64 total = 0;
    for (u64 i = 0; i < config->apns_count; i++)
        total += footprint(entries4(&config->apns[i])) + footprint(entries6(&config->apns[i]));
    return total;
}

static u8 *pool_init(struct pool *pool, u64 base, u64 entries, u8 *memory)
{
    pool->base = base;
    pool->mask = ~(entries - 1);
    pool->next = 1;
    pool->free.size = 0;
    if (entries == 0)
        return memory;
    bitmap_init(&pool->free, entries, memory);
    bitmap_take(&pool->free, 0);
    pool->bearer = pv_native(memory + memory_round(bitmap_footprint(entries)));
    return memory + footprint(entries);
}

void pools_init(struct vepc *vepc, u8 *memory)
{
    for (u64 i = 0; i < vepc->config.apns_count; i++) {
        const struct vepc_apn *apn = &vepc->config.apns[i];
        struct pdn *pdn = &vepc->pdn[i];
        memory = pool_init(&pdn->pool4, apn->pool4, entries4(apn), memory);
        memory = pool_init(&pdn->pool6, apn->pool6, entries6(apn), memory);
        if (pdn->pool4.free.size)
            bitmap_take(&pdn->pool4.free, pdn->pool4.free.size - 1);
    }
}

u64 pool_next(const struct pool *pool)
{
    return pool->free.size ? bitmap_next(&pool->free, pool->next) : POOL_NONE;
}

void pool_allocate(struct pool *pool, u64 offset)
{
    bitmap_take(&pool->free, offset);
    pool->next = offset + 1 < pool->free.size ? offset + 1 : 1;
}

i64 pool_claim(struct pool *pool, u64 address)
{
    u64 offset = pool_offset(pool, address);
    if (offset == POOL_NONE)
        return -PV_ERROR_FOREIGN;
    if (!bitmap_is_free(&pool->free, offset))
        return -PV_ERROR_DUPLICATE;
    bitmap_take(&pool->free, offset);
    return 0;
}

void pool_release(struct pool *pool, u64 address)
{
    u64 offset = pool_offset(pool, address);
    pool->bearer[offset] = NO_SLOT;
    bitmap_release(&pool->free, offset);
}

u32 pools_find4(const struct vepc *vepc, u32 ipv4)
{
    for (u64 i = 0; i < vepc->config.apns_count; i++) {
        u64 offset = pool_offset(&vepc->pdn[i].pool4, ipv4);
        if (offset != POOL_NONE)
            return vepc->pdn[i].pool4.bearer[offset];
    }
    return NO_SLOT;
}

u32 pools_find6(const struct vepc *vepc, u64 prefix)
{
    for (u64 i = 0; i < vepc->config.apns_count; i++) {
        u64 offset = pool_offset(&vepc->pdn[i].pool6, prefix);
        if (offset != POOL_NONE)
            return vepc->pdn[i].pool6.bearer[offset];
    }
    return NO_SLOT;
}
