/* Reassembly: see reassembly.h. */
#include "reassembly.h"

#include "gtpc_send.h"
#include "gtpu.h"
#include "ip.h"

#define UNIT 8 /* bytes that a fragment's offset counts in */
#define IPV4_MORE 0x2000
#define IPV4_OFFSET 0x1fff
#define IPV6_MORE 1
#define IPV6_FRAGMENT_HEADER 8

static u64 units_of(u64 bytes)
{
    return (bytes + UNIT - 1) / UNIT;
}

u64 reassembly_footprint(void)
{
    return DATAGRAMS * sizeof(struct datagram);
}

void reassembly_init(struct vepc *vepc, u8 *memory)
{
    vepc->datagram = pv_native(memory);
    for (u64 slot = 0; slot < DATAGRAMS; slot++)
        vepc->datagram_order[slot] = (u8)slot;
}

u64 datagram_units(const u8 *units, u64 first, u64 end)
{
    u64 here = 0;
    for (u64 unit = first; unit < end; unit++)
        here += units[unit >> 3] >> (7 - (unit & 7)) & 1;
    return here;
}

static void read4(const struct pv_packet *packet, struct fragment *fragment)
{
    const u8 *header = packet_data(packet);
    u64 header_length = (u64)(header[0] & 15) * 4;
    u32 flags = pv_load_be16(header + 6);
    address_set_ipv4(&fragment->source, pv_load_be32(header + 12));
    address_set_ipv4(&fragment->destination, pv_load_be32(header + 16));
    fragment->data = header + header_length;
    fragment->length = pv_load_be16(header + 2) - header_length;
    fragment->at = (u64)(flags & IPV4_OFFSET) * UNIT;
    fragment->identification = pv_load_be16(header + 4);
    fragment->protocol = header[9];
    fragment->last = !(flags & IPV4_MORE);
}

static u64 read6(const struct pv_packet *packet, struct fragment *fragment)
{
    const u8 *header = packet_data(packet);
    const u8 *extension = header + IPV6_HEADER;
    u64 length = pv_load_be16(header + 4);
    if (length < IPV6_FRAGMENT_HEADER)
        return DROP_bad_ip_length;
    u32 offset = pv_load_be16(extension + 2);
    address_set_ipv6(&fragment->source, header + 8);
    address_set_ipv6(&fragment->destination, header + 24);
    fragment->data = extension + IPV6_FRAGMENT_HEADER;
    fragment->length = length - IPV6_FRAGMENT_HEADER;
    fragment->at = (u64)(offset >> 3) * UNIT;
    fragment->identification = pv_load_be32(extension + 4);
    fragment->protocol = extension[0];
    fragment->last = !(offset & IPV6_MORE);
    return ipv6_ends_ok(&fragment->source, &fragment->destination) ? 0 : DROP_bad_source;
}

/* The first fragment tells the port. */
static int may_be_gtp(const struct fragment *fragment)
{
    if (fragment->at != 0 || fragment->length < 4)
        return 1;
    u32 port = pv_load_be16(fragment->data + 2);
    return port == GTPC_PORT || port == GTPU_PORT;
}

u64 fragment_read(const struct pv_packet *packet, struct fragment *fragment)
{
    u64 reason = 0;
    if (packet_data(packet)[0] >> 4 == 4)
        read4(packet, fragment);
    else
        reason = read6(packet, fragment);
    if (reason)
        return reason;
    if (!address_is_host(&fragment->source) ||
        address_equal(&fragment->source, &fragment->destination))
        return DROP_bad_source;
    /* Nothing but GTP is worth the room. */
    if (fragment->protocol != PROTOCOL_UDP || !may_be_gtp(fragment) || fragment->length == 0 ||
        fragment->at + fragment->length > DATAGRAM_MAX ||
        (!fragment->last && fragment->length % UNIT != 0))
        return DROP_fragment;
    return 0;
}

/* The place in the order of the datagram that a fragment belongs to, or datagram_count. */
static u64 find(const struct vepc *vepc, const struct fragment *fragment)
{
    u64 at = 0;
    for (; at < vepc->datagram_count; at++) {
        const struct datagram *datagram = &vepc->datagram[vepc->datagram_order[at]];
        if (datagram->identification == fragment->identification &&
            address_equal(&datagram->source, &fragment->source) &&
            address_equal(&datagram->destination, &fragment->destination))
            break;
    }
    return at;
}

/* Its slot goes behind those in use, where the next datagram takes it. */
static void forget(struct vepc *vepc, u64 at)
{
    u8 slot = vepc->datagram_order[at];
    u64 last = --vepc->datagram_count;
    for (u64 i = at; i < last; i++)
        vepc->datagram_order[i] = vepc->datagram_order[i + 1];
    vepc->datagram_order[last] = slot;
}

static void give_up(struct vepc *vepc, u64 at)
{
    forget(vepc, at);
    count(vepc, COUNT_datagrams_incomplete);
}

int reassembly_knows(const struct vepc *vepc, const struct fragment *fragment)
{
    return find(vepc, fragment) < vepc->datagram_count;
}

struct datagram *reassembly_append(struct vepc *vepc)
{
    if (vepc->datagram_count == DATAGRAMS)
        return 0;
    struct datagram *datagram = &vepc->datagram[vepc->datagram_order[vepc->datagram_count++]];
    __builtin_memset(datagram, 0, sizeof *datagram);
    return datagram;
}

/* A new one for a fragment; when there are too many, the oldest gives way. */
static struct datagram *begin(struct vepc *vepc, const struct fragment *fragment)
{
    if (vepc->datagram_count == DATAGRAMS)
        give_up(vepc, 0);
    struct datagram *datagram = reassembly_append(vepc);
    datagram->source = fragment->source;
    datagram->destination = fragment->destination;
    datagram->identification = fragment->identification;
    datagram->deadline_ns = vepc->now_ns + (u64)REASSEMBLY_MS * 1000000;
    return datagram;
}

/* Whether a fragment leaves the end of the datagram where it is known to be. */
static int end_fits(const struct datagram *datagram, const struct fragment *fragment)
{
    u64 end = fragment->at + fragment->length;
    if (datagram->last_came)
        return !fragment->last && end <= datagram->length;
    return !fragment->last || datagram->length <= fragment->at;
}

/* Whether a fragment says nothing but what came already. */
static int is_copy(const struct datagram *datagram, const struct fragment *fragment)
{
    u64 end = fragment->at + fragment->length;
    return fragment->last == (datagram->last_came && end == datagram->length) &&
           memory_equal(datagram->data + fragment->at, fragment->data, fragment->length);
}

static void take(struct datagram *datagram, const struct fragment *fragment)
{
    u64 end = fragment->at + fragment->length;
    memory_copy(datagram->data + fragment->at, fragment->data, fragment->length);
    for (u64 unit = fragment->at / UNIT; unit < units_of(end); unit++)
        datagram->units[unit >> 3] |= (u8)(0x80 >> (unit & 7));
    if (end > datagram->length)
        datagram->length = (u16)end;
    datagram->last_came |= fragment->last;
    datagram->units_count += (u16)(units_of(end) - fragment->at / UNIT);
}

static int is_whole(const struct datagram *datagram)
{
    return datagram->last_came && datagram->units_count == units_of(datagram->length);
}

/* The datagram takes the place of the fragment that completes it; the smallest buffer has room
 * for it. */
static void write_whole(struct pv_packet *packet, const struct datagram *datagram)
{
    packet->offset = PV_HEADROOM;
    u8 *header = packet_data(packet);
    int ipv4 = address_is_ipv4(&datagram->destination);
    u64 header_length = ipv4 ? IPV4_HEADER : IPV6_HEADER;
    if (ipv4) {
        ipv4_write(header, 0, PROTOCOL_UDP, address_ipv4(&datagram->source),
                   address_ipv4(&datagram->destination), datagram->length,
                   datagram->identification);
    } else {
        ipv6_write(header, PROTOCOL_UDP, HOP_LIMIT, datagram->length);
        address_store_ipv6(header + 8, &datagram->source);
        address_store_ipv6(header + 24, &datagram->destination);
    }
    memory_copy(header + header_length, datagram->data, datagram->length);
    packet->length = (u32)header_length + datagram->length;
}

int reassembly_add(struct turn *turn, struct pv_packet *packet, const struct fragment *fragment)
{
    struct vepc *vepc = turn->vepc;
    u64 first = fragment->at / UNIT;
    u64 end = units_of(fragment->at + fragment->length);
    u64 at = find(vepc, fragment);
    int known = at < vepc->datagram_count;
    struct datagram *datagram =
        known ? &vepc->datagram[vepc->datagram_order[at]] : begin(vepc, fragment);
    if (!known)
        at = vepc->datagram_count - 1;
    u64 here = datagram_units(datagram->units, first, end);
    if (here == end - first && is_copy(datagram, fragment)) {
        count(vepc, COUNT_fragments_repeated);
        return 0;
    }
    if (here > 0 || !end_fits(datagram, fragment)) {
        give_up(vepc, at);
        drop(turn, packet, DROP_fragment);
        return 0;
    }
    take(datagram, fragment);
    if (!is_whole(datagram))
        return 0;
    write_whole(packet, datagram);
    forget(vepc, at);
    count(vepc, COUNT_datagrams_reassembled);
    return 1;
}

u64 reassembly_expire(struct vepc *vepc)
{
    while (vepc->datagram_count > 0) {
        u64 deadline_ns = vepc->datagram[vepc->datagram_order[0]].deadline_ns;
        if (deadline_ns > vepc->now_ns)
            return deadline_ns - vepc->now_ns;
        give_up(vepc, 0);
    }
    return TIMER_IDLE_NS;
}
