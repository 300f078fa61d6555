/* ICMP: see icmp.h. */
#include "icmp.h"

#define ICMP_ECHO_REPLY 0
#define ICMP_ECHO_REQUEST 8
#define ICMPV6_ECHO_REQUEST 128
#define ICMPV6_ECHO_REPLY 129
#define ICMPV6_ROUTER_SOLICITATION 133
#define ICMPV6_ROUTER_ADVERTISEMENT 134
#define OPTION_SOURCE_LINK_LAYER_ADDRESS 1
#define OPTION_PREFIX_INFORMATION 3
#define OPTION_MTU 5
#define OPTION_RDNSS 25
#define ALL_NODES_LAST 1
#define ROUTER_LIFETIME 65535
#define FOREVER 0xffffffffu

int icmp_answer(struct turn *turn, struct pv_packet *packet, const struct ip *ip)
{
    u8 *icmp = ip->payload;
    if (ip->payload_length < 8 || icmp[0] != ICMP_ECHO_REQUEST || icmp[1] != 0 ||
        checksum_finish(checksum_add(0, icmp, ip->payload_length)) != 0) {
        drop(turn, packet, DROP_bad_icmp);
        return 0;
    }
    icmp[0] = ICMP_ECHO_REPLY;
    pv_store_be16(icmp + 2, 0);
    pv_store_be16(icmp + 2, checksum_finish(checksum_add(0, icmp, ip->payload_length)));
    /* The reply has no IP options: its header stands right in front of the ICMP message. */
    packet->offset = (u32)(ip->payload_offset - IPV4_HEADER);
    packet->length = (u32)(IPV4_HEADER + ip->payload_length);
    ipv4_write(packet_data(packet), 0, PROTOCOL_ICMP, address_ipv4(&ip->destination),
               address_ipv4(&ip->source), ip->payload_length, turn->vepc->ip_id++);
    count(turn->vepc, COUNT_icmp_echoes);
    return 1;
}

static u16 icmpv6_checksum(const u8 *header, u64 length)
{
    u64 sum = ipv6_pseudo_sum(header, length, PROTOCOL_ICMPV6);
    return checksum_finish(checksum_add(sum, header + IPV6_HEADER, length));
}

int icmpv6_answer(struct turn *turn, struct pv_packet *packet)
{
    u8 *header = packet_data(packet);
    u8 *icmp = header + IPV6_HEADER;
    u64 length = packet->length - IPV6_HEADER;
    if (header[6] != PROTOCOL_ICMPV6) {
        drop(turn, packet, DROP_unknown_protocol);
        return 0;
    }
    if (length < 8 || icmp[0] != ICMPV6_ECHO_REQUEST || icmp[1] != 0 ||
        icmpv6_checksum(header, length) != 0) {
        drop(turn, packet, DROP_bad_icmp);
        return 0;
    }
    u8 source[16];
    memory_copy(source, header + 8, 16);
    memory_copy(header + 8, header + 24, 16);
    memory_copy(header + 24, source, 16);
    ipv6_write(header, PROTOCOL_ICMPV6, HOP_LIMIT, length);
    icmp[0] = ICMPV6_ECHO_REPLY;
    pv_store_be16(icmp + 2, 0);
    pv_store_be16(icmp + 2, icmpv6_checksum(header, length));
    count(turn->vepc, COUNT_icmp_echoes);
    return 1;
}

/* Whether the options of a solicitation are whole (RFC 4861, 6.1.1): none of length 0, and
 * no link-layer address from a sender that has no address. */
static int options_ok(const u8 *header, u64 length)
{
    int unspecified = pv_load_be64(header + 8) == 0 && pv_load_be64(header + 16) == 0;
    u64 at = IPV6_HEADER + 8;
    while (at + 2 <= length) {
        u64 size = (u64)header[at + 1] * 8;
        if (size == 0 || (unspecified && header[at] == OPTION_SOURCE_LINK_LAYER_ADDRESS))
            return 0;
        at += size;
    }
    return at == length;
}

/* The checksum is not looked at, unlike on a shared link (RFC 4861, 6.1.1): nothing is learnt from
 * the message, its answer goes to nobody but the UE that the tunnel is of, and there are UEs (test
 * UEs of other cores) that put the interface identifier of their PAA into a message made before. */
int router_solicitation_ok(const u8 *header, u64 length)
{
    return length >= IPV6_HEADER + 8 && options_ok(header, length) &&
           header[6] == PROTOCOL_ICMPV6 && header[7] == 255 &&
           header[IPV6_HEADER] == ICMPV6_ROUTER_SOLICITATION && header[IPV6_HEADER + 1] == 0;
}

/* Our link-local address on the UE's link; no UE is given this interface identifier. */
static void write_link_local_gateway(u8 *address)
{
    pv_store_be64(address, 0xfe80000000000000ull);
    pv_store_be64(address + 8, 1);
}

static void write_all_nodes(u8 *address)
{
    pv_store_be64(address, 0xff02000000000000ull);
    pv_store_be64(address + 8, ALL_NODES_LAST);
}

/* The options; each returns its length. */
static u64 write_prefix_option(u8 *at, u64 prefix)
{
    at[0] = OPTION_PREFIX_INFORMATION;
    at[1] = 4; /* in units of 8 bytes */
    at[2] = 64;
    at[3] = 0x40; /* autonomous; not on-link: the UE is alone on its link */
    pv_store_be32(at + 4, FOREVER);
    pv_store_be32(at + 8, FOREVER);
    pv_store_be32(at + 12, 0);
    pv_store_be64(at + 16, prefix);
    pv_store_be64(at + 24, 0);
    return 32;
}

static u64 write_mtu_option(u8 *at, u32 mtu)
{
    at[0] = OPTION_MTU;
    at[1] = 1;
    pv_store_be16(at + 2, 0);
    pv_store_be32(at + 4, mtu);
    return 8;
}

static u64 write_rdnss_option(u8 *at, const struct vepc_apn *apn)
{
    if (apn->dns6_count == 0)
        return 0;
    at[0] = OPTION_RDNSS;
    at[1] = (u8)(1 + 2 * apn->dns6_count);
    pv_store_be16(at + 2, 0);
    pv_store_be32(at + 4, FOREVER);
    for (u64 i = 0; i < apn->dns6_count; i++)
        memory_copy(at + 8 + 16 * i, apn->dns6[i], 16);
    return 8 + 16 * (u64)apn->dns6_count;
}

void router_advertisement_write(struct vepc *vepc, struct pv_packet *packet, u64 bearer_slot)
{
    const struct session *session = &vepc->session[vepc->bearer[bearer_slot].session];
    const struct vepc_apn *apn = &vepc->config.apns[session->apn];
    packet->offset = PV_HEADROOM;
    u8 *header = packet_data(packet);
    u8 *icmp = header + IPV6_HEADER;
    icmp[0] = ICMPV6_ROUTER_ADVERTISEMENT;
    icmp[1] = 0;
    pv_store_be16(icmp + 2, 0);
    icmp[4] = HOP_LIMIT;
    icmp[5] = 0; /* addresses come from the prefix, not from DHCPv6 */
    pv_store_be16(icmp + 6, ROUTER_LIFETIME);
    pv_store_be64(icmp + 8, 0); /* reachable and retransmission times: unspecified */
    u64 length = 16;
    length += write_prefix_option(icmp + length, session->prefix);
    length += write_mtu_option(icmp + length, apn->mtu);
    length += write_rdnss_option(icmp + length, apn);
    ipv6_write(header, PROTOCOL_ICMPV6, 255, length);
    write_link_local_gateway(header + 8);
    write_all_nodes(header + 24);
    pv_store_be16(icmp + 2, icmpv6_checksum(header, length));
    packet->length = (u32)(IPV6_HEADER + length);
}
