/* Packet filters: see packet_filter.h. */
#include "packet_filter.h"

#include "ip.h"

#define FLOW_LABEL_MAX 0xfffff

/* Whether set bits come first, then clear ones. */
static int is_prefix(const struct mask *mask)
{
    if (mask->low != 0 && ~mask->high != 0)
        return 0;
    u64 tail = mask->low ? ~mask->low : ~mask->high;
    return (tail & (tail + 1)) == 0;
}

/* Whether an address and its mask are canonical: no address bit outside the mask, an IPv4
 * mask after 96 set bits, and no address without a mask. */
static int address_is_canonical(const struct pv_address *address, const u8 *octets)
{
    struct mask mask;
    mask_load(octets, &mask);
    if ((address->high & ~mask.high) != 0 || (address->low & ~mask.low) != 0)
        return 0;
    return !address_is_ipv4(address) || (~mask.high == 0 && mask.low >> 32 == 0xffffffffu);
}

static int ports_are_canonical(u8 count, const u16 *ports)
{
    return count == 0 || (count == 2 && ports[0] <= ports[1]);
}

static int is_canonical(const struct vepc_packet_filter *filter)
{
    struct mask local;
    mask_load(filter->local_mask, &local);
    return filter->identifier <= 15 && filter->direction <= 3 && filter->protocol_count <= 1 &&
           filter->spi_count <= 1 && filter->flow_label_count <= 1 &&
           address_is_canonical(&filter->remote, filter->remote_mask) &&
           address_is_canonical(&filter->local, filter->local_mask) &&
           (address_is_ipv4(&filter->local) || is_prefix(&local)) &&
           ports_are_canonical(filter->local_ports_count, filter->local_ports) &&
           ports_are_canonical(filter->remote_ports_count, filter->remote_ports) &&
           (filter->traffic_class & ~filter->traffic_class_mask) == 0 &&
           (filter->flow_label_count == 0 || filter->flow_label[0] <= FLOW_LABEL_MAX);
}

static int says_something(const struct vepc_packet_filter *filter)
{
    return mask_is_set(filter->remote_mask) || mask_is_set(filter->local_mask) ||
           filter->protocol_count || filter->local_ports_count || filter->remote_ports_count ||
           filter->spi_count || filter->traffic_class_mask || filter->flow_label_count;
}

static int contradicts_itself(const struct vepc_packet_filter *filter)
{
    u32 remote = packet_filter_family(&filter->remote, filter->remote_mask);
    u32 local = packet_filter_family(&filter->local, filter->local_mask);
    int ports = filter->local_ports_count || filter->remote_ports_count;
    if (remote && local && remote != local)
        return 1;
    if (filter->flow_label_count && (remote == 4 || local == 4))
        return 1;
    if (filter->spi_count && ports)
        return 1;
    if (filter->protocol_count == 0)
        return 0;
    return (ports && !protocol_has_ports(filter->protocol[0])) ||
           (filter->spi_count && !protocol_has_spi(filter->protocol[0]));
}

u64 packet_filter_check(const struct vepc_packet_filter *filter)
{
    if (!is_canonical(filter) || !says_something(filter))
        return CAUSE_FILTER_SYNTACTIC;
    return contradicts_itself(filter) ? CAUSE_FILTER_SEMANTIC : CAUSE_ACCEPTED;
}
