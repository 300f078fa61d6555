/* Writing requests: see message.h. */
#include "message.h"

#include <string.h>

#define EBI 5
#define NO_TEID 0xFFFFFFFFFFull

/* PLMN 001-01, TS 24.008, 10.5.1.3. */
#define PLMN 0x00, 0xF1, 0x10

static u8 *put16(u8 *to, u32 value)
{
    to[0] = (u8)(value >> 8);
    to[1] = (u8)value;
    return to + 2;
}

static u8 *put32(u8 *to, u32 value)
{
    return put16(put16(to, value >> 16), value & 0xFFFF);
}

/* An IE's header, 8.2.1; its content follows. */
static u8 *put_ie(u8 *to, u8 type, u8 instance, u32 length)
{
    *to++ = type;
    to = put16(to, length);
    *to++ = instance;
    return to;
}

static u8 *put_octets(u8 *to, u8 type, const u8 *octets, u32 length)
{
    to = put_ie(to, type, 0, length);
    memcpy(to, octets, length);
    return to + length;
}

/* `prefix` and then `number` in as many digits as fill `octets`, two digits an octet, the
 * lower half first (TBCD); 15 digits end in a filler. */
static u8 *put_digits(u8 *to, u8 type, const char *prefix, u32 number, u32 digits)
{
    char text[16];
    u32 lead = (u32)strlen(prefix);
    memcpy(text, prefix, lead);
    for (u32 i = digits; i-- > lead; number /= 10)
        text[i] = (char)('0' + number % 10);
    u32 octets = (digits + 1) / 2;
    to = put_ie(to, type, 0, octets);
    for (u32 i = 0; i < octets; i++) {
        u32 high = 2 * i + 1 < digits ? (u32)(text[2 * i + 1] - '0') : 0xF;
        *to++ = (u8)(high << 4 | (u32)(text[2 * i] - '0'));
    }
    return to;
}

static u8 *put_f_teid(u8 *to, u8 instance, u8 interface, u32 teid, const u8 *address)
{
    to = put_ie(to, IE_F_TEID, instance, 9);
    *to++ = 0x80 | interface; /* V4 */
    to = put32(to, teid);
    memcpy(to, address, 4);
    return to + 4;
}

/* Labels, each behind its length (TS 23.003, 9.1). */
static u8 *put_apn(u8 *to, const char *apn)
{
    u32 length = (u32)strlen(apn);
    to = put_ie(to, 71, 0, length + 1);
    u8 *label = to++;
    *label = 0;
    for (u32 i = 0; i < length; i++, to++) {
        if (apn[i] == '.') {
            label = to;
            *label = 0;
        } else {
            *to = (u8)apn[i];
            ++*label;
        }
    }
    return to;
}

static u8 *put_location(u8 *to)
{
    static const u8 location[] = {0x18, PLMN, 0x00, 0x01, PLMN, 0x00, 0x00, 0x01, 0x01};
    return put_octets(to, 86, location, sizeof location); /* ULI: TAI and ECGI */
}

/* The header, 5.1; `teid` NO_TEID is for messages without one. Returns where IEs begin. */
static u8 *begin(u8 *out, u8 type, u64 teid, u32 sequence)
{
    out[0] = teid == NO_TEID ? 0x40 : 0x48;
    out[1] = type;
    u8 *at = out + 4;
    if (teid != NO_TEID)
        at = put32(at, (u32)teid);
    return put32(at, sequence << 8);
}

static u64 end(u8 *out, const u8 *at)
{
    u64 length = (u64)(at - out);
    put16(out + 2, (u32)length - 4);
    return length;
}

u64 write_create_session(u8 *out, const struct network *network, u32 ue, u32 sequence)
{
    static const u8 serving[] = {PLMN};
    static const u8 eutran[] = {6};
    static const u8 no_indication[] = {0, 0};
    static const u8 zero[] = {0};
    static const u8 ipv4[] = {1};
    static const u8 dynamic[] = {1, 0, 0, 0, 0};
    static const u8 rates[] = {0, 1, 0x86, 0xA0, 0, 1, 0x86, 0xA0}; /* 100 Mbit/s each way */
    /* TS 24.008, 10.5.6.3: address by NAS (0AH), DNS servers (0DH), link MTU (10H). */
    static const u8 options[] = {0x80, 0x00, 0x0A, 0, 0x00, 0x0D, 0, 0x00, 0x10, 0};
    static const u8 quality[22] = {0x60, 9}; /* 8.15: ARP level 8, no pre-emption; QCI 9 */
    static const u8 bearer_id[] = {EBI};
    static const u8 zone[] = {0, 0};
    static const u8 charging[] = {0x08, 0x00};
    u8 *at = begin(out, CREATE_SESSION_REQUEST, 0, sequence);
    at = put_digits(at, 1, "00101", ue, 15);     /* IMSI */
    at = put_digits(at, 76, "447", ue, 12);      /* MSISDN */
    at = put_digits(at, 75, "35000000", ue, 16); /* MEI: IMEISV */
    at = put_location(at);
    at = put_octets(at, 83, serving, sizeof serving);
    at = put_octets(at, 82, eutran, sizeof eutran);
    at = put_octets(at, 77, no_indication, sizeof no_indication);
    at = put_f_teid(at, 0, S11_MME, own_teid(ue), network->mme);
    at = put_f_teid(at, 1, S5C_PGW, 0, network->gateway);
    at = put_apn(at, network->apn);
    at = put_octets(at, 128, zero, sizeof zero); /* Selection Mode: subscribed APN */
    at = put_octets(at, 99, ipv4, sizeof ipv4);
    at = put_octets(at, IE_PAA, dynamic, sizeof dynamic);
    at = put_octets(at, 127, zero, sizeof zero); /* Maximum APN Restriction: none */
    at = put_octets(at, 72, rates, sizeof rates);
    at = put_octets(at, 78, options, sizeof options);
    u8 *bearer = at;
    at = put_octets(at + 4, 73, bearer_id, sizeof bearer_id);
    at = put_octets(at, 80, quality, sizeof quality);
    put_ie(bearer, IE_BEARER_CONTEXT, 0, (u32)(at - bearer) - 4);
    at = put_octets(at, 114, zone, sizeof zone);
    at = put_octets(at, 95, charging, sizeof charging);
    return end(out, at);
}

u64 write_modify_bearer(u8 *out, const struct network *network, u32 ue, u32 teid, u32 sequence)
{
    static const u8 bearer_id[] = {EBI};
    u8 *at = begin(out, MODIFY_BEARER_REQUEST, teid, sequence);
    at = put_location(at);
    u8 *bearer = at;
    at = put_octets(at + 4, 73, bearer_id, sizeof bearer_id);
    at = put_f_teid(at, 0, S1U_ENB, own_teid(ue), network->enb);
    put_ie(bearer, IE_BEARER_CONTEXT, 0, (u32)(at - bearer) - 4);
    return end(out, at);
}

u64 write_delete_session(u8 *out, u32 teid, u32 sequence)
{
    static const u8 linked[] = {EBI};
    static const u8 operation[] = {0x08, 0}; /* 8.12: OI, the P-GW is meant too */
    u8 *at = begin(out, DELETE_SESSION_REQUEST, teid, sequence);
    at = put_octets(at, 73, linked, sizeof linked);
    at = put_location(at);
    at = put_octets(at, 77, operation, sizeof operation);
    return end(out, at);
}

u64 write_echo_response(u8 *out, u32 sequence)
{
    static const u8 restarts[] = {1};
    u8 *at = begin(out, ECHO_RESPONSE, NO_TEID, sequence);
    return end(out, put_octets(at, IE_RECOVERY, restarts, sizeof restarts));
}
