/* Addresses of either family (struct pv_address): IPv4 in the mapped form of RFC 4291,
 * 2.5.5.2. */
#ifndef VEPC_ADDRESS_H
#define VEPC_ADDRESS_H

#include "index.h"

#define ADDRESS_MAPPED 0xffff00000000ull

PV_INLINE struct pv_address *address_set_ipv4(struct pv_address *address, u32 ipv4)
{
    address->high = 0;
    address->low = ADDRESS_MAPPED | ipv4;
    return address;
}

PV_INLINE void address_set_ipv6(struct pv_address *address, const u8 *ipv6)
{
    address->high = pv_load_be64(ipv6);
    address->low = pv_load_be64(ipv6 + 8);
}

PV_INLINE void address_store_ipv6(u8 *to, const struct pv_address *address)
{
    pv_store_be64(to, address->high);
    pv_store_be64(to + 8, address->low);
}

PV_INLINE int address_is_set(const struct pv_address *address)
{
    return (address->high | address->low) != 0;
}

PV_INLINE int address_is_ipv4(const struct pv_address *address)
{
    return address->high == 0 && address->low >> 32 == 0xffff;
}

PV_INLINE u32 address_ipv4(const struct pv_address *address)
{
    return (u32)address->low;
}

PV_INLINE int address_equal(const struct pv_address *a, const struct pv_address *b)
{
    return ((a->high ^ b->high) | (a->low ^ b->low)) == 0;
}

/* Whether a comes before b. */
PV_INLINE int address_before(const struct pv_address *a, const struct pv_address *b)
{
    return a->high != b->high ? a->high < b->high : a->low < b->low;
}

PV_INLINE u64 address_hash(const struct pv_address *address, u64 with)
{
    return index_hash(index_hash(address->high ^ with) ^ address->low);
}

/* Whether a peer at this address can be answered: neither none nor multicast,
 * reserved nor broadcast. */
int address_is_host(const struct pv_address *address);

#endif
