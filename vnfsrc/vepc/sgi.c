/* SGi: see sgi.h. */
#include "sgi.h"

#include "downlink.h"
#include "filters.h"
#include "icmp.h"
#include "martians.h"
#include "pools.h"
#include "qos.h"

static void forward(struct turn *turn, struct pv_packet *packet, u32 bearer)
{
    struct vepc *vepc = turn->vepc;
    if (bearer == NO_SLOT) {
        drop(turn, packet, DROP_no_session);
        return;
    }
    if (martian_from_sgi(packet_data(packet))) {
        drop(turn, packet, DROP_martian);
        return;
    }
    u64 slot = (u64)bearer - 1;
    if (vepc->downlink[slot].detour & DETOUR_FILTERS)
        slot = filters_choose(vepc, slot, packet_data(packet), packet->length);
    if (slot == CONTEXTS_NONE)
        drop(turn, packet, DROP_filters);
    else if (!qos_police_downlink(vepc, &vepc->downlink[slot], packet->length))
        drop(turn, packet, DROP_over_rate_downlink);
    else
        downlink_forward(turn, packet, slot);
}

static void receive4(struct turn *turn, struct pv_packet *packet)
{
    struct vepc *vepc = turn->vepc;
    u32 destination = pv_load_be32(packet_data(packet) + 16);
    if (destination != vepc->config.sgi || destination == 0) {
        forward(turn, packet, pools_find4(vepc, destination));
        return;
    }
    struct ip ip;
    u64 reason = ip_check(packet, &ip);
    if (reason)
        drop(turn, packet, (enum counter)reason);
    else if (ip.protocol == PROTOCOL_ICMP)
        icmp_receive(turn, packet, &ip);
    else
        drop(turn, packet, DROP_unknown_protocol);
}

static void receive6(struct turn *turn, struct pv_packet *packet)
{
    struct vepc *vepc = turn->vepc;
    const u8 *destination = packet_data(packet) + 24;
    u64 high = pv_load_be64(destination);
    if (high != 0 && memory_equal(destination, vepc->config.sgi6, 16))
        icmpv6_receive(turn, packet);
    else
        forward(turn, packet, high ? pools_find6(vepc, high) : NO_SLOT);
}

void sgi_receive(struct turn *turn, struct pv_packet *packet)
{
    u8 *data = packet_data(packet);
    u64 length = ip_total_length(data, packet->length);
    if (length == 0) {
        u32 version = packet->length ? data[0] >> 4 : 0;
        drop(turn, packet, version == 4 || version == 6 ? DROP_bad_ip_length : DROP_not_ip);
        return;
    }
    packet->length = (u32)length; /* what follows the packet is link padding */
    if (data[0] >> 4 == 4)
        receive4(turn, packet);
    else
        receive6(turn, packet);
}
