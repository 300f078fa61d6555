/* Flows: see flow.h. */
#include "flow.h"

#include "packet_filter.h"

#define HOP_BY_HOP 0
#define ROUTING 43
#define DESTINATION_OPTIONS 60

#define FRAGMENT_OFFSET4 0x1fff
#define FRAGMENT_OFFSET6 0xfff8

/* Extension headers that are walked; what stands behind more of them is not looked at. */
#define EXTENSIONS_MOST 8

/* Ports or SPI, from the `left` bytes of the transport header. */
static void read_transport(struct flow *flow, const u8 *header, u64 left)
{
    if (protocol_has_ports(flow->protocol) && left >= 4) {
        flow->has_ports = 1;
        flow->source_port = pv_load_be16(header);
        flow->destination_port = pv_load_be16(header + 2);
    }
    u64 spi_at = flow->protocol == PROTOCOL_AH ? 4 : 0;
    if (protocol_has_spi(flow->protocol) && left >= spi_at + 4) {
        flow->has_spi = 1;
        flow->spi = pv_load_be32(header + spi_at);
    }
}

static void read4(const u8 *packet, u64 length, struct flow *flow)
{
    u64 header = (u64)(packet[0] & 15) * 4;
    flow->source.low = ADDRESS_MAPPED | pv_load_be32(packet + 12);
    flow->destination.low = ADDRESS_MAPPED | pv_load_be32(packet + 16);
    flow->traffic_class = packet[1];
    flow->protocol = packet[9];
    flow->is_later_fragment = (pv_load_be16(packet + 6) & FRAGMENT_OFFSET4) != 0;
    if (!flow->is_later_fragment)
        read_transport(flow, packet + header, length - header);
}

static int is_extension(u8 next)
{
    return next == HOP_BY_HOP || next == ROUTING || next == PROTOCOL_FRAGMENT ||
           next == DESTINATION_OPTIONS;
}

static void read6(const u8 *packet, u64 length, struct flow *flow)
{
    u32 first = pv_load_be32(packet);
    flow->is_ipv6 = 1;
    flow->source.high = pv_load_be64(packet + 8);
    flow->source.low = pv_load_be64(packet + 16);
    flow->destination.high = pv_load_be64(packet + 24);
    flow->destination.low = pv_load_be64(packet + 32);
    flow->traffic_class = (u8)(first >> 20);
    flow->flow_label = first & 0xfffff;
    flow->protocol = packet[6];
    u64 at = IPV6_HEADER;
    for (u64 n = 0; is_extension(flow->protocol); n++) {
        if (n == EXTENSIONS_MOST || length - at < 8)
            return; /* the protocol stays an extension header's */
        u64 size = flow->protocol == PROTOCOL_FRAGMENT ? 8 : 8 + (u64)packet[at + 1] * 8;
        if (size > length - at)
            return;
        if (flow->protocol == PROTOCOL_FRAGMENT)
            flow->is_later_fragment = (pv_load_be16(packet + at + 2) & FRAGMENT_OFFSET6) != 0;
        flow->protocol = packet[at];
        at += size;
        if (flow->is_later_fragment)
            return;
    }
    read_transport(flow, packet + at, length - at);
}

void flow_read(const u8 *packet, u64 length, struct flow *flow)
{
    __builtin_memset(flow, 0, sizeof *flow);
    if (packet[0] >> 4 == 4)
        read4(packet, length, flow);
    else
        read6(packet, length, flow);
}

/* An IPv6 prefix that is short enough would fit the mapped form of an IPv4 address. */
static int address_fits(const struct flow *flow, const struct pv_address *address,
                        const struct pv_address *wanted, const u8 *octets)
{
    struct mask mask;
    mask_load(octets, &mask);
    if ((mask.high | mask.low) == 0)
        return 1;
    return address_is_ipv4(wanted) != flow->is_ipv6 &&
           ((address->high ^ wanted->high) & mask.high) == 0 &&
           ((address->low ^ wanted->low) & mask.low) == 0;
}

static int port_fits(const struct flow *flow, u16 port, u8 count, const u16 *ports)
{
    return count == 0 || (flow->has_ports && ports[0] <= port && port <= ports[1]);
}

/* What the IP header says beside addresses and protocol. */
static int ip_header_fits(const struct flow *flow, const struct vepc_packet_filter *filter)
{
    if ((flow->traffic_class & filter->traffic_class_mask) != filter->traffic_class)
        return 0;
    return filter->flow_label_count == 0 ||
           (flow->is_ipv6 && filter->flow_label[0] == flow->flow_label);
}

int flow_fits(const struct flow *flow, const struct vepc_packet_filter *filter,
              enum direction direction)
{
    int down = direction == DIRECTION_DOWNLINK;
    const struct pv_address *remote = down ? &flow->source : &flow->destination;
    const struct pv_address *local = down ? &flow->destination : &flow->source;
    u16 remote_port = down ? flow->source_port : flow->destination_port;
    u16 local_port = down ? flow->destination_port : flow->source_port;
    if (!filter_is_for(filter, direction) ||
        !address_fits(flow, remote, &filter->remote, filter->remote_mask) ||
        !address_fits(flow, local, &filter->local, filter->local_mask))
        return 0;
    if (filter->protocol_count && filter->protocol[0] != flow->protocol)
        return 0;
    if (!down && flow->is_later_fragment)
        return ip_header_fits(flow, filter);
    if (!port_fits(flow, remote_port, filter->remote_ports_count, filter->remote_ports) ||
        !port_fits(flow, local_port, filter->local_ports_count, filter->local_ports))
        return 0;
    if (filter->spi_count && (!flow->has_spi || filter->spi[0] != flow->spi))
        return 0;
    return ip_header_fits(flow, filter);
}
