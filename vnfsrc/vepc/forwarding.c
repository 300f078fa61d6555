/* Indirect data forwarding: see forwarding.h. */
#include "forwarding.h"

#include "gtpu.h"
#include "sessions.h"

/* Instances of the eNodeB's F-TEIDs in a request (table 7.2.18-2). */
#define INSTANCE_ENB_DOWNLINK 0
#define INSTANCE_ENB_UPLINK 4

/* Instances of ours in an answer (table 7.2.19-2). MMEs look for them in different places, for
 * there is one for each kind of radio network; all name the same end point. */
#define INSTANCE_S1U_DOWNLINK 0
#define INSTANCE_S12_DOWNLINK 1
#define INSTANCE_ANY_DOWNLINK 3
#define INSTANCE_S1U_UPLINK 4
#define INSTANCE_ANY_UPLINK 5

/* The most that one bearer context takes in an answer, with all of these. */
#define CONTEXT_LONGEST 164

#define CONTEXTS_MAX EBI_COUNT

struct wanted {
    u64 bearer; /* slot, or CONTEXTS_NONE */
    struct vepc_tunnel downlink;
    struct vepc_tunnel uplink;
    u8 ebi;
};

static struct refusal read_tunnel(const struct vepc *vepc, struct ie context, u8 instance,
                                  u8 interface, struct vepc_tunnel *tunnel)
{
    struct ie ie;
    __builtin_memset(tunnel, 0, sizeof *tunnel);
    if (ies_find(context, IE_F_TEID, instance, &ie) &&
        !ie_read_f_teid(ie, interface, &vepc->config.s1u, tunnel))
        return refuse(CAUSE_MANDATORY_IE_INCORRECT, IE_F_TEID, instance);
    return refuse(CAUSE_ACCEPTED, 0, 0);
}

static struct refusal read_context(const struct vepc *vepc, const struct ue *ue, struct ie context,
                                   struct wanted *wanted)
{
    struct ie ie;
    if (!ies_well_formed(context))
        return refuse(CAUSE_INVALID_LENGTH, IE_BEARER_CONTEXT, 0);
    if (!ies_find(context, IE_EBI, 0, &ie))
        return refuse(CAUSE_MANDATORY_IE_MISSING, IE_EBI, 0);
    wanted->ebi = ie_read_ebi(ie);
    if (wanted->ebi == 0)
        return refuse(CAUSE_MANDATORY_IE_INCORRECT, IE_EBI, 0);
    wanted->bearer = ue_find_bearer(ue, wanted->ebi);
    struct refusal refusal = read_tunnel(vepc, context, INSTANCE_ENB_DOWNLINK,
                                         ENODEB_DOWNLINK_FORWARDING, &wanted->downlink);
    if (refusal.cause == CAUSE_ACCEPTED)
        refusal = read_tunnel(vepc, context, INSTANCE_ENB_UPLINK, ENODEB_UPLINK_FORWARDING,
                              &wanted->uplink);
    if (refusal.cause == CAUSE_ACCEPTED && !address_is_set(&wanted->downlink.address) &&
        !address_is_set(&wanted->uplink.address))
        return refuse(CAUSE_CONDITIONAL_IE_MISSING, IE_F_TEID, INSTANCE_ENB_DOWNLINK);
    return refusal;
}

static void write_context(struct ie_writer *w, const struct vepc *vepc, const struct wanted *wanted,
                          int everywhere)
{
    const struct vepc_endpoint *ours = &vepc->config.s1u;
    int found = wanted->bearer != CONTEXTS_NONE;
    u64 context = ie_begin(w, IE_BEARER_CONTEXT, 0);
    ie_write_u8(w, IE_EBI, wanted->ebi);
    ie_write_cause(w, refuse(found ? CAUSE_ACCEPTED : CAUSE_CONTEXT_NOT_FOUND, 0, 0));
    if (found && address_is_set(&wanted->downlink.address)) {
        u32 teid = vepc->bearers.teid[wanted->bearer] ^ FORWARDING_DOWNLINK;
        ie_write_f_teid(w, INSTANCE_S1U_DOWNLINK, SGW_DOWNLINK_FORWARDING, teid, ours);
        if (everywhere) {
            ie_write_f_teid(w, INSTANCE_S12_DOWNLINK, SGW_DOWNLINK_FORWARDING, teid, ours);
            ie_write_f_teid(w, INSTANCE_ANY_DOWNLINK, SGW_DOWNLINK_FORWARDING, teid, ours);
        }
    }
    if (found && address_is_set(&wanted->uplink.address)) {
        u32 teid = vepc->bearers.teid[wanted->bearer] ^ FORWARDING_UPLINK;
        ie_write_f_teid(w, INSTANCE_S1U_UPLINK, SGW_UPLINK_FORWARDING, teid, ours);
        if (everywhere)
            ie_write_f_teid(w, INSTANCE_ANY_UPLINK, SGW_UPLINK_FORWARDING, teid, ours);
    }
    ie_end(w, context);
}

static void apply(struct vepc *vepc, const struct wanted *wanted)
{
    struct bearer *bearer = &vepc->bearer[wanted->bearer];
    bearer->forward_downlink = wanted->downlink;
    bearer->forward_uplink = wanted->uplink;
}

struct refusal gtpc_create_forwarding(struct request *request, struct response *response)
{
    struct vepc *vepc = request->turn->vepc;
    u64 slot = gtpc_find_ue(request, response);
    /* Without a TEID we are asked to forward for a UE that another S-GW serves. */
    if (slot == CONTEXTS_NONE)
        return refuse(request->teid ? CAUSE_CONTEXT_NOT_FOUND : CAUSE_FORWARDING_NOT_SUPPORTED, 0,
                      0);
    struct wanted wanted[CONTEXTS_MAX];
    u64 count = 0;
    u64 found = 0;
    struct ie ie;
    while (count < CONTEXTS_MAX && ies_find_nth(request->ies, IE_BEARER_CONTEXT, 0, count, &ie)) {
        struct refusal refusal = read_context(vepc, &vepc->ue[slot], ie, &wanted[count]);
        if (refusal.cause != CAUSE_ACCEPTED)
            return refusal;
        found += wanted[count++].bearer != CONTEXTS_NONE;
    }
    if (count == 0)
        return refuse(CAUSE_MANDATORY_IE_MISSING, IE_BEARER_CONTEXT, 0);
    if (found == 0)
        return refuse(CAUSE_CONTEXT_NOT_FOUND, IE_BEARER_CONTEXT, 0);
    u8 cause = found == count ? CAUSE_ACCEPTED : CAUSE_ACCEPTED_PARTIALLY;
    int everywhere = GTPC_HEADER + 6 + count * CONTEXT_LONGEST <= GTPC_RESPONSE_MAX;
    ie_write_cause(&response->ies, refuse(cause, 0, 0));
    for (u64 i = 0; i < count; i++) {
        if (wanted[i].bearer != CONTEXTS_NONE)
            apply(vepc, &wanted[i]);
        write_context(&response->ies, vepc, &wanted[i], everywhere);
    }
    ue_touch(vepc, slot);
    return refuse(cause, 0, 0);
}

struct refusal gtpc_delete_forwarding(struct request *request, struct response *response)
{
    struct vepc *vepc = request->turn->vepc;
    u64 slot = gtpc_find_ue(request, response);
    if (slot == CONTEXTS_NONE)
        return refuse(CAUSE_CONTEXT_NOT_FOUND, 0, 0);
    struct vepc_tunnel none = {0, {0, 0}};
    for (u64 ebi = EBI_FIRST; ebi <= EBI_LAST; ebi++) {
        u64 bearer = ue_find_bearer(&vepc->ue[slot], ebi);
        if (bearer == CONTEXTS_NONE)
            continue;
        vepc->bearer[bearer].forward_downlink = none;
        vepc->bearer[bearer].forward_uplink = none;
    }
    ue_touch(vepc, slot);
    ie_write_cause(&response->ies, refuse(CAUSE_ACCEPTED, 0, 0));
    return refuse(CAUSE_ACCEPTED, 0, 0);
}

/* Where a TEID of ours forwards to, or 0. */
static const struct vepc_tunnel *find(const struct vepc *vepc, u64 slot, u32 teid)
{
    u32 own = vepc->bearers.teid[slot]; /* 0 while free: then the numbers differ, too */
    const struct vepc_tunnel *tunnel = 0;
    if ((own ^ teid) == FORWARDING_DOWNLINK)
        tunnel = &vepc->bearer[slot].forward_downlink;
    else if ((own ^ teid) == FORWARDING_UPLINK)
        tunnel = &vepc->bearer[slot].forward_uplink;
    return tunnel && address_is_set(&tunnel->address) ? tunnel : 0;
}

int forwarding_pass(struct turn *turn, struct pv_packet *packet, u32 teid, u64 offset, u64 length)
{
    struct vepc *vepc = turn->vepc;
    u64 slot = (u64)CONTEXT_NUMBER(teid) - 1;
    const struct vepc_tunnel *tunnel = slot < vepc->bearers.capacity ? find(vepc, slot, teid) : 0;
    if (!tunnel)
        return 0;
    if (offset < udp_overhead(&tunnel->address)) {
        drop(turn, packet, DROP_no_headroom);
        return 1;
    }
    struct route route = {*local_address(&vepc->config.s1u, &tunnel->address), tunnel->address,
                          GTPU_PORT, GTPU_PORT, vepc->downlink[slot].dscp};
    packet->offset = (u32)offset;
    packet->length = (u32)length;
    pv_store_be32(packet_data(packet) + 4, tunnel->teid);
    udp_write(vepc, packet, &route, 0);
    count(vepc, COUNT_forwarded_packets);
    emit(turn, packet, VEPC_PORT_S1U);
    return 1;
}
