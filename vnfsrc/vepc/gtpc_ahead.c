/* Looking ahead at GTPv2-C messages: see gtpc_ahead.h. Only messages over IPv4 and, of their
 * IEs, only an IMSI in front are recognised: that is what MMEs send, and anything else merely
 * fetches nothing, or a line in vain. */
#include "gtpc_ahead.h"

#include "gtpc.h"
#include "procedures.h"

#define MESSAGE_AT (IPV4_HEADER + UDP_HEADER)
#define VERSION_2_WITH_TEID 0x48

/* What a message will look for. */
struct sight {
    u64 request; /* hash of the request */
    u64 imsi;    /* hash of the IMSI, if it has_imsi */
    u64 ue;      /* slot, or CONTEXTS_NONE */
    u32 has_imsi;
};

/* Returns 0 when the packet is no such message. */
static int sight(const struct vepc *vepc, const struct pv_packet *packet, struct sight *sight)
{
    const u8 *data = packet_data(packet);
    const u8 *message = data + MESSAGE_AT;
    if (packet->port != VEPC_PORT_S11 || packet->length < MESSAGE_AT + GTPC_HEADER + 12 ||
        data[0] != 0x45 || (message[0] & 0xf8) != VERSION_2_WITH_TEID)
        return 0;
    struct pv_address peer;
    address_set_ipv4(&peer, pv_load_be32(data + 12));
    sight->request = procedures_hash(&peer, (u16)pv_load_be16(data + IPV4_HEADER), message[1],
                                     pv_load_be24(message + 8));
    const u8 *ie = message + GTPC_HEADER;
    sight->has_imsi = ie[0] == IE_IMSI && pv_load_be16(ie + 1) == 8;
    sight->imsi = sight->has_imsi ? index_hash(pv_load_be64(ie + 4)) : 0;
    sight->ue = (u64)CONTEXT_NUMBER(pv_load_be32(message + 4)) - 1;
    if (sight->ue >= vepc->ues.capacity)
        sight->ue = CONTEXTS_NONE;
    return 1;
}

static void fetch_chains(const struct vepc *vepc, const struct sight *sight)
{
    const struct index *answers = &vepc->procedure_by_request;
    const struct index *ues = &vepc->ue_by_imsi;
    __builtin_prefetch(&answers->head[sight->request & answers->mask], 1);
    if (sight->has_imsi)
        __builtin_prefetch(&ues->head[sight->imsi & ues->mask], 1);
    if (sight->ue == CONTEXTS_NONE)
        return;
    __builtin_prefetch(&vepc->ues.teid[sight->ue]);
    __builtin_prefetch(&vepc->ue[sight->ue], 1);
    __builtin_prefetch(&vepc->ue[sight->ue].bearer[EBI_FIRST], 1);
}

static void fetch_records(const struct vepc *vepc, const struct sight *sight)
{
    u32 answer = index_first(&vepc->procedure_by_request, sight->request);
    if (answer != INDEX_END) {
        __builtin_prefetch(&vepc->procedure[answer - 1]);
        __builtin_prefetch(&vepc->procedure_by_request.previous[answer - 1], 1);
    }
    u32 ue = sight->has_imsi ? index_first(&vepc->ue_by_imsi, sight->imsi) : INDEX_END;
    if (ue != INDEX_END) {
        __builtin_prefetch(&vepc->ue[ue - 1]);
        __builtin_prefetch(&vepc->ue_by_imsi.previous[ue - 1], 1);
    }
    if (sight->ue == CONTEXTS_NONE)
        return;
    u32 session = vepc->ue[sight->ue].first_session;
    u32 bearer = vepc->ue[sight->ue].bearer[EBI_FIRST];
    if (session != NO_SLOT)
        __builtin_prefetch(&vepc->session[session - 1], 1);
    if (bearer == NO_SLOT)
        return;
    __builtin_prefetch(&vepc->bearer[bearer - 1], 1);
    __builtin_prefetch(&vepc->downlink[bearer - 1], 1);
    __builtin_prefetch(&vepc->bearers.epoch[bearer - 1], 1);
}

void gtpc_look_ahead(const struct vepc *vepc, const struct pv_burst *burst)
{
    struct sight seen;
    u64 messages = 0;
    for (u64 i = 0; i < burst->in_count; i++)
        if (burst->in[i]->port == VEPC_PORT_S11 && sight(vepc, burst->in[i], &seen)) {
            fetch_chains(vepc, &seen);
            messages++;
        }
    for (u64 i = 0; messages > 0 && i < burst->in_count; i++)
        if (burst->in[i]->port == VEPC_PORT_S11 && sight(vepc, burst->in[i], &seen))
            fetch_records(vepc, &seen);
}
