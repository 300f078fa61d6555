/* GTP-U: see gtpu.h. */
#include "gtpu.h"

#include "filters.h"
#include "forwarding.h"
#include "gtpc_send.h"
#include "gtpu_ie.h"
#include "icmp.h"
#include "martians.h"
#include "mtu.h"
#include "path_echo.h"
#include "paths.h"
#include "qos.h"
#include "rate_limits.h"
#include "sessions.h"
#include "sgi.h"
#include "sgw.h"
#include "sgw_user_plane.h"

#define GTPU_ECHO_REQUEST 1
#define GTPU_ECHO_RESPONSE 2
#define GTPU_ERROR_INDICATION 26
#define GTPU_SUPPORTED_EXTENSIONS 31
#define GTPU_END_MARKER 254
#define GTPU_G_PDU 255

#define EXTENSION_NONE 0
#define EXTENSION_PDU_SESSION_CONTAINER 0x85
#define EXTENSION_LONG_PDCP_PDU_NUMBER 0x82
#define EXTENSION_PDCP_PDU_NUMBER 0xc0
#define EXTENSION_MUST_UNDERSTAND 0x80 /* by an end point, which we are */

/* Flags of the first octet. */
#define VERSION_1_GTP 0x30
#define FLAG_EXTENSION 0x04
#define FLAG_SEQUENCE 0x02
#define FLAGS_OPTIONAL 0x07

struct message {
    u8 *body;   /* after header, optional fields and extension headers */
    u64 offset; /* of the body, from the start of the packet's buffer */
    u64 length;
    u64 header; /* where the message begins, from the start of the packet's buffer */
    u64 total;  /* its length, the header included */
    u32 teid;
    u16 sequence; /* 0 without one */
    u8 type;
};

static void write_header(u8 *at, u8 flags, u8 type, u64 length, u32 teid)
{
    at[0] = VERSION_1_GTP | flags;
    at[1] = type;
    pv_store_be16(at + 2, (u32)length);
    pv_store_be32(at + 4, teid);
}

/* Our user plane towards eNodeBs or, at a P-GW, towards S-GWs. */
static const struct vepc_endpoint *access_side(const struct vepc *vepc, u16 *port)
{
    *port = is_pgw(vepc) ? VEPC_PORT_S5 : VEPC_PORT_S1U;
    return is_pgw(vepc) ? &vepc->config.s5 : &vepc->config.s1u;
}

static void route_to_access(const struct vepc *vepc, const struct pv_address *peer, u8 dscp,
                            struct route *route, u16 *port)
{
    route->source = *local_address(access_side(vepc, port), peer);
    route->destination = *peer;
    route->source_port = GTPU_PORT;
    route->destination_port = GTPU_PORT;
    route->dscp = dscp;
}

/* Encapsulates the packet's bytes as a G-PDU for a TEID and sends it. */
static void send_g_pdu(struct turn *turn, struct pv_packet *packet, u32 teid,
                       const struct route *route, u16 port)
{
    u64 length = packet->length;
    u64 overhead = GTPU_HEADER + udp_overhead(&route->destination);
    if (packet->offset < overhead) {
        drop(turn, packet, DROP_no_headroom);
        return;
    }
    if (length > 0xffff - overhead) {
        drop(turn, packet, DROP_too_long);
        return;
    }
    packet->offset -= GTPU_HEADER;
    packet->length += GTPU_HEADER;
    write_header(packet_data(packet), 0, GTPU_G_PDU, length, teid);
    udp_write(turn->vepc, packet, route, 0);
    emit(turn, packet, port);
}

/* Sends a packet of any size that a tunnel can hold. */
static void send_fitting(struct turn *turn, struct pv_packet *packet, const struct downlink *bearer)
{
    struct route route;
    u16 port;
    route_to_access(turn->vepc, &bearer->address, bearer->dscp, &route, &port);
    send_g_pdu(turn, packet, bearer->teid, &route, port);
}

void gtpu_send(struct turn *turn, struct pv_packet *packet, const struct downlink *bearer)
{
    struct pv_packet *parts[MTU_PARTS_MOST];
    u64 most = turn->vepc->config.s1u_mtu - GTPU_HEADER - udp_overhead(&bearer->address);
    /* An S-GW alone is no hop of the user's: its P-GW sees to the size. */
    if (is_sgw(turn->vepc) || mtu_fits(packet_data(packet), packet->length, most)) {
        send_fitting(turn, packet, bearer);
        return;
    }
    u64 count_parts = mtu_fragment(turn, packet, most, parts);
    if (count_parts == MTU_NO_ROOM) {
        drop(turn, packet, DROP_no_spare);
        return;
    }
    for (u64 i = 0; i < count_parts; i++)
        send_fitting(turn, parts[i], bearer);
    if (count_parts)
        return;
    drop(turn, packet, DROP_too_big);
    if (mtu_write_error(turn, packet, most))
        emit(turn, packet, VEPC_PORT_SGI);
}

void gtpu_send_to_pgw(struct turn *turn, struct pv_packet *packet, const struct vepc_tunnel *pgw,
                      u8 dscp)
{
    struct route route = {*local_address(&turn->vepc->config.s5, &pgw->address), pgw->address,
                          GTPU_PORT, GTPU_PORT, dscp};
    send_g_pdu(turn, packet, pgw->teid, &route, VEPC_PORT_S5);
}

/* Puts a signalling message with sequence number and `length` bytes of IEs into a packet
 * and sends it. The IEs stand at the packet's data already. */
static void send_signalling(struct turn *turn, struct pv_packet *packet, u64 length, u8 type,
                            u16 sequence, const struct route *route, u64 out_port)
{
    packet->offset -= GTPU_HEADER + 4;
    packet->length = (u32)(GTPU_HEADER + 4 + length);
    u8 *header = packet_data(packet);
    write_header(header, FLAG_SEQUENCE, type, 4 + length, 0);
    pv_store_be16(header + 8, sequence);
    pv_store_be16(header + 10, 0); /* no N-PDU number, no extension */
    udp_write(turn->vepc, packet, route, 1);
    emit(turn, packet, out_port);
}

/* The way back to the sender of a packet, from the address that it was sent to. */
static struct route *route_back(const struct ip *ip, u16 port, struct route *route)
{
    route->source = ip->destination;
    route->destination = ip->source;
    route->source_port = GTPU_PORT;
    route->destination_port = port;
    route->dscp = 0;
    return route;
}

void gtpu_send_echo_request(struct turn *turn, struct pv_packet *packet, const struct path *path)
{
    const struct vepc_config *config = &turn->vepc->config;
    int s5 = path->interface == VEPC_PATH_INTERFACE_S5;
    struct route route = {*local_address(s5 ? &config->s5 : &config->s1u, &path->peer), path->peer,
                          GTPU_PORT, GTPU_PORT, 0};
    send_signalling(turn, packet, 0, GTPU_ECHO_REQUEST, (u16)path->echo_sequence, &route,
                    s5 ? VEPC_PORT_S5 : VEPC_PORT_S1U);
}

void gtpu_send_end_marker(struct turn *turn, const struct vepc_tunnel *enb)
{
    struct route route;
    u16 port;
    struct pv_packet *packet = spare(turn);
    if (!packet)
        return;
    packet->length = GTPU_HEADER;
    write_header(packet_data(packet), 0, GTPU_END_MARKER, 0, enb->teid);
    route_to_access(turn->vepc, &enb->address, 0, &route, &port);
    udp_write(turn->vepc, packet, &route, 1);
    count(turn->vepc, COUNT_end_markers_sent);
    emit(turn, packet, port);
}

/* Answers with the extension headers that we understand (TS 29.281, 7.2.3). */
static void send_supported_extensions(struct turn *turn, struct pv_packet *packet,
                                      const struct ip *ip)
{
    packet->offset = PV_HEADROOM;
    u8 *ie = packet_data(packet);
    ie[0] = GTPU_IE_EXTENSION_LIST;
    ie[1] = 3;
    ie[2] = EXTENSION_PDCP_PDU_NUMBER;
    ie[3] = EXTENSION_PDU_SESSION_CONTAINER;
    ie[4] = EXTENSION_LONG_PDCP_PDU_NUMBER;
    struct route route;
    u16 sequence = paths_next_sequence(turn->vepc, &ip->source);
    send_signalling(turn, packet, 5, GTPU_SUPPORTED_EXTENSIONS, sequence,
                    route_back(ip, GTPU_PORT, &route), packet->port);
}

/* Walks the extension headers (TS 29.281, 5.2). Returns 0, the reason to drop the packet,
 * or DROP_bad_gtpu_extension for one that we must understand and do not. */
static u64 skip_extensions(struct message *message, u8 next)
{
    while (next != EXTENSION_NONE) {
        if (message->length < 4)
            return DROP_bad_gtpu_length;
        u64 length = (u64)message->body[0] * 4;
        if (length == 0 || length > message->length)
            return DROP_bad_gtpu_length;
        if ((next & EXTENSION_MUST_UNDERSTAND) && next != EXTENSION_PDCP_PDU_NUMBER &&
            next != EXTENSION_LONG_PDCP_PDU_NUMBER && next != EXTENSION_PDU_SESSION_CONTAINER)
            return DROP_bad_gtpu_extension;
        next = message->body[length - 1];
        message->body += length;
        message->offset += length;
        message->length -= length;
    }
    return 0;
}

/* Reads the header at `offset` in the packet's buffer. Returns 0 or the reason to drop the
 * packet. */
static u64 parse(struct message *message, u8 *gtpu, u64 offset, u64 available)
{
    if (available < GTPU_HEADER || (gtpu[0] & 0xf0) != VERSION_1_GTP)
        return DROP_bad_gtpu_header;
    message->type = gtpu[1];
    message->length = pv_load_be16(gtpu + 2);
    message->teid = pv_load_be32(gtpu + 4);
    message->sequence = 0;
    message->body = gtpu + GTPU_HEADER;
    message->offset = offset + GTPU_HEADER;
    message->header = offset;
    message->total = GTPU_HEADER + message->length;
    if (message->length > available - GTPU_HEADER)
        return DROP_bad_gtpu_length;
    if ((gtpu[0] & FLAGS_OPTIONAL) == 0)
        return 0;
    if (message->length < 4)
        return DROP_bad_gtpu_length;
    if (gtpu[0] & FLAG_SEQUENCE)
        message->sequence = pv_load_be16(gtpu + 8);
    message->body += 4;
    message->offset += 4;
    message->length -= 4;
    return gtpu[0] & FLAG_EXTENSION ? skip_extensions(message, gtpu[11]) : 0;
}

/* Tells the sender that we have no context for its TEID (TS 29.281, 7.3.1). */
static void send_error_indication(struct turn *turn, struct pv_packet *packet, const struct ip *ip,
                                  u32 teid)
{
    struct route route;
    u16 sequence = paths_next_sequence(turn->vepc, &ip->source);
    packet->offset = PV_HEADROOM;
    u8 *ie = packet_data(packet);
    u64 length = address_is_ipv4(&ip->destination) ? 4 : 16;
    ie[0] = GTPU_IE_TEID_DATA_I;
    pv_store_be32(ie + 1, teid);
    ie[5] = GTPU_IE_PEER_ADDRESS;
    pv_store_be16(ie + 6, (u32)length);
    if (length == 4)
        pv_store_be32(ie + 8, address_ipv4(&ip->destination));
    else
        address_store_ipv6(ie + 8, &ip->destination);
    count(turn->vepc, COUNT_error_indications_sent);
    send_signalling(turn, packet, 8 + length, GTPU_ERROR_INDICATION, sequence,
                    route_back(ip, GTPU_PORT, &route), packet->port);
}

/* An eNodeB lost a bearer: the UE's downlink tunnels are released (TS 23.007, 22). What an S-GW
 * lost ends. */
static void receive_error_indication(struct turn *turn, struct pv_packet *packet,
                                     const struct ip *ip, const struct message *message)
{
    struct vepc_tunnel enb;
    if (!gtpu_read_lost_tunnel(message->body, message->length, &enb)) {
        drop(turn, packet, DROP_bad_gtpu_length);
        return;
    }
    /* Who lost a tunnel is who it led to (TS 29.281, 7.3.1): nobody ends another's. */
    if (!address_equal(&enb.address, &ip->source)) {
        drop(turn, packet, DROP_not_its_tunnel);
        return;
    }
    count(turn->vepc, COUNT_error_indications_received);
    if (sgw_is_from_pgw(turn->vepc, ip))
        sgw_pgw_lost(turn->vepc, &enb);
    else if (is_pgw(turn->vepc))
        sessions_end_tunnel(turn->vepc, &enb);
    else
        sessions_release_enb(turn->vepc, &enb);
}

static void receive_echo_request(struct turn *turn, struct pv_packet *packet, const struct ip *ip,
                                 u16 sequence)
{
    struct route route;
    packet->offset = PV_HEADROOM;
    u8 *ie = packet_data(packet);
    ie[0] = GTPU_IE_RECOVERY;
    ie[1] = 0; /* TS 29.281, 8.2: zero, and ignored by the receiver */
    send_signalling(turn, packet, 2, GTPU_ECHO_RESPONSE, sequence,
                    route_back(ip, pv_load_be16(ip->payload), &route), packet->port);
}

/* What a UE sends from its link-local or the unspecified address, or to an address of its
 * link, stays on its link; only a router solicitation has an answer. */
static int is_on_link(const struct uplink *uplink, const u8 *inner)
{
    if (inner[0] >> 4 != 6 || uplink->prefix == 0)
        return 0;
    u64 source = pv_load_be64(inner + 8);
    u64 destination = pv_load_be64(inner + 24);
    int from_link = source >> 54 == 0xfe80 >> 6 || (source == 0 && pv_load_be64(inner + 16) == 0);
    int to_link = destination >> 54 == 0xfe80 >> 6 || destination >> 48 == 0xff02;
    return from_link || (to_link && source == uplink->prefix);
}

/* A solicitation may come before the Modify Bearer Request that connects the bearer (TS
 * 23.401, 5.3.2.1): then it waits for that. */
static void receive_on_link(struct turn *turn, struct pv_packet *packet, const u8 *inner,
                            u64 length, u64 bearer_slot)
{
    struct vepc *vepc = turn->vepc;
    struct downlink *downlink = &vepc->downlink[bearer_slot];
    if (!router_solicitation_ok(inner, length)) {
        drop(turn, packet, DROP_link_local);
        return;
    }
    if (!downlink->connected) {
        downlink->detour |= DETOUR_SOLICITED;
        ue_touch(vepc, vepc->session[vepc->bearer[bearer_slot].session].ue);
        count(vepc, COUNT_solicitations_kept);
        return;
    }
    router_advertisement_write(vepc, packet, bearer_slot);
    count(vepc, COUNT_router_advertisements);
    gtpu_send(turn, packet, downlink);
}

void gtpu_answer_solicitation(struct turn *turn, u64 bearer_slot)
{
    struct downlink *downlink = &turn->vepc->downlink[bearer_slot];
    if (!(downlink->detour & DETOUR_SOLICITED) || !has_spare(turn))
        return;
    downlink->detour &= (u8)~DETOUR_SOLICITED;
    struct pv_packet *packet = spare(turn);
    router_advertisement_write(turn->vepc, packet, bearer_slot);
    count(turn->vepc, COUNT_router_advertisements);
    gtpu_send(turn, packet, downlink);
}

/* Whether a G-PDU for nobody is told of: TEID 0 is not, for it is nobody's error (TS 29.281,
 * 7.3.1), nor is what is too short to carry IP, lest the answer be larger. */
static int is_worth_a_notice(struct vepc *vepc, const struct ip *ip, const struct message *message)
{
    return message->teid != 0 && message->length >= IPV4_HEADER &&
           rate_limits_admit_notice(vepc, &ip->source);
}

/* Sends an uplink packet that is too big for SGi in parts, or tells the UE. */
static void send_too_big_uplink(struct turn *turn, struct pv_packet *packet,
                                const struct downlink *downlink)
{
    struct pv_packet *parts[MTU_PARTS_MOST];
    u64 most = turn->vepc->config.sgi_mtu;
    u64 count_parts = mtu_fragment(turn, packet, most, parts);
    if (count_parts == MTU_NO_ROOM) {
        drop(turn, packet, DROP_no_spare);
        return;
    }
    for (u64 i = 0; i < count_parts; i++)
        emit(turn, parts[i], VEPC_PORT_SGI);
    if (count_parts)
        return;
    drop(turn, packet, DROP_too_big);
    if (downlink->connected && mtu_write_error(turn, packet, most))
        gtpu_send(turn, packet, downlink);
}

static void receive_g_pdu(struct turn *turn, struct pv_packet *packet, const struct ip *ip,
                          const struct message *message)
{
    struct vepc *vepc = turn->vepc;
    u64 slot = (u64)CONTEXT_NUMBER(message->teid) - 1;
    if (slot >= vepc->bearers.capacity || vepc->uplink[slot].teid != message->teid ||
        (vepc->uplink[slot].to_pgw && sgw_is_from_pgw(vepc, ip))) {
        if (forwarding_pass(turn, packet, message->teid, message->header, message->total) ||
            sgw_receive_downlink(turn, packet, ip, message->teid, message->offset, message->length))
            return;
        drop(turn, packet, DROP_unknown_teid);
        if (is_worth_a_notice(vepc, ip, message))
            send_error_indication(turn, packet, ip, message->teid);
        return;
    }
    struct uplink *uplink = &vepc->uplink[slot];
    u64 length = ip_total_length(message->body, message->length);
    if (length == 0) {
        drop(turn, packet, DROP_bad_inner_packet);
        return;
    }
    if (uplink->suspended) {
        drop(turn, packet, DROP_suspended);
        return;
    }
    if (uplink->to_pgw) {
        sgw_forward_uplink(turn, packet, slot, message->offset, length);
        return;
    }
    if (is_on_link(uplink, message->body)) {
        receive_on_link(turn, packet, message->body, length, slot);
        return;
    }
    if (!source_is_own(uplink, message->body)) {
        drop(turn, packet, DROP_spoofed_source);
        return;
    }
    if (martian_from_ue(&vepc->config, message->body)) {
        drop(turn, packet, DROP_gtp_in_gtp);
        return;
    }
    if (uplink->filtered && !filters_allow(vepc, slot, message->body, length)) {
        drop(turn, packet, DROP_filters);
        return;
    }
    if (!qos_police_uplink(vepc, uplink, length)) {
        drop(turn, packet, DROP_over_rate_uplink);
        return;
    }
    packet->offset = (u32)message->offset;
    packet->length = (u32)length;
    int ours = sgi_is_ours(vepc, message->body);
    if (ours) {
        if (!sgi_answer(turn, packet))
            return;
    } else if (mtu_fits(message->body, length, vepc->config.sgi_mtu)) {
        emit(turn, packet, VEPC_PORT_SGI);
    } else {
        send_too_big_uplink(turn, packet, &vepc->downlink[slot]);
        if (packet->reason)
            return;
    }
    uplink->packets++;
    uplink->bytes += length;
    count(vepc, COUNT_uplink_packets);
    vepc->counters[COUNT_uplink_bytes] += length;
    if (ours)
        sgi_deliver(turn, packet);
}

void gtpu_receive(struct turn *turn, struct pv_packet *packet, const struct ip *ip, u64 udp_length)
{
    struct message message;
    u64 reason = parse(&message, ip->payload + UDP_HEADER, ip->payload_offset + UDP_HEADER,
                       udp_length - UDP_HEADER);
    if (reason) {
        drop(turn, packet, (enum counter)reason);
        if (reason == DROP_bad_gtpu_extension && rate_limits_admit_notice(turn->vepc, &ip->source))
            send_supported_extensions(turn, packet, ip);
        return;
    }
    if (message.type == GTPU_G_PDU) {
        receive_g_pdu(turn, packet, ip, &message);
        return;
    }
    if (!udp_checksum_ok(ip, udp_length)) {
        drop(turn, packet, DROP_bad_udp);
        return;
    }
    switch (message.type) {
    case GTPU_ECHO_REQUEST:
        receive_echo_request(turn, packet, ip, message.sequence);
        break;
    case GTPU_ERROR_INDICATION:
        receive_error_indication(turn, packet, ip, &message);
        break;
    case GTPU_END_MARKER:
        if (sgw_is_from_pgw(turn->vepc, ip))
            sgw_pass_end_marker(turn, message.teid);
        else /* of an eNodeB: of interest only behind what it forwarded */
            forwarding_pass(turn, packet, message.teid, message.header, message.total);
        break;
    case GTPU_ECHO_RESPONSE:
        path_echo_answered(turn->vepc, &ip->source, VEPC_PATH_PLANE_GTP_U, message.sequence);
        break;
    case GTPU_SUPPORTED_EXTENSIONS:
        break; /* nothing to do */
    default:
        drop(turn, packet, DROP_unknown_gtpu_message);
        return;
    }
    count(turn->vepc, COUNT_gtpu_signalling);
}
