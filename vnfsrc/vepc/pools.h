/* Address pools: which UE has which address, both ways by indexing.
 *
 * An IPv4 pool holds addresses, an IPv6 pool /64 prefixes (as the upper 64 bits). An offset
 * is an entry's distance from the pool's first. Entry 0 is never given out, nor is an IPv4
 * pool's last, the broadcast address.
 */
#ifndef VEPC_POOLS_H
#define VEPC_POOLS_H

#include "vepc.h"

#define POOL_NONE BITMAP_NONE

/* Bytes of memory for all APNs' pools. */
u64 pools_footprint(const struct vepc_config *config);

/* Lays out every APN's pools; `memory` has pools_footprint(config) bytes. */
void pools_init(struct vepc *vepc, u8 *memory);

/* 0, or the number of the first APN, from 1, whose pools' lengths or bases are wrong. */
u64 pools_check(const struct vepc_config *config);

/* The offset of an address in a pool, or POOL_NONE when it is not a member. */
PV_INLINE u64 pool_offset(const struct pool *pool, u64 address)
{
    if (pool->free.size == 0 || (address & pool->mask) != pool->base)
        return POOL_NONE;
    return address - pool->base;
}

/* The next free entry (not taken yet), or POOL_NONE. */
u64 pool_next(const struct pool *pool);

/* Takes the free entry that pool_next gave; the next search begins behind it. */
void pool_allocate(struct pool *pool, u64 offset);

/* Takes a given entry. Returns 0 or a negative PV_ERROR. */
i64 pool_claim(struct pool *pool, u64 address);

/* Gives an entry back. */
void pool_release(struct pool *pool, u64 address);

/* The bearer slot + 1 of a UE address, looking through all APNs, or NO_SLOT. */
u32 pools_find4(const struct vepc *vepc, u32 ipv4);
u32 pools_find6(const struct vepc *vepc, u64 prefix);

#endif
