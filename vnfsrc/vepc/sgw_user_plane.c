/* The user plane of an S-GW alone: see sgw_user_plane.h. */
#include "sgw_user_plane.h"

#include "downlink.h"
#include "sgw.h"

void sgw_forward_uplink(struct turn *turn, struct pv_packet *packet, u64 bearer, u64 offset,
                        u64 length)
{
    struct vepc *vepc = turn->vepc;
    struct uplink *uplink = &vepc->uplink[bearer];
    const struct vepc_tunnel *pgw = &vepc->bearer[bearer].pgw;
    if (pgw->teid == 0) {
        drop(turn, packet, DROP_no_session); /* the P-GW has not answered yet */
        return;
    }
    packet->offset = (u32)offset;
    packet->length = (u32)length;
    gtpu_send_to_pgw(turn, packet, pgw, uplink->dscp);
    if (packet->reason)
        return;
    uplink->packets++;
    uplink->bytes += length;
    count(vepc, COUNT_uplink_packets);
    vepc->counters[COUNT_uplink_bytes] += length;
}

int sgw_is_from_pgw(const struct vepc *vepc, const struct ip *ip)
{
    return is_sgw(vepc) && is_ours(&vepc->config.s5, &ip->destination);
}

static u64 find_s5(const struct vepc *vepc, u32 teid)
{
    return contexts_find(&vepc->bearers, teid ^ SGW_S5_TEID);
}

int sgw_receive_downlink(struct turn *turn, struct pv_packet *packet, const struct ip *ip, u32 teid,
                         u64 offset, u64 length)
{
    u64 bearer = sgw_is_from_pgw(turn->vepc, ip) ? find_s5(turn->vepc, teid) : CONTEXTS_NONE;
    if (bearer == CONTEXTS_NONE)
        return 0;
    u64 total = ip_total_length(packet->base + offset, length);
    if (total == 0) {
        drop(turn, packet, DROP_bad_inner_packet);
        return 1;
    }
    packet->offset = (u32)offset;
    packet->length = (u32)total;
    downlink_forward(turn, packet, bearer);
    return 1;
}

void sgw_pass_end_marker(struct turn *turn, u32 teid)
{
    u64 bearer = find_s5(turn->vepc, teid);
    if (bearer == CONTEXTS_NONE || !turn->vepc->downlink[bearer].connected)
        return;
    const struct downlink *downlink = &turn->vepc->downlink[bearer];
    struct vepc_tunnel enb = {downlink->teid, downlink->address};
    gtpu_send_end_marker(turn, &enb);
}
