/* Laying out the arena: sizes in cache lines. */
#ifndef VEPC_MEMORY_H
#define VEPC_MEMORY_H

#include "portvnf/native.h"
#include "portvnf/wire.h"

#define CACHE_LINE 64

PV_INLINE u64 memory_round(u64 bytes)
{
    return (bytes + CACHE_LINE - 1) & ~(u64)(CACHE_LINE - 1);
}

PV_INLINE void memory_copy(u8 *to, const u8 *from, u64 count)
{
    __builtin_memcpy(to, from, count);
}

PV_INLINE int memory_equal(const u8 *a, const u8 *b, u64 count)
{
    return __builtin_memcmp(a, b, count) == 0;
}

#endif
