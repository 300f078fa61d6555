/* Sending GTPv2-C messages: see gtpc_send.h. */
#include "gtpc_send.h"

#define VERSION_2 0x40
#define FLAG_TEID 0x08

u8 *gtpc_write_header(u8 *message, u64 length, u8 type, int with_teid, u32 teid, u32 sequence)
{
    u8 *start = with_teid ? message : message + 4;
    start[0] = with_teid ? VERSION_2 | FLAG_TEID : VERSION_2;
    start[1] = type;
    pv_store_be16(start + 2, (u32)(length - (with_teid ? 4 : 8)));
    if (with_teid)
        pv_store_be32(start + 4, teid);
    pv_store_be24(message + 8, sequence);
    message[11] = 0;
    return start;
}

void gtpc_send(struct turn *turn, struct pv_packet *packet, const struct gtpc_route *route,
               const u8 *message, u64 length)
{
    struct route outer = {route->local, route->peer, GTPC_PORT, route->port, 0};
    packet->offset = PV_HEADROOM;
    packet->length = (u32)length;
    memory_copy(packet_data(packet), message, length);
    udp_write(turn->vepc, packet, &outer, 1);
    emit(turn, packet, route->out_port);
}

void gtpc_route_to(const struct vepc *vepc, const struct pv_address *peer, u8 interface,
                   struct gtpc_route *route)
{
    int s5 = interface == VEPC_TRANSACTION_INTERFACE_S5;
    route->peer = *peer;
    route->local = *local_address(s5 ? &vepc->config.s5 : &vepc->config.s11, peer);
    route->port = GTPC_PORT;
    route->out_port = s5 ? VEPC_PORT_S5 : VEPC_PORT_S11;
}
