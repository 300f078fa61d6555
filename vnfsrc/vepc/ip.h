/* IPv4, IPv6, UDP and ICMP headers: checking what arrives, writing what leaves. */
#ifndef VEPC_IP_H
#define VEPC_IP_H

#include "vepc.h"

#define IPV4_HEADER 20
#define IPV6_HEADER 40
#define UDP_HEADER 8
#define PROTOCOL_ICMP 1
#define PROTOCOL_TCP 6
#define PROTOCOL_UDP 17
#define PROTOCOL_DCCP 33
#define PROTOCOL_FRAGMENT 44
#define PROTOCOL_ESP 50
#define PROTOCOL_AH 51
#define PROTOCOL_ICMPV6 58
#define PROTOCOL_SCTP 132
#define PROTOCOL_UDP_LITE 136
#define HOP_LIMIT 64

/* Whether headers of a protocol begin with source and destination port. */
PV_INLINE int protocol_has_ports(u8 protocol)
{
    return protocol == PROTOCOL_TCP || protocol == PROTOCOL_UDP || protocol == PROTOCOL_DCCP ||
           protocol == PROTOCOL_SCTP || protocol == PROTOCOL_UDP_LITE;
}

/* Whether they have a security parameter index (RFC 4302, RFC 4303). */
PV_INLINE int protocol_has_spi(u8 protocol)
{
    return protocol == PROTOCOL_ESP || protocol == PROTOCOL_AH;
}

/* The ones' complement sum of `length` bytes added to `sum` (RFC 1071), and its end. */
u64 checksum_add(u64 sum, const u8 *data, u64 length);
u16 checksum_finish(u64 sum);

/* A packet whose IP header was checked. */
struct ip {
    struct pv_address source;
    struct pv_address destination;
    u8 *payload;
    u64 payload_offset; /* from the start of the packet's buffer */
    u64 payload_length;
    u8 protocol;
};

/* Whether addresses of an IPv6 header are of IPv6: the mapped form stands for IPv4 here, and
 * belongs on no wire (RFC 5156, 2.2). */
PV_INLINE int ipv6_ends_ok(const struct pv_address *source, const struct pv_address *destination)
{
    return !address_is_ipv4(source) && !address_is_ipv4(destination);
}

/* Checks a packet addressed to us, of either family: lengths, header checksum, no fragment,
 * an answerable source. Returns 0, or the reason to drop it. */
u64 ip_check(const struct pv_packet *packet, struct ip *ip);

/* Bytes of an IP packet of either family by its own length field, or 0 when the version,
 * header or length is not what `available` bytes can hold. */
u64 ip_total_length(const u8 *data, u64 available);

/* Writes an IPv4 header without options for `payload` bytes that follow it. */
void ipv4_write(u8 *header, u8 traffic_class, u8 protocol, u32 source, u32 destination, u64 payload,
                u32 id);

/* Where a UDP datagram of ours goes. Both addresses are of one family. */
struct route {
    struct pv_address source;
    struct pv_address destination;
    u16 source_port;
    u16 destination_port;
    u8 dscp;
};

/* The bytes of IP and UDP headers towards an address. */
PV_INLINE u64 udp_overhead(const struct pv_address *destination)
{
    return UDP_HEADER + (address_is_ipv4(destination) ? IPV4_HEADER : IPV6_HEADER);
}

/* Writes IP and UDP headers in front of the packet's bytes, which become the UDP payload.
 * With `checksummed` 0 the UDP checksum is left out over IPv4, as GTP-U may (TS 29.281,
 * 4.4.1). The packet needs udp_overhead() bytes of headroom. */
void udp_write(struct vepc *vepc, struct pv_packet *packet, const struct route *route,
               int checksummed);

/* Whether a UDP checksum is right, or absent over IPv4. */
int udp_checksum_ok(const struct ip *ip, u64 udp_length);

/* The sum of an IPv6 pseudo-header (RFC 8200, 8.1). */
u64 ipv6_pseudo_sum(const u8 *header, u64 payload, u8 protocol);

/* Writes an IPv6 header for `payload` bytes that follow it, but for its addresses. */
void ipv6_write(u8 *header, u8 next_header, u8 hop_limit, u64 payload);

#endif
