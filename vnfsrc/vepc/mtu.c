/* User packets that are too big: see mtu.h. */
#include "mtu.h"

#include "address.h"
#include "rate_limits.h"

#define FLAG_DF 0x4000
#define FLAG_MF 0x2000
#define OFFSET_MASK 0x1fff

#define OPTION_END 0
#define OPTION_NOP 1
#define OPTION_COPIED 0x80

#define ICMP_UNREACHABLE 3
#define ICMP_FRAGMENTATION_NEEDED 4
#define ICMPV6_PACKET_TOO_BIG 2
#define ICMPV6_INFORMATIONAL 128
#define ICMP_HEADER 8
#define MULTICAST6 0xff
#define TRAFFIC_CLASS_NETWORK_CONTROL 0xc0

/* Most bytes of the whole error. */
#define ERROR4_MOST 576
#define ERROR6_MOST 1280

/* Writes the header of a later fragment: of the options only those that go into every one
 * (RFC 791, 3.1). Returns its length. */
static u64 write_later_header(u8 *to, const u8 *header, u64 header_length)
{
    u64 end = IPV4_HEADER;
    memory_copy(to, header, IPV4_HEADER);
    for (u64 at = IPV4_HEADER; at < header_length && header[at] != OPTION_END;) {
        u64 length = header[at] != OPTION_NOP && at + 1 < header_length ? header[at + 1] : 1;
        if (length == 0 || length > header_length - at)
            break; /* what follows cannot be told apart */
        if (header[at] & OPTION_COPIED) {
            memory_copy(to + end, header + at, length);
            end += length;
        }
        at += length;
    }
    while (end & 3)
        to[end++] = OPTION_END;
    to[0] = (u8)(0x40 | end >> 2);
    return end;
}

static void finish_fragment(u8 *header, u64 header_length, u64 payload, u64 fragment)
{
    pv_store_be16(header + 2, (u32)(header_length + payload));
    pv_store_be16(header + 6, (u32)fragment);
    pv_store_be16(header + 10, 0);
    pv_store_be16(header + 10, checksum_finish(checksum_add(0, header, header_length)));
}

/* Whether so many spare packets are left, each of that size. */
static int has_room(struct turn *turn, u64 packets, u64 size)
{
    u64 first = turn->spares_used;
    if (packets > turn->burst->spare_count - first) {
        count(turn->vepc, COUNT_no_spare_packet);
        return 0;
    }
    for (u64 i = 0; i < packets; i++)
        if (turn->burst->spare[first + i]->capacity < PV_HEADROOM + size)
            return 0;
    return 1;
}

u64 mtu_fragment(struct turn *turn, struct pv_packet *packet, u64 most, struct pv_packet **parts)
{
    u8 *header = packet_data(packet);
    if (header[0] >> 4 != 4 || (pv_load_be16(header + 6) & FLAG_DF))
        return 0;
    u64 header_length = (u64)(header[0] & 15) * 4;
    u64 fragment = pv_load_be16(header + 6);
    u64 payload = packet->length - header_length;
    u64 share = (most - header_length) & ~7ull;
    u64 count_parts = 0;
    for (u64 covered = 0; covered < payload; covered += share)
        count_parts++;
    if (count_parts > MTU_PARTS_MOST)
        return 0;
    if (!has_room(turn, count_parts - 1, most))
        return MTU_NO_ROOM;
    parts[0] = packet;
    for (u64 i = 1; i < count_parts; i++) {
        u64 at = i * share;
        u64 length = payload - at < share ? payload - at : share;
        u64 more = i + 1 < count_parts ? FLAG_MF : fragment & FLAG_MF;
        parts[i] = spare(turn);
        u8 *part = packet_data(parts[i]);
        u64 own_length = write_later_header(part, header, header_length);
        memory_copy(part + own_length, header + header_length + at, length);
        finish_fragment(part, own_length, length, more | ((fragment + (at >> 3)) & OFFSET_MASK));
        parts[i]->length = (u32)(own_length + length);
    }
    finish_fragment(header, header_length, share, FLAG_MF | (fragment & OFFSET_MASK));
    packet->length = (u32)(header_length + share);
    turn->vepc->counters[COUNT_fragments_made] += count_parts;
    return count_parts;
}

/* Whether an IPv4 packet may be answered by an ICMP error (RFC 1122, 3.2.2). */
static int may_tell4(const u8 *header, u64 length)
{
    struct pv_address source;
    u64 header_length = (u64)(header[0] & 15) * 4;
    address_set_ipv4(&source, pv_load_be32(header + 12));
    if (!address_is_host(&source) || header[12] == 127 || header[16] >> 4 >= 0xe ||
        (pv_load_be16(header + 6) & OFFSET_MASK))
        return 0;
    if (header[9] != PROTOCOL_ICMP)
        return 1;
    u8 type = header_length < length ? header[header_length] : ICMP_UNREACHABLE;
    return type == 0 || type == 8 || (type >= 13 && type <= 18);
}

/* A gateway without an address on SGi speaks in the name of whom the packet was for: senders
 * that nobody told would go on for ever. */
static int write_error4(struct turn *turn, struct pv_packet *packet, u64 most)
{
    const struct vepc_config *config = &turn->vepc->config;
    u8 *quoted = packet_data(packet);
    u64 room = ERROR4_MOST - IPV4_HEADER - ICMP_HEADER;
    u64 length = packet->length < room ? packet->length : room;
    if (pv_load_be32(quoted + 12) == config->sgi || /* ourselves */
        packet->offset < IPV4_HEADER + ICMP_HEADER || !may_tell4(quoted, packet->length) ||
        !rate_limits_admit_icmp(turn->vepc))
        return 0;
    u8 *icmp = quoted - ICMP_HEADER;
    icmp[0] = ICMP_UNREACHABLE;
    icmp[1] = ICMP_FRAGMENTATION_NEEDED;
    pv_store_be32(icmp + 2, 0);
    pv_store_be16(icmp + 6, (u32)most);
    pv_store_be16(icmp + 2, checksum_finish(checksum_add(0, icmp, ICMP_HEADER + length)));
    u32 source = config->sgi ? config->sgi : pv_load_be32(quoted + 16);
    ipv4_write(icmp - IPV4_HEADER, TRAFFIC_CLASS_NETWORK_CONTROL, PROTOCOL_ICMP, source,
               pv_load_be32(quoted + 12), ICMP_HEADER + length, turn->vepc->ip_id++);
    packet->offset -= IPV4_HEADER + ICMP_HEADER;
    packet->length = (u32)(IPV4_HEADER + ICMP_HEADER + length);
    return 1;
}

/* Whether an IPv6 packet may be answered by a Packet Too Big (RFC 4443, 2.4 e). */
static int may_tell6(const u8 *header, u64 length)
{
    struct pv_address source;
    address_set_ipv6(&source, header + 8);
    int error = header[6] == PROTOCOL_ICMPV6 &&
                (length == IPV6_HEADER || header[IPV6_HEADER] < ICMPV6_INFORMATIONAL);
    return address_is_host(&source) && !address_is_ipv4(&source) && !error;
}

static int write_error6(struct turn *turn, struct pv_packet *packet, u64 most)
{
    const struct vepc_config *config = &turn->vepc->config;
    u8 *quoted = packet_data(packet);
    u64 room = ERROR6_MOST - IPV6_HEADER - ICMP_HEADER;
    u64 length = packet->length < room ? packet->length : room;
    const u8 *source = pv_load_be64(config->sgi6) ? config->sgi6 : quoted + 24;
    if (memory_equal(quoted + 8, config->sgi6, 16) || source[0] == MULTICAST6 ||
        packet->offset < IPV6_HEADER + ICMP_HEADER || !may_tell6(quoted, packet->length) ||
        !rate_limits_admit_icmp(turn->vepc))
        return 0;
    u8 *icmp = quoted - ICMP_HEADER;
    u8 *header = icmp - IPV6_HEADER;
    ipv6_write(header, PROTOCOL_ICMPV6, HOP_LIMIT, ICMP_HEADER + length);
    memory_copy(header + 8, source, 16);
    memory_copy(header + 24, quoted + 8, 16);
    icmp[0] = ICMPV6_PACKET_TOO_BIG;
    icmp[1] = 0;
    pv_store_be16(icmp + 2, 0);
    pv_store_be32(icmp + 4, (u32)(most < 1280 ? 1280 : most));
    u64 sum = ipv6_pseudo_sum(header, ICMP_HEADER + length, PROTOCOL_ICMPV6);
    pv_store_be16(icmp + 2, checksum_finish(checksum_add(sum, icmp, ICMP_HEADER + length)));
    packet->offset -= IPV6_HEADER + ICMP_HEADER;
    packet->length = (u32)(IPV6_HEADER + ICMP_HEADER + length);
    return 1;
}

int mtu_write_error(struct turn *turn, struct pv_packet *packet, u64 most)
{
    int ipv4 = packet_data(packet)[0] >> 4 == 4;
    int written = ipv4 ? write_error4(turn, packet, most) : write_error6(turn, packet, most);
    if (written)
        count(turn->vepc, COUNT_icmp_errors_sent);
    return written;
}
