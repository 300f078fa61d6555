/* Traffic Flow Templates: see tft.h. Reader and writer mirror each other. */
#include "tft.h"

/* Packet filter component type identifiers. */
#define IPV4_REMOTE 0x10
#define IPV4_LOCAL 0x11
#define IPV6_REMOTE 0x20
#define IPV6_REMOTE_PREFIX 0x21
#define IPV6_LOCAL_PREFIX 0x23
#define PROTOCOL 0x30
#define LOCAL_PORT 0x40
#define LOCAL_PORTS 0x41
#define REMOTE_PORT 0x50
#define REMOTE_PORTS 0x51
#define SECURITY_PARAMETER_INDEX 0x60
#define TRAFFIC_CLASS 0x70
#define FLOW_LABEL 0x80

#define OPERATION_RESERVED 7
#define PARAMETERS_LIST 0x10
#define FLOW_LABEL_MASK 0xfffff

/* --- reading ---------------------------------------------------------------------- */

/* What a component is about; no filter may be about the same thing twice. */
enum about {
    ABOUT_REMOTE = 1,
    ABOUT_LOCAL = 2,
    ABOUT_PROTOCOL = 4,
    ABOUT_LOCAL_PORTS = 8,
    ABOUT_REMOTE_PORTS = 16,
    ABOUT_SPI = 32,
    ABOUT_TRAFFIC_CLASS = 64,
    ABOUT_FLOW_LABEL = 128
};

static u32 about(u8 type)
{
    switch (type) {
    case IPV4_REMOTE:
    case IPV6_REMOTE:
    case IPV6_REMOTE_PREFIX:
        return ABOUT_REMOTE;
    case IPV4_LOCAL:
    case IPV6_LOCAL_PREFIX:
        return ABOUT_LOCAL;
    case PROTOCOL:
        return ABOUT_PROTOCOL;
    case LOCAL_PORT:
    case LOCAL_PORTS:
        return ABOUT_LOCAL_PORTS;
    case REMOTE_PORT:
    case REMOTE_PORTS:
        return ABOUT_REMOTE_PORTS;
    case SECURITY_PARAMETER_INDEX:
        return ABOUT_SPI;
    case TRAFFIC_CLASS:
        return ABOUT_TRAFFIC_CLASS;
    case FLOW_LABEL:
        return ABOUT_FLOW_LABEL;
    default:
        return 0;
    }
}

/* Octets of a component's value. */
static u64 component_length(u8 type)
{
    switch (type) {
    case PROTOCOL:
        return 1;
    case LOCAL_PORT:
    case REMOTE_PORT:
    case TRAFFIC_CLASS:
        return 2;
    case FLOW_LABEL:
        return 3;
    case LOCAL_PORTS:
    case REMOTE_PORTS:
    case SECURITY_PARAMETER_INDEX:
        return 4;
    case IPV4_REMOTE:
    case IPV4_LOCAL:
        return 8;
    case IPV6_REMOTE_PREFIX:
    case IPV6_LOCAL_PREFIX:
        return 17;
    default:
        return 32;
    }
}

/* Stores an address without what its mask leaves open. */
static void set_address(struct pv_address *address, u8 *octets, u64 high, u64 low,
                        const struct mask *mask)
{
    address->high = high & mask->high;
    address->low = low & mask->low;
    pv_store_be64(octets, mask->high);
    pv_store_be64(octets + 8, mask->low);
}

static void read_ipv4(struct pv_address *address, u8 *octets, const u8 *value)
{
    struct mask mask = {~0ull, 0xffffffff00000000ull | pv_load_be32(value + 4)};
    set_address(address, octets, 0, ADDRESS_MAPPED | pv_load_be32(value), &mask);
}

static void read_ipv6(struct pv_address *address, u8 *octets, const u8 *value)
{
    struct mask mask;
    mask_load(value + 16, &mask);
    set_address(address, octets, pv_load_be64(value), pv_load_be64(value + 8), &mask);
}

static u64 read_prefix(struct pv_address *address, u8 *octets, const u8 *value)
{
    u64 length = value[16];
    if (length > 128)
        return CAUSE_FILTER_SYNTACTIC;
    struct mask mask = {0, 0};
    if (length > 0)
        mask.high = length < 64 ? ~0ull << ((64 - length) & 63) : ~0ull;
    if (length > 64)
        mask.low = ~0ull << ((128 - length) & 63);
    set_address(address, octets, pv_load_be64(value), pv_load_be64(value + 8), &mask);
    return CAUSE_ACCEPTED;
}

static u64 read_ports(u8 *count, u16 *ports, const u8 *value, int is_range)
{
    *count = 2;
    ports[0] = pv_load_be16(value);
    ports[1] = is_range ? pv_load_be16(value + 2) : ports[0];
    return ports[0] <= ports[1] ? CAUSE_ACCEPTED : CAUSE_FILTER_SEMANTIC;
}

static u64 read_component(struct vepc_packet_filter *filter, u8 type, const u8 *value)
{
    switch (type) {
    case IPV4_REMOTE:
        read_ipv4(&filter->remote, filter->remote_mask, value);
        break;
    case IPV4_LOCAL:
        read_ipv4(&filter->local, filter->local_mask, value);
        break;
    case IPV6_REMOTE:
        read_ipv6(&filter->remote, filter->remote_mask, value);
        break;
    case IPV6_REMOTE_PREFIX:
        return read_prefix(&filter->remote, filter->remote_mask, value);
    case IPV6_LOCAL_PREFIX:
        return read_prefix(&filter->local, filter->local_mask, value);
    case PROTOCOL:
        filter->protocol_count = 1;
        filter->protocol[0] = value[0];
        break;
    case LOCAL_PORT:
    case LOCAL_PORTS:
        return read_ports(&filter->local_ports_count, filter->local_ports, value,
                          type == LOCAL_PORTS);
    case REMOTE_PORT:
    case REMOTE_PORTS:
        return read_ports(&filter->remote_ports_count, filter->remote_ports, value,
                          type == REMOTE_PORTS);
    case SECURITY_PARAMETER_INDEX:
        filter->spi_count = 1;
        filter->spi[0] = pv_load_be32(value);
        break;
    case TRAFFIC_CLASS:
        filter->traffic_class_mask = value[1];
        filter->traffic_class = value[0] & value[1];
        break;
    default:
        filter->flow_label_count = 1;
        filter->flow_label[0] = pv_load_be24(value) & FLOW_LABEL_MASK;
        break;
    }
    return CAUSE_ACCEPTED;
}

static u64 read_filter(struct vepc_packet_filter *filter, struct ie content)
{
    u32 seen = 0;
    while (content.length > 0) {
        u8 type = content.value[0];
        u64 length = component_length(type);
        u32 what = about(type);
        if (what == 0 || (seen & what) || length > content.length - 1)
            return CAUSE_FILTER_SYNTACTIC;
        u64 cause = read_component(filter, type, content.value + 1);
        if (cause != CAUSE_ACCEPTED)
            return cause;
        seen |= what;
        content.value += 1 + length;
        content.length -= 1 + length;
    }
    return packet_filter_check(filter);
}

/* Whether an identifier, if it counts, or a precedence, unless filters are merely named,
 * comes twice. */
static int is_doubled(const struct tft *tft, const struct vepc_packet_filter *filter,
                      int identifiers)
{
    int named = tft->operation == TFT_DELETE_FILTERS;
    for (u64 i = 0; i < tft->count; i++)
        if ((identifiers && tft->filter[i].identifier == filter->identifier) ||
            (!named && tft->filter[i].precedence == filter->precedence))
            return 1;
    return 0;
}

static u64 read_filters(struct tft *tft, u64 count, struct ie *rest, int is_tad)
{
    int identifiers = !is_tad || tft->operation >= TFT_REPLACE;
    u64 header = tft->operation == TFT_DELETE_FILTERS ? 1 : 3;
    for (u64 i = 0; i < count; i++) {
        struct vepc_packet_filter *filter = &tft->filter[i];
        __builtin_memset(filter, 0, sizeof *filter);
        if (rest->length < header)
            return CAUSE_TFT_SYNTACTIC;
        filter->identifier = rest->value[0] & 15;
        u64 length = 0;
        if (header == 3) {
            filter->direction = (rest->value[0] >> 4) & 3;
            filter->precedence = rest->value[1];
            length = rest->value[2];
        }
        if (length > rest->length - header)
            return CAUSE_TFT_SYNTACTIC;
        if (is_doubled(tft, filter, identifiers))
            return CAUSE_FILTER_SYNTACTIC;
        if (header == 3) {
            struct ie content = {rest->value + header, length};
            u64 cause = read_filter(filter, content);
            if (cause != CAUSE_ACCEPTED)
                return cause;
        }
        tft->count++;
        rest->value += header + length;
        rest->length -= header + length;
    }
    return CAUSE_ACCEPTED;
}

static int parameters_are_whole(struct ie rest)
{
    while (rest.length > 0) {
        if (rest.length < 2 || rest.value[1] > rest.length - 2)
            return 0;
        u64 length = 2 + (u64)rest.value[1];
        rest.value += length;
        rest.length -= length;
    }
    return 1;
}

static u64 read(struct ie ie, struct tft *tft, int is_tad)
{
    tft->count = 0;
    tft->operation = TFT_IGNORE;
    if (ie.length == 0 || ie.length > TFT_LENGTH_MAX)
        return CAUSE_TFT_SYNTACTIC;
    tft->operation = ie.value[0] >> 5;
    u64 count = ie.value[0] & 15;
    int lists_filters = tft->operation == TFT_CREATE ||
                        (tft->operation >= TFT_ADD && tft->operation <= TFT_DELETE_FILTERS);
    if (tft->operation == OPERATION_RESERVED || lists_filters != (count > 0))
        return CAUSE_TFT_SYNTACTIC;
    struct ie rest = {ie.value + 1, ie.length - 1};
    u64 cause = read_filters(tft, count, &rest, is_tad);
    if (cause != CAUSE_ACCEPTED)
        return cause;
    if (ie.value[0] & PARAMETERS_LIST)
        return parameters_are_whole(rest) ? CAUSE_ACCEPTED : CAUSE_TFT_SYNTACTIC;
    return rest.length == 0 ? CAUSE_ACCEPTED : CAUSE_TFT_SYNTACTIC;
}

u64 tft_read(struct ie ie, struct tft *tft)
{
    return read(ie, tft, 0);
}

u64 tad_read(struct ie ie, struct tft *tad)
{
    u64 cause = read(ie, tad, 1);
    return cause == CAUSE_TFT_SYNTACTIC ? CAUSE_TAD_SYNTACTIC : cause;
}

/* --- writing ---------------------------------------------------------------------- */

static u8 prefix_length(const struct mask *mask)
{
    u8 length = 0;
    for (u64 rest = mask->high; rest; rest <<= 1)
        length++;
    for (u64 rest = mask->low; rest; rest <<= 1)
        length++;
    return length;
}

static void write_ipv4(struct pv_writer *w, u8 type, const struct pv_address *address,
                       const u8 *mask)
{
    pv_write_u8(w, type);
    pv_write_u32(w, address->low & 0xffffffffu);
    pv_write_octets(w, mask + 12, 4);
}

static void write_addresses(struct pv_writer *w, const struct vepc_packet_filter *filter)
{
    u32 remote = packet_filter_family(&filter->remote, filter->remote_mask);
    u32 local = packet_filter_family(&filter->local, filter->local_mask);
    if (remote == 4)
        write_ipv4(w, IPV4_REMOTE, &filter->remote, filter->remote_mask);
    if (remote == 6) { /* with a mask: not every UE knows the form with a prefix length */
        pv_write_u8(w, IPV6_REMOTE);
        pv_write_address(w, &filter->remote);
        pv_write_octets(w, filter->remote_mask, 16);
    }
    if (local == 4)
        write_ipv4(w, IPV4_LOCAL, &filter->local, filter->local_mask);
    if (local == 6) {
        struct mask mask;
        mask_load(filter->local_mask, &mask);
        pv_write_u8(w, IPV6_LOCAL_PREFIX);
        pv_write_address(w, &filter->local);
        pv_write_u8(w, prefix_length(&mask));
    }
}

static void write_ports(struct pv_writer *w, u8 single, u8 count, const u16 *ports)
{
    if (count == 0)
        return;
    int is_range = ports[0] != ports[1];
    pv_write_u8(w, is_range ? single + 1 : single);
    pv_write_u16(w, ports[0]);
    if (is_range)
        pv_write_u16(w, ports[1]);
}

static void write_filter(struct pv_writer *w, const struct vepc_packet_filter *filter)
{
    pv_write_u8(w, (u64)filter->direction << 4 | filter->identifier);
    pv_write_u8(w, filter->precedence);
    u64 length_at = w->length;
    pv_write_u8(w, 0);
    write_addresses(w, filter);
    if (filter->protocol_count) {
        pv_write_u8(w, PROTOCOL);
        pv_write_u8(w, filter->protocol[0]);
    }
    write_ports(w, LOCAL_PORT, filter->local_ports_count, filter->local_ports);
    write_ports(w, REMOTE_PORT, filter->remote_ports_count, filter->remote_ports);
    if (filter->spi_count) {
        pv_write_u8(w, SECURITY_PARAMETER_INDEX);
        pv_write_u32(w, filter->spi[0]);
    }
    if (filter->traffic_class_mask) {
        pv_write_u8(w, TRAFFIC_CLASS);
        pv_write_u8(w, filter->traffic_class);
        pv_write_u8(w, filter->traffic_class_mask);
    }
    if (filter->flow_label_count) {
        pv_write_u8(w, FLOW_LABEL);
        pv_write_u8(w, filter->flow_label[0] >> 16);
        pv_write_u16(w, filter->flow_label[0] & 0xffff);
    }
    w->base[length_at] = (u8)(w->length - length_at - 1);
}

void tft_write(struct pv_writer *w, u8 operation, const struct vepc_packet_filter *filters,
               u64 count)
{
    pv_write_u8(w, (u64)operation << 5 | count);
    for (u64 i = 0; i < count; i++) {
        if (operation == TFT_DELETE_FILTERS)
            pv_write_u8(w, filters[i].identifier);
        else
            write_filter(w, &filters[i]);
    }
}

void ie_write_tft(struct ie_writer *w, u8 operation, const struct vepc_packet_filter *filters,
                  u64 count)
{
    u64 ie = ie_begin(w, IE_BEARER_TFT, 0);
    struct pv_writer value = {w->base, w->length};
    tft_write(&value, operation, filters, count);
    w->length = value.length;
    ie_end(w, ie);
}

static u64 address_length(const struct pv_address *address, const u8 *mask, u8 type6)
{
    u32 family = packet_filter_family(address, mask);
    return family == 0   ? 0
           : family == 4 ? 1 + component_length(IPV4_REMOTE)
                         : 1 + component_length(type6);
}

static u64 ports_length(u8 count, const u16 *ports)
{
    return count == 0 ? 0 : ports[0] == ports[1] ? 3 : 5;
}

u64 tft_length(const struct vepc_packet_filter *filters, u64 count)
{
    u64 length = 1;
    for (u64 i = 0; i < count; i++) {
        const struct vepc_packet_filter *filter = &filters[i];
        length += 3 + address_length(&filter->remote, filter->remote_mask, IPV6_REMOTE) +
                  address_length(&filter->local, filter->local_mask, IPV6_LOCAL_PREFIX) +
                  (filter->protocol_count ? 2 : 0) +
                  ports_length(filter->local_ports_count, filter->local_ports) +
                  ports_length(filter->remote_ports_count, filter->remote_ports) +
                  (filter->spi_count ? 5 : 0) + (filter->traffic_class_mask ? 3 : 0) +
                  (filter->flow_label_count ? 4 : 0);
    }
    return length;
}
