/* One packet filter of a Traffic Flow Template (TS 24.008, 10.5.6.12), as the schema has it. */
#ifndef VEPC_PACKET_FILTER_H
#define VEPC_PACKET_FILTER_H

#include "gtpc_ie.h"

/* Whether a filter can be a template's: CAUSE_ACCEPTED, CAUSE_FILTER_SYNTACTIC when it is
 * not in the canonical form that tft_read leaves, CAUSE_FILTER_SEMANTIC when its parts
 * contradict each other so that no packet could ever fit. */
u64 packet_filter_check(const struct vepc_packet_filter *filter);

/* The mask of an address of either family; that of IPv4 begins with 96 set bits. */
struct mask {
    u64 high;
    u64 low;
};

PV_INLINE void mask_load(const u8 *octets, struct mask *mask)
{
    mask->high = pv_load_be64(octets);
    mask->low = pv_load_be64(octets + 8);
}

/* Whether a filter asks for the address at all. */
PV_INLINE int mask_is_set(const u8 *octets)
{
    return pv_load_be64(octets) != 0 || pv_load_be64(octets + 8) != 0;
}

/* The family of the address that a filter asks for, 4 or 6, or 0 for any. */
PV_INLINE u32 packet_filter_family(const struct pv_address *address, const u8 *mask)
{
    return !mask_is_set(mask) ? 0 : address_is_ipv4(address) ? 4 : 6;
}

#endif
