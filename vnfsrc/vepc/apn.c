/* Access Point Names: see apn.h. */
#include "apn.h"

/* Turns an APN IE (RFC 1035 labels) into dotted lower case. Returns the length, 0 when it
 * is not an APN. */
static u64 read_apn(struct ie ie, u8 *name)
{
    u64 end = 0;
    if (ie.length == 0 || ie.length > APN_LONGEST)
        return 0;
    for (u64 at = 0; at < ie.length;) {
        u64 label = ie.value[at++];
        if (label == 0 || label > ie.length - at)
            return 0;
        if (end)
            name[end++] = '.';
        for (u64 i = 0; i < label; i++) {
            u8 c = ie.value[at + i];
            if (c <= ' ' || c > '~')
                return 0;
            name[end++] = c >= 'A' && c <= 'Z' ? (u8)(c + 32) : c;
        }
        at += label;
    }
    return end;
}

/* The length of an APN without its operator identifier ".mncNNN.mccNNN.gprs" (TS 23.003,
 * 9.1.2). */
static u64 network_identifier_length(const u8 *name, u64 length)
{
    const u64 operator_length = 19;
    if (length <= operator_length)
        return length;
    const u8 *tail = name + length - operator_length;
    if (memory_equal(tail, (const u8 *)".mnc", 4) &&
        memory_equal(tail + 7, (const u8 *)".mcc", 4) &&
        memory_equal(tail + 14, (const u8 *)".gprs", 5))
        return length - operator_length;
    return length;
}

u64 apn_read(struct ie ie, u8 *name)
{
    return network_identifier_length(name, read_apn(ie, name));
}

u64 apn_find(const struct vepc_config *config, struct ie ie)
{
    u8 name[APN_LONGEST];
    u64 length = apn_read(ie, name);
    return length ? config_find_apn(config, name, length) : APN_NONE;
}
