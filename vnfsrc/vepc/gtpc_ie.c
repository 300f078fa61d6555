/* GTPv2-C information elements: see gtpc_ie.h. */
#include "gtpc_ie.h"

#define F_TEID_V4 0x80
#define F_TEID_V6 0x40
#define F_TEID_INTERFACE 0x3f

int ies_well_formed(struct ie list)
{
    while (list.length > 0) {
        if (list.length < IE_HEADER)
            return 0;
        u64 length = IE_HEADER + (u64)pv_load_be16(list.value + 1);
        if (length > list.length)
            return 0;
        list.value += length;
        list.length -= length;
    }
    return 1;
}

int ies_next(struct ie *list, struct named_ie *ie)
{
    if (list->length < IE_HEADER)
        return 0;
    u64 length = pv_load_be16(list->value + 1);
    ie->type = list->value[0];
    ie->instance = list->value[3] & 15;
    ie->value.value = list->value + IE_HEADER;
    ie->value.length = length;
    list->value += IE_HEADER + length;
    list->length -= IE_HEADER + length;
    return 1;
}

int ies_find_nth(struct ie list, u8 type, u8 instance, u64 n, struct ie *found)
{
    while (list.length >= IE_HEADER) {
        u64 length = pv_load_be16(list.value + 1);
        if (list.value[0] == type && (list.value[3] & 15) == instance && n-- == 0) {
            found->value = list.value + IE_HEADER;
            found->length = length;
            return 1;
        }
        list.value += IE_HEADER + length;
        list.length -= IE_HEADER + length;
    }
    return 0;
}

int ies_find(struct ie list, u8 type, u8 instance, struct ie *found)
{
    return ies_find_nth(list, type, instance, 0, found);
}

int ies_find_f_teid(struct ie list, u8 interface, u8 instance, struct ie *found)
{
    struct ie rest = list;
    struct named_ie ie;
    while (ies_next(&rest, &ie))
        if (ie.type == IE_F_TEID && ie.value.length >= 1 &&
            (ie.value.value[0] & F_TEID_INTERFACE) == interface) {
            *found = ie.value;
            return 1;
        }
    return ies_find(list, IE_F_TEID, instance, found);
}

int ies_indicated(struct ie list, u32 flag)
{
    struct ie ie;
    u64 octet = flag >> 8;
    return ies_find(list, IE_INDICATION, 0, &ie) && octet < ie.length &&
           (ie.value[octet] & flag & 0xff) != 0;
}

int ie_read_f_teid(struct ie ie, u8 interface, const struct vepc_endpoint *ours,
                   struct vepc_tunnel *tunnel)
{
    u8 flags = ie.length >= 1 ? ie.value[0] : 0;
    u64 ipv6_at = flags & F_TEID_V4 ? 9 : 5;
    int has4 = (flags & F_TEID_V4) && ie.length >= 9;
    int has6 = (flags & F_TEID_V6) && ie.length >= ipv6_at + 16;
    tunnel->teid = 0;
    tunnel->address.high = 0;
    tunnel->address.low = 0;
    if ((flags & F_TEID_INTERFACE) != interface || (!has4 && !has6))
        return 0;
    tunnel->teid = pv_load_be32(ie.value + 1);
    if (has4 && address_is_set(&ours->ipv4))
        address_set_ipv4(&tunnel->address, pv_load_be32(ie.value + 5));
    else if (has6 && address_is_set(&ours->ipv6))
        address_set_ipv6(&tunnel->address, ie.value + ipv6_at);
    return address_is_host(&tunnel->address);
}

u8 ie_read_ebi(struct ie ie)
{
    u8 ebi = ie.length >= 1 ? ie.value[0] & 15 : 0;
    return ebi >= EBI_FIRST ? ebi : 0;
}

u64 ie_read_rate(const u8 *value)
{
    return (u64)value[0] << 32 | pv_load_be32(value + 1);
}

int ie_read_qos(struct ie ie, struct vepc_qos *qos)
{
    if (ie.length < 22)
        return 0;
    qos->arp = ie.value[0];
    qos->qci = ie.value[1];
    qos->mbr_uplink = ie_read_rate(ie.value + 2);
    qos->mbr_downlink = ie_read_rate(ie.value + 7);
    qos->gbr_uplink = ie_read_rate(ie.value + 12);
    qos->gbr_downlink = ie_read_rate(ie.value + 17);
    return 1;
}

u64 ie_begin(struct ie_writer *w, u8 type, u8 instance)
{
    u64 start = w->length;
    w->base[start] = type;
    w->base[start + 3] = instance;
    w->length += IE_HEADER;
    return start;
}

void ie_end(struct ie_writer *w, u64 start)
{
    pv_store_be16(w->base + start + 1, (u32)(w->length - start - IE_HEADER));
}

void ie_put_octets(struct ie_writer *w, const u8 *octets, u64 count)
{
    memory_copy(w->base + w->length, octets, count);
    w->length += count;
}

void ie_put_u8(struct ie_writer *w, u32 value)
{
    w->base[w->length++] = (u8)value;
}

void ie_put_u16(struct ie_writer *w, u32 value)
{
    pv_store_be16(w->base + w->length, value);
    w->length += 2;
}

void ie_put_u32(struct ie_writer *w, u32 value)
{
    pv_store_be32(w->base + w->length, value);
    w->length += 4;
}

void ie_put_u64(struct ie_writer *w, u64 value)
{
    pv_store_be64(w->base + w->length, value);
    w->length += 8;
}

void ie_write_u8(struct ie_writer *w, u8 type, u32 value)
{
    u64 ie = ie_begin(w, type, 0);
    ie_put_u8(w, value);
    ie_end(w, ie);
}

void ie_write_u32(struct ie_writer *w, u8 type, u32 value)
{
    u64 ie = ie_begin(w, type, 0);
    ie_put_u32(w, value);
    ie_end(w, ie);
}

void ie_write_cause(struct ie_writer *w, struct refusal refusal)
{
    u64 ie = ie_begin(w, IE_CAUSE, 0);
    ie_put_u8(w, (u8)refusal.cause);
    ie_put_u8(w, 0); /* originated by this node */
    if (refusal.ie) {
        ie_put_u8(w, (u8)(refusal.ie >> 8));
        ie_put_u16(w, 0);
        ie_put_u8(w, (u8)refusal.ie);
    }
    ie_end(w, ie);
}

static void put_rate(struct ie_writer *w, u64 rate)
{
    ie_put_u8(w, (u8)(rate >> 32));
    ie_put_u32(w, (u32)rate);
}

void ie_write_qos(struct ie_writer *w, const struct vepc_qos *qos)
{
    u64 ie = ie_begin(w, IE_BEARER_QOS, 0);
    ie_put_u8(w, qos->arp);
    ie_put_u8(w, qos->qci);
    put_rate(w, qos->mbr_uplink);
    put_rate(w, qos->mbr_downlink);
    put_rate(w, qos->gbr_uplink);
    put_rate(w, qos->gbr_downlink);
    ie_end(w, ie);
}

static void write_f_teid(struct ie_writer *w, u8 instance, u8 interface, u32 teid,
                         const struct pv_address *ipv4, const struct pv_address *ipv6)
{
    u64 ie = ie_begin(w, IE_F_TEID, instance);
    u8 flags = (address_is_set(ipv4) ? F_TEID_V4 : 0) | (address_is_set(ipv6) ? F_TEID_V6 : 0);
    ie_put_u8(w, flags | interface);
    ie_put_u32(w, teid);
    if (flags & F_TEID_V4)
        ie_put_u32(w, address_ipv4(ipv4));
    if (flags & F_TEID_V6) {
        ie_put_u64(w, ipv6->high);
        ie_put_u64(w, ipv6->low);
    }
    ie_end(w, ie);
}

void ie_write_f_teid(struct ie_writer *w, u8 instance, u8 interface, u32 teid,
                     const struct vepc_endpoint *ours)
{
    write_f_teid(w, instance, interface, teid, &ours->ipv4, &ours->ipv6);
}

void ie_write_tunnel(struct ie_writer *w, u8 instance, u8 interface,
                     const struct vepc_tunnel *tunnel)
{
    const struct pv_address none = {0, 0};
    int ipv4 = address_is_ipv4(&tunnel->address);
    write_f_teid(w, instance, interface, tunnel->teid, ipv4 ? &tunnel->address : &none,
                 ipv4 ? &none : &tunnel->address);
}
