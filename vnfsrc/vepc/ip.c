/* IP headers: see ip.h. */
#include "ip.h"

u64 checksum_add(u64 sum, const u8 *data, u64 length)
{
    while (length >= 4) {
        sum += pv_load_be32(data);
        data += 4;
        length -= 4;
    }
    if (length & 2) {
        sum += (u64)pv_load_be16(data) << 16;
        data += 2;
    }
    if (length & 1)
        sum += (u64)data[0] << 8;
    return sum;
}

u16 checksum_finish(u64 sum)
{
    sum = (sum & 0xffffffffu) + (sum >> 32);
    sum = (sum & 0xffffffffu) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (u16)~sum;
}

static u64 ipv4_check(const struct pv_packet *packet, struct ip *ip)
{
    u8 *header = packet_data(packet);
    u64 header_length = (u64)(header[0] & 15) * 4;
    u64 total = pv_load_be16(header + 2);
    if (header_length < IPV4_HEADER || total < header_length || total > packet->length)
        return DROP_bad_ip_length;
    if (checksum_finish(checksum_add(0, header, header_length)) != 0)
        return DROP_bad_ip_checksum;
    if (pv_load_be16(header + 6) & 0x3fff) /* more fragments, or an offset */
        return DROP_fragment;
    ip->payload = header + header_length;
    ip->payload_offset = packet->offset + header_length;
    ip->payload_length = total - header_length;
    ip->protocol = header[9];
    address_set_ipv4(&ip->source, pv_load_be32(header + 12));
    address_set_ipv4(&ip->destination, pv_load_be32(header + 16));
    return 0;
}

static u64 ipv6_check(const struct pv_packet *packet, struct ip *ip)
{
    u8 *header = packet_data(packet);
    u64 length = pv_load_be16(header + 4);
    if (length > packet->length - IPV6_HEADER)
        return DROP_bad_ip_length;
    if (header[6] == PROTOCOL_FRAGMENT)
        return DROP_fragment;
    ip->payload = header + IPV6_HEADER;
    ip->payload_offset = packet->offset + IPV6_HEADER;
    ip->payload_length = length;
    ip->protocol = header[6];
    address_set_ipv6(&ip->source, header + 8);
    address_set_ipv6(&ip->destination, header + 24);
    return ipv6_ends_ok(&ip->source, &ip->destination) ? 0 : DROP_bad_source;
}

u64 ip_check(const struct pv_packet *packet, struct ip *ip)
{
    const u8 *header = packet_data(packet);
    u64 reason = DROP_not_ip;
    if (packet->length >= IPV4_HEADER && header[0] >> 4 == 4)
        reason = ipv4_check(packet, ip);
    else if (packet->length >= IPV6_HEADER && header[0] >> 4 == 6)
        reason = ipv6_check(packet, ip);
    if (reason)
        return reason;
    if (!address_is_host(&ip->source) || address_equal(&ip->source, &ip->destination))
        return DROP_bad_source; /* nobody who could be answered */
    return 0;
}

u64 ip_total_length(const u8 *data, u64 available)
{
    if (available >= IPV4_HEADER && data[0] >> 4 == 4) {
        u64 header = (u64)(data[0] & 15) * 4;
        u64 total = pv_load_be16(data + 2);
        return header >= IPV4_HEADER && total >= header && total <= available ? total : 0;
    }
    if (available >= IPV6_HEADER && data[0] >> 4 == 6) {
        u64 total = IPV6_HEADER + (u64)pv_load_be16(data + 4);
        return total <= available ? total : 0;
    }
    return 0;
}

void ipv4_write(u8 *header, u8 traffic_class, u8 protocol, u32 source, u32 destination, u64 payload,
                u32 id)
{
    header[0] = 0x45;
    header[1] = traffic_class;
    pv_store_be16(header + 2, (u32)(IPV4_HEADER + payload));
    pv_store_be16(header + 4, id);
    pv_store_be16(header + 6, 0);
    header[8] = HOP_LIMIT;
    header[9] = protocol;
    pv_store_be16(header + 10, 0);
    pv_store_be32(header + 12, source);
    pv_store_be32(header + 16, destination);
    pv_store_be16(header + 10, checksum_finish(checksum_add(0, header, IPV4_HEADER)));
}

static u64 pseudo_sum(const struct pv_address *source, const struct pv_address *destination,
                      u64 payload, u8 protocol)
{
    u64 sum = payload + protocol;
    if (address_is_ipv4(destination))
        return sum + address_ipv4(source) + address_ipv4(destination);
    sum += (source->high >> 32) + (source->high & 0xffffffff);
    sum += (source->low >> 32) + (source->low & 0xffffffff);
    sum += (destination->high >> 32) + (destination->high & 0xffffffff);
    return sum + (destination->low >> 32) + (destination->low & 0xffffffff);
}

static void write_outer_ipv6(u8 *header, const struct route *route, u64 length)
{
    ipv6_write(header, PROTOCOL_UDP, HOP_LIMIT, length);
    header[0] |= (u8)(route->dscp >> 2);
    header[1] = (u8)(route->dscp << 6);
    address_store_ipv6(header + 8, &route->source);
    address_store_ipv6(header + 24, &route->destination);
}

void udp_write(struct vepc *vepc, struct pv_packet *packet, const struct route *route,
               int checksummed)
{
    u64 length = UDP_HEADER + (u64)packet->length;
    u64 overhead = udp_overhead(&route->destination);
    int ipv4 = address_is_ipv4(&route->destination);
    packet->offset -= (u32)overhead;
    packet->length += (u32)overhead;
    u8 *header = packet_data(packet);
    u8 *udp = header + overhead - UDP_HEADER;
    if (ipv4)
        ipv4_write(header, (u8)(route->dscp << 2), PROTOCOL_UDP, address_ipv4(&route->source),
                   address_ipv4(&route->destination), length, vepc->ip_id++);
    else
        write_outer_ipv6(header, route, length);
    pv_store_be16(udp, route->source_port);
    pv_store_be16(udp + 2, route->destination_port);
    pv_store_be16(udp + 4, (u32)length);
    pv_store_be16(udp + 6, 0);
    if (checksummed || !ipv4) {
        u64 sum = pseudo_sum(&route->source, &route->destination, length, PROTOCOL_UDP);
        u16 checksum = checksum_finish(checksum_add(sum, udp, length));
        pv_store_be16(udp + 6, checksum ? checksum : 0xffff);
    }
}

int udp_checksum_ok(const struct ip *ip, u64 udp_length)
{
    if (pv_load_be16(ip->payload + 6) == 0)
        return address_is_ipv4(&ip->destination);
    u64 sum = pseudo_sum(&ip->source, &ip->destination, udp_length, PROTOCOL_UDP);
    return checksum_finish(checksum_add(sum, ip->payload, udp_length)) == 0;
}

u64 ipv6_pseudo_sum(const u8 *header, u64 payload, u8 protocol)
{
    return checksum_add(payload + protocol, header + 8, 32);
}

void ipv6_write(u8 *header, u8 next_header, u8 hop_limit, u64 payload)
{
    pv_store_be32(header, 0x60000000);
    pv_store_be16(header + 4, (u32)payload);
    header[6] = next_header;
    header[7] = hop_limit;
}
