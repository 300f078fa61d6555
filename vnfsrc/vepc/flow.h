/* The flow that a user packet belongs to, and which packet filters it fits (TS 23.060,
 * 15.3; TS 24.008, 10.5.6.12).
 */
#ifndef VEPC_FLOW_H
#define VEPC_FLOW_H

#include "ip.h"

/* What filters ask of a packet. Of a later fragment, only the first packet of a datagram
 * tells ports and SPI. */
struct flow {
    struct pv_address source;
    struct pv_address destination;
    u32 flow_label; /* IPv6 only */
    u32 spi;
    u16 source_port;
    u16 destination_port;
    u8 is_ipv6;
    u8 protocol; /* of IPv6, the first next header that is no extension header */
    u8 traffic_class;
    u8 has_ports;
    u8 has_spi;
    u8 is_later_fragment;
};

enum direction { DIRECTION_DOWNLINK, DIRECTION_UPLINK };

/* Reads a packet of either family. `length` is that of ip_total_length, not 0. */
void flow_read(const u8 *packet, u64 length, struct flow *flow);

/* Whether a filter is for a direction. One from before Release 7 is for downlink alone. */
PV_INLINE int filter_is_for(const struct vepc_packet_filter *filter, enum direction direction)
{
    return direction == DIRECTION_DOWNLINK
               ? filter->direction != VEPC_PACKET_FILTER_DIRECTION_UPLINK
               : (filter->direction & VEPC_PACKET_FILTER_DIRECTION_UPLINK) != 0;
}

/* Whether a sound filter is for this direction and fits. "Local" is the UE. Ports and SPI of
 * a later fragment are unknown: they fit no filter downlink, where another bearer will do, and
 * any filter uplink, where the first fragment was judged. */
int flow_fits(const struct flow *flow, const struct vepc_packet_filter *filter,
              enum direction direction);

#endif
