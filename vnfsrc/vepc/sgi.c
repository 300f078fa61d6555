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

int sgi_answer(struct turn *turn, struct pv_packet *packet)
{
    struct ip ip;
    if (packet_data(packet)[0] >> 4 != 4)
        return icmpv6_answer(turn, packet);
    u64 reason = ip_check(packet, &ip);
    if (!reason && ip.protocol != PROTOCOL_ICMP)
        reason = DROP_unknown_protocol;
    if (!reason)
        return icmp_answer(turn, packet, &ip);
    drop(turn, packet, (enum counter)reason);
    return 0;
}

int sgi_is_ours(const struct vepc *vepc, const u8 *packet)
{
    if (packet[0] >> 4 == 4)
        return vepc->config.sgi != 0 && pv_load_be32(packet + 16) == vepc->config.sgi;
    return pv_load_be64(packet + 24) != 0 && memory_equal(packet + 24, vepc->config.sgi6, 16);
}

void sgi_deliver(struct turn *turn, struct pv_packet *packet)
{
    const u8 *data = packet_data(packet);
    if (data[0] >> 4 == 4) {
        forward(turn, packet, pools_find4(turn->vepc, pv_load_be32(data + 16)));
        return;
    }
    u64 prefix = pv_load_be64(data + 24);
    forward(turn, packet, prefix ? pools_find6(turn->vepc, prefix) : NO_SLOT);
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
    if (!sgi_is_ours(turn->vepc, data))
        sgi_deliver(turn, packet);
    else if (sgi_answer(turn, packet))
        emit(turn, packet, packet->port);
}
