/* Protocol Configuration Options: see pco.h. */
#include "pco.h"

#define PPP_FOR_IP 0x80 /* extension bit, configuration protocol 0 */

/* Additional parameters (TS 24.008, 10.5.6.3); others are skipped. */
#define CONTAINER_PCSCF_IPV6 0x0001
#define CONTAINER_DNS_IPV6 0x0003
#define CONTAINER_BEARER_CONTROL 0x0005
#define CONTAINER_PCSCF_IPV4 0x000c
#define CONTAINER_DNS_IPV4 0x000d
#define CONTAINER_MTU_IPV4 0x0010
#define PROTOCOL_IPCP 0x8021
#define PROTOCOL_PAP 0xc023
#define PROTOCOL_CHAP 0xc223

/* Codes of PPP control messages (RFC 1332, RFC 1334, RFC 1994). */
#define CONFIGURE_REQUEST 1
#define CONFIGURE_ACK 2
#define CONFIGURE_NAK 3
#define PAP_REQUEST 1
#define PAP_ACK 2
#define CHAP_RESPONSE 2
#define CHAP_SUCCESS 3

#define IPCP_PRIMARY_DNS 129
#define IPCP_SECONDARY_DNS 131

/* Bearers are set up by the network, too (10.5.6.3.1, Selected Bearer Control Mode). */
#define BEARER_CONTROL_MS_NW 2

/* The contents of all answers together, each container but once: DNS servers and P-CSCFs of both
 * families, MTU, bearer control mode, IPCP, PAP and CHAP. */
#define ANSWER_MAX (2 * (2 * 7 + 2 * 19) + 5 + 4 + 19 + 8 + 7)
_Static_assert(1 + ANSWER_MAX <= GTPC_PCO_MAX, "an answer never has to be cut short");

static void put_container(struct ie_writer *w, u32 id, const u8 *contents, u64 length)
{
    ie_put_u16(w, id);
    ie_put_u8(w, (u32)length);
    ie_put_octets(w, contents, length);
}

static void put_ipv4(struct ie_writer *w, u32 id, const u32 *servers, u64 count)
{
    for (u64 i = 0; i < count; i++) {
        u8 address[4];
        pv_store_be32(address, servers[i]);
        put_container(w, id, address, 4);
    }
}

static void put_ipv6(struct ie_writer *w, u32 id, const u8 (*servers)[16], u64 count)
{
    for (u64 i = 0; i < count; i++)
        put_container(w, id, servers[i], 16);
}

static void put_bearer_control(struct ie_writer *w)
{
    u8 mode = BEARER_CONTROL_MS_NW;
    put_container(w, CONTAINER_BEARER_CONTROL, &mode, 1);
}

static void put_mtu(struct ie_writer *w, const struct vepc_apn *apn)
{
    u8 mtu[2];
    pv_store_be16(mtu, apn->mtu);
    put_container(w, CONTAINER_MTU_IPV4, mtu, 2);
}

/* The DNS server that an IPCP option asks for, or 0. */
static u32 ipcp_server(const struct vepc_apn *apn, u8 option)
{
    u64 which = option == IPCP_PRIMARY_DNS ? 0 : option == IPCP_SECONDARY_DNS ? 1 : 2;
    return which < apn->dns4_count ? apn->dns4[which] : 0;
}

/* Names the servers in a Configure-Nak, or, when the UE asks for nothing that we have or
 * has it right, agrees to what it names (RFC 1332; RFC 1877). */
static void put_ipcp(struct ie_writer *w, const struct vepc_apn *apn, const u8 *ppp, u64 length)
{
    u8 answer[4 + 12];
    u64 end = 4;
    u8 code = CONFIGURE_ACK;
    if (length < 4 || ppp[0] != CONFIGURE_REQUEST)
        return;
    for (u64 at = 4; at + 6 <= length && end + 6 <= sizeof answer; at += ppp[at + 1]) {
        u32 server = ipcp_server(apn, ppp[at]);
        if (ppp[at + 1] < 2)
            break;
        if (server == 0 || ppp[at + 1] != 6)
            continue; /* compression, for example, has another length */
        if (pv_load_be32(ppp + at + 2) != server)
            code = CONFIGURE_NAK;
        answer[end] = ppp[at];
        answer[end + 1] = 6;
        pv_store_be32(answer + end + 2, server);
        end += 6;
    }
    if (end == 4)
        return; /* it asks for nothing that we have */
    answer[0] = code;
    answer[1] = ppp[1];
    pv_store_be16(answer + 2, (u32)end);
    put_container(w, PROTOCOL_IPCP, answer, end);
}

/* Any name and password is right: the network knows the UE by its SIM. */
static void put_authentication(struct ie_writer *w, u32 protocol, const u8 *ppp, u64 length)
{
    u8 asked = protocol == PROTOCOL_PAP ? PAP_REQUEST : CHAP_RESPONSE;
    u8 code = protocol == PROTOCOL_PAP ? PAP_ACK : CHAP_SUCCESS;
    if (length < 4 || ppp[0] != asked)
        return;
    u8 answer[5] = {code, ppp[1], 0, 0, 0}; /* PAP's answer ends with a message length of 0 */
    u64 end = protocol == PROTOCOL_PAP ? 5 : 4;
    pv_store_be16(answer + 2, (u32)end);
    put_container(w, protocol, answer, end);
}

static void answer_container(struct ie_writer *w, const struct vepc_apn *apn, u32 id,
                             const u8 *contents, u64 length)
{
    switch (id) {
    case CONTAINER_DNS_IPV4:
        put_ipv4(w, id, apn->dns4, apn->dns4_count);
        break;
    case CONTAINER_DNS_IPV6:
        put_ipv6(w, id, apn->dns6, apn->dns6_count);
        break;
    case CONTAINER_PCSCF_IPV4:
        put_ipv4(w, id, apn->pcscf4, apn->pcscf4_count);
        break;
    case CONTAINER_PCSCF_IPV6:
        put_ipv6(w, id, apn->pcscf6, apn->pcscf6_count);
        break;
    case CONTAINER_BEARER_CONTROL:
        put_bearer_control(w);
        break;
    case CONTAINER_MTU_IPV4:
        put_mtu(w, apn);
        break;
    case PROTOCOL_IPCP:
        put_ipcp(w, apn, contents, length);
        break;
    case PROTOCOL_PAP:
    case PROTOCOL_CHAP:
        put_authentication(w, id, contents, length);
        break;
    default:
        break;
    }
}

/* A bit for each container that has an answer, 0 for the others. */
static u32 bit_of(u32 id)
{
    switch (id) {
    case CONTAINER_PCSCF_IPV6:
    case CONTAINER_DNS_IPV6:
    case CONTAINER_BEARER_CONTROL:
    case CONTAINER_PCSCF_IPV4:
    case CONTAINER_DNS_IPV4:
    case CONTAINER_MTU_IPV4:
        return 1u << (id & 31);
    case PROTOCOL_IPCP:
        return 1u << 29;
    case PROTOCOL_PAP:
        return 1u << 30;
    case PROTOCOL_CHAP:
        return 1u << 31;
    default:
        return 0;
    }
}

void pco_answer(const struct request *request, struct ie_writer *w, const struct vepc_apn *apn)
{
    struct ie asked;
    u8 type = IE_EPCO;
    if (!ies_find(request->ies, IE_EPCO, 0, &asked)) {
        type = IE_PCO;
        if (!ies_find(request->ies, IE_PCO, 0, &asked))
            return;
    }
    u64 ie = ie_begin(w, type, 0);
    ie_put_u8(w, PPP_FOR_IP);
    u32 answered = 0;
    for (u64 at = 1; at + 3 <= asked.length;) {
        u32 id = pv_load_be16(asked.value + at);
        u64 length = asked.value[at + 2];
        if (length > asked.length - at - 3)
            break;
        u64 written = w->length;
        if (bit_of(id) & ~answered)
            answer_container(w, apn, id, asked.value + at + 3, length);
        if (w->length != written) /* of CHAP's two containers the second one has an answer */
            answered |= bit_of(id);
        at += 3 + length;
    }
    ie_end(w, ie);
}
