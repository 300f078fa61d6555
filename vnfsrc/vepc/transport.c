/* The transport network: see transport.h. */
#include "transport.h"

#include "gtpc.h"
#include "gtpu.h"
#include "icmp.h"
#include "peers_allowed.h"
#include "reassembly.h"

static void receive_udp(struct turn *turn, struct pv_packet *packet, const struct ip *ip)
{
    const struct vepc_config *config = &turn->vepc->config;
    u64 udp_length = ip->payload_length >= UDP_HEADER ? pv_load_be16(ip->payload + 4) : 0;
    if (udp_length < UDP_HEADER || udp_length > ip->payload_length) {
        drop(turn, packet, DROP_bad_udp);
        return;
    }
    u32 port = pv_load_be16(ip->payload + 2);
    if (!peer_is_allowed(config, &ip->source)) {
        drop(turn, packet, DROP_peer_not_allowed);
        return;
    }
    int control = is_ours(&config->s11, &ip->destination);
    int user = is_ours(&config->s1u, &ip->destination);
    int both = is_ours(&config->s5, &ip->destination);
    if (port == GTPU_PORT && (user || both))
        gtpu_receive(turn, packet, ip, udp_length);
    else if (port == GTPC_PORT && (control || both))
        gtpc_receive(turn, packet, ip, udp_length);
    else
        drop(turn, packet, DROP_unknown_protocol);
}

static void receive_icmp(struct turn *turn, struct pv_packet *packet, const struct ip *ip)
{
    int answered = 0;
    if (ip->protocol == PROTOCOL_ICMP && address_is_ipv4(&ip->destination))
        answered = icmp_answer(turn, packet, ip);
    else if (ip->protocol == PROTOCOL_ICMPV6 && !address_is_ipv4(&ip->destination))
        answered = icmpv6_answer(turn, packet);
    else
        drop(turn, packet, DROP_unknown_protocol);
    if (answered)
        emit(turn, packet, packet->port);
}

/* Returns 1 when the packet became the whole of which it was a fragment. */
static int receive_fragment(struct turn *turn, struct pv_packet *packet)
{
    const struct vepc_config *config = &turn->vepc->config;
    struct fragment fragment;
    u64 reason = fragment_read(packet, &fragment);
    if (reason == 0 && !is_for_us(config, &fragment.destination))
        reason = DROP_not_for_us;
    if (reason == 0 && !peer_is_allowed(config, &fragment.source))
        reason = DROP_peer_not_allowed;
    if (reason == 0)
        return reassembly_add(turn, packet, &fragment);
    drop(turn, packet, (enum counter)reason);
    return 0;
}

void transport_receive(struct turn *turn, struct pv_packet *packet)
{
    const struct vepc_config *config = &turn->vepc->config;
    struct ip ip;
    u64 reason = ip_check(packet, &ip);
    if (reason == DROP_fragment) {
        if (!receive_fragment(turn, packet))
            return;
        reason = ip_check(packet, &ip);
    }
    if (reason == 0 && !is_for_us(config, &ip.destination))
        reason = DROP_not_for_us;
    if (reason)
        drop(turn, packet, (enum counter)reason);
    else if (ip.protocol == PROTOCOL_UDP)
        receive_udp(turn, packet, &ip);
    else
        receive_icmp(turn, packet, &ip);
}
