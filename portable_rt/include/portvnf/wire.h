/* Wire fields: big-endian integers in byte arrays.
 *
 * A wire field is always reached through these helpers, never through a cast to a
 * wider type, so the same bitcode is right on either byte order and at any
 * alignment. Loads shift bytes (compilers fold that into one load and a swap).
 * Stores test the byte order at run time instead: the test folds to a constant when
 * the host compiles the bitcode, and the copy stays one store, whereas shifted byte
 * stores are vectorised badly.
 *
 * Every pointer must have at least the named number of readable or writable bytes.
 */
#ifndef PORTVNF_WIRE_H
#define PORTVNF_WIRE_H

#include "types.h"

#define PV_INLINE static inline __attribute__((always_inline))

/* An IPv6 address, or an IPv4 address in its mapped form (RFC 4291, 2.5.5.2); zero for
 * none. Numbers, so that comparing is plain. */
struct pv_address {
    u64 high;
    u64 low;
};

PV_INLINE u16 pv_load_be16(const u8 *p)
{
    return (u16)(((u32)p[0] << 8) | p[1]);
}

PV_INLINE u32 pv_load_be24(const u8 *p)
{
    return ((u32)p[0] << 16) | ((u32)p[1] << 8) | p[2];
}

PV_INLINE u32 pv_load_be32(const u8 *p)
{
    return ((u32)p[0] << 24) | ((u32)p[1] << 16) | ((u32)p[2] << 8) | p[3];
}

PV_INLINE u64 pv_load_be64(const u8 *p)
{
    return ((u64)pv_load_be32(p) << 32) | pv_load_be32(p + 4);
}

/* 1 on a little-endian host, 0 on a big-endian one. */
PV_INLINE u32 pv_host_is_little_endian(void)
{
    u16 probe = 1;
    u8 first;
    __builtin_memcpy(&first, &probe, 1);
    return first;
}

PV_INLINE void pv_store_be16(u8 *p, u32 value)
{
    u16 v = (u16)value;
    if (pv_host_is_little_endian())
        v = __builtin_bswap16(v);
    __builtin_memcpy(p, &v, sizeof v);
}

PV_INLINE void pv_store_be24(u8 *p, u32 value)
{
    p[0] = (u8)(value >> 16);
    p[1] = (u8)(value >> 8);
    p[2] = (u8)value;
}

PV_INLINE void pv_store_be32(u8 *p, u32 value)
{
    if (pv_host_is_little_endian())
        value = __builtin_bswap32(value);
    __builtin_memcpy(p, &value, sizeof value);
}

PV_INLINE void pv_store_be64(u8 *p, u64 value)
{
    if (pv_host_is_little_endian())
        value = __builtin_bswap64(value);
    __builtin_memcpy(p, &value, sizeof value);
}

#endif
