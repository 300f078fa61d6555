/* Commands about bearers: see bearer_commands.h. Policy is local: what a subscription or a
 * UE asks for is granted, APN-AMBR up to what the configuration allows. */
#include "bearer_commands.h"

#include "bearer_request.h"
#include "filters.h"
#include "sessions.h"

/* Instances of the EBI IE in a Bearer Resource Command (table 7.2.5-1). */
#define INSTANCE_LINKED 0
#define INSTANCE_BEARER 1

/* The established bearer that an EBI IE names, or why not. */
static struct refusal read_bearer(const struct vepc *vepc, u64 ue, struct ie ies, u8 instance,
                                  u64 *slot)
{
    struct ie ie;
    if (!ies_find(ies, IE_EBI, instance, &ie))
        return refuse(CAUSE_MANDATORY_IE_MISSING, IE_EBI, instance);
    u8 ebi = ie_read_ebi(ie);
    if (ebi == 0)
        return refuse(CAUSE_MANDATORY_IE_INCORRECT, IE_EBI, instance);
    *slot = ue_find_bearer(&vepc->ue[ue], ebi);
    return refuse(*slot == CONTEXTS_NONE ? CAUSE_CONTEXT_NOT_FOUND : CAUSE_ACCEPTED, 0, 0);
}

/* The n-th bearer context of a command and its bearer. */
static struct refusal read_context(const struct request *command, u64 ue, u64 n, struct ie *context,
                                   u64 *slot)
{
    struct ie found;
    if (!ies_find_nth(command->ies, IE_BEARER_CONTEXT, 0, n, &found))
        return refuse(CAUSE_MANDATORY_IE_MISSING, IE_BEARER_CONTEXT, 0);
    if (!ies_well_formed(found))
        return refuse(CAUSE_MANDATORY_IE_INCORRECT, IE_BEARER_CONTEXT, 0);
    context->value = found.value;
    context->length = found.length;
    return read_bearer(command->turn->vepc, ue, found, 0, slot);
}

struct refusal gtpc_modify_bearer_command(struct request *command, struct response *response)
{
    struct vepc *vepc = command->turn->vepc;
    struct trigger trigger = {command, 0, 0};
    struct bearer_change change = {0, 0, 0};
    struct vepc_qos qos;
    struct ambr ambr;
    struct ie context;
    struct ie ie;
    u64 slot = CONTEXTS_NONE;
    u64 ue = gtpc_find_ue(command, response);
    if (ue == CONTEXTS_NONE)
        return refuse(CAUSE_CONTEXT_NOT_FOUND, 0, 0);
    struct refusal refusal = read_context(command, ue, 0, &context, &slot);
    if (refusal.cause != CAUSE_ACCEPTED)
        return refusal;
    if (!ies_find(command->ies, IE_AMBR, 0, &ie))
        return refuse(CAUSE_MANDATORY_IE_MISSING, IE_AMBR, 0);
    if (ie.length < 8)
        return refuse(CAUSE_MANDATORY_IE_INCORRECT, IE_AMBR, 0);
    const struct session *session = &vepc->session[vepc->bearer[slot].session];
    const struct vepc_apn *apn = &vepc->config.apns[session->apn];
    ambr.uplink = ambr_granted(pv_load_be32(ie.value), apn->ambr_uplink);
    ambr.downlink = ambr_granted(pv_load_be32(ie.value + 4), apn->ambr_downlink);
    change.ambr = &ambr;
    if (ies_find(context, IE_BEARER_QOS, 0, &ie)) {
        if (!ie_read_qos(ie, &qos))
            return refuse(CAUSE_MANDATORY_IE_INCORRECT, IE_BEARER_QOS, 0);
        change.qos = &qos;
    }
    return refuse(bearer_update(vepc, slot, &change, &trigger), 0, 0);
}

struct refusal gtpc_delete_bearer_command(struct request *command, struct response *response)
{
    struct vepc *vepc = command->turn->vepc;
    struct trigger trigger = {command, 0, 0};
    u64 slots[EBI_COUNT];
    u64 count = 0;
    struct ie context;
    u64 ue = gtpc_find_ue(command, response);
    if (ue == CONTEXTS_NONE)
        return refuse(CAUSE_CONTEXT_NOT_FOUND, 0, 0);
    for (u64 n = 0; n == 0 || ies_find_nth(command->ies, IE_BEARER_CONTEXT, 0, n, &context); n++) {
        u64 slot = CONTEXTS_NONE;
        struct refusal refusal = read_context(command, ue, n, &context, &slot);
        if (refusal.cause == CAUSE_CONTEXT_NOT_FOUND)
            continue; /* the others end all the same */
        if (refusal.cause != CAUSE_ACCEPTED)
            return refusal;
        for (u64 i = 0; i < count; i++)
            if (slots[i] == slot)
                return refuse(CAUSE_MANDATORY_IE_INCORRECT, IE_EBI, 0);
        if (vepc->bearer[slot].session != vepc->bearer[count ? slots[0] : slot].session)
            return refuse(CAUSE_REQUEST_REJECTED, 0, 0); /* of two PDN connections */
        slots[count++] = slot;
    }
    if (count == 0)
        return refuse(CAUSE_CONTEXT_NOT_FOUND, 0, 0);
    return refuse(bearers_delete(vepc, slots, count, &trigger), 0, 0);
}

/* --- Bearer Resource Command -------------------------------------------------------- */

/* What the UE asks for. */
struct resource {
    struct trigger trigger;
    u64 session;
    u64 bearer; /* slot; CONTEXTS_NONE for a new one */
    u32 has_qos;
    struct vepc_qos qos;
    struct tft tad;
};

/* Reads a Flow QoS (TS 29.274, 8.16) into a bearer's; the ARP is not the UE's matter. */
static int read_flow_qos(struct ie ie, struct vepc_qos *qos)
{
    if (ie.length < 21)
        return 0;
    qos->qci = ie.value[0];
    qos->mbr_uplink = ie_read_rate(ie.value + 1);
    qos->mbr_downlink = ie_read_rate(ie.value + 6);
    qos->gbr_uplink = ie_read_rate(ie.value + 11);
    qos->gbr_downlink = ie_read_rate(ie.value + 16);
    return 1;
}

/* Which PDN connection and bearer are meant. */
static struct refusal read_target(const struct request *command, u64 ue, struct resource *resource)
{
    const struct vepc *vepc = command->turn->vepc;
    struct ie ie;
    u64 linked = CONTEXTS_NONE;
    struct refusal refusal = read_bearer(vepc, ue, command->ies, INSTANCE_LINKED, &linked);
    if (refusal.cause != CAUSE_ACCEPTED)
        return refusal;
    if (!bearer_is_default(vepc, linked))
        return refuse(CAUSE_MANDATORY_IE_INCORRECT, IE_EBI, INSTANCE_LINKED);
    resource->session = vepc->bearer[linked].session;
    resource->qos = vepc->bearer[linked].qos;
    resource->bearer = CONTEXTS_NONE;
    if (!ies_find(command->ies, IE_EBI, INSTANCE_BEARER, &ie))
        return refuse(CAUSE_ACCEPTED, 0, 0);
    refusal = read_bearer(vepc, ue, command->ies, INSTANCE_BEARER, &resource->bearer);
    if (refusal.cause != CAUSE_ACCEPTED)
        return refusal;
    if (vepc->bearer[resource->bearer].session != resource->session)
        return refuse(CAUSE_MANDATORY_IE_INCORRECT, IE_EBI, INSTANCE_BEARER);
    resource->qos = vepc->bearer[resource->bearer].qos;
    return refuse(CAUSE_ACCEPTED, 0, 0);
}

static struct refusal read_wish(const struct request *command, struct resource *resource)
{
    struct ie ie;
    if (!ies_find(command->ies, IE_PTI, 0, &ie) || ie.length < 1)
        return refuse(CAUSE_MANDATORY_IE_MISSING, IE_PTI, 0);
    resource->trigger.command = command;
    resource->trigger.has_pti = 1;
    resource->trigger.pti = ie.value[0];
    if (!ies_find(command->ies, IE_TAD, 0, &ie))
        return refuse(CAUSE_MANDATORY_IE_MISSING, IE_TAD, 0);
    u64 cause = tad_read(ie, &resource->tad);
    if (cause != CAUSE_ACCEPTED)
        return refuse(cause, 0, 0);
    resource->has_qos = (u32)ies_find(command->ies, IE_FLOW_QOS, 0, &ie);
    if (resource->has_qos && !read_flow_qos(ie, &resource->qos))
        return refuse(CAUSE_MANDATORY_IE_INCORRECT, IE_FLOW_QOS, 0);
    return refuse(CAUSE_ACCEPTED, 0, 0);
}

static struct refusal allocate(struct vepc *vepc, const struct resource *resource)
{
    struct bearer_wish wish;
    if (resource->tad.operation != TFT_CREATE)
        return refuse(CAUSE_TAD_SEMANTIC, 0, 0); /* there is no template to change */
    if (!resource->has_qos)
        return refuse(CAUSE_CONDITIONAL_IE_MISSING, IE_FLOW_QOS, 0);
    wish.qos = resource->qos;
    wish.rule_length = 0;
    wish.count = resource->tad.count;
    for (u64 i = 0; i < wish.count; i++) {
        wish.filter[i] = resource->tad.filter[i];
        wish.filter[i].identifier = (u8)i; /* the network's to assign */
    }
    return refuse(bearer_create(vepc, resource->session, &wish, &resource->trigger), 0, 0);
}

/* Changes a bearer's quality of service, its template, or both. */
static struct refusal change(struct vepc *vepc, const struct resource *resource)
{
    struct bearer_change wanted = {0, 0, 0};
    struct tft tft = resource->tad;
    if (resource->has_qos)
        wanted.qos = &resource->qos;
    if (tft.operation != TFT_NO_OPERATION && tft.operation != TFT_IGNORE) {
        u64 cause = filters_settle(vepc, resource->bearer, &tft);
        if (cause != CAUSE_ACCEPTED)
            return refuse(cause, 0, 0);
        wanted.tft = &tft;
    }
    if (!wanted.qos && !wanted.tft)
        return refuse(CAUSE_TAD_SEMANTIC, 0, 0);
    return refuse(bearer_update(vepc, resource->bearer, &wanted, &resource->trigger), 0, 0);
}

/* Whether the UE wants nothing more of a dedicated bearer: then it ends (TS 23.401, 5.4.5). */
static int gives_up(const struct vepc *vepc, const struct resource *resource)
{
    const struct tft *tad = &resource->tad;
    if (bearer_is_default(vepc, resource->bearer))
        return 0;
    return tad->operation == TFT_DELETE ||
           (tad->operation == TFT_DELETE_FILTERS && filters_are_all(vepc, resource->bearer, tad));
}

struct refusal gtpc_bearer_resource_command(struct request *command, struct response *response)
{
    struct vepc *vepc = command->turn->vepc;
    struct resource resource;
    u64 ue = gtpc_find_ue(command, response);
    if (ue == CONTEXTS_NONE)
        return refuse(CAUSE_CONTEXT_NOT_FOUND, 0, 0);
    struct refusal refusal = read_target(command, ue, &resource);
    if (refusal.cause == CAUSE_ACCEPTED)
        refusal = read_wish(command, &resource);
    if (refusal.cause != CAUSE_ACCEPTED)
        return refusal;
    if (resource.bearer == CONTEXTS_NONE)
        return allocate(vepc, &resource);
    if (gives_up(vepc, &resource))
        return refuse(bearers_delete(vepc, &resource.bearer, 1, &resource.trigger), 0, 0);
    return change(vepc, &resource);
}

/* --- Failure Indications ------------------------------------------------------------ */

/* Repeats an IE of one octet. */
static void repeat(const struct request *command, struct ie_writer *w, u8 type)
{
    struct ie ie;
    if (ies_find(command->ies, type, 0, &ie) && ie.length >= 1)
        ie_write_u8(w, type, ie.value[0]);
}

void gtpc_write_command_failure(const struct request *command, struct ie_writer *w,
                                struct refusal refusal)
{
    struct ie context;
    ie_write_cause(w, refusal);
    if (!ies_well_formed(command->ies))
        return;
    if (command->type == GTPC_BEARER_RESOURCE_COMMAND) {
        repeat(command, w, IE_EBI);
        repeat(command, w, IE_PTI);
    }
    if (command->type != GTPC_DELETE_BEARER_COMMAND)
        return;
    for (u64 n = 0; n < EBI_COUNT && ies_find_nth(command->ies, IE_BEARER_CONTEXT, 0, n, &context);
         n++) {
        struct ie ebi;
        if (!ies_well_formed(context) || !ies_find(context, IE_EBI, 0, &ebi) || ebi.length < 1)
            continue;
        u64 start = ie_begin(w, IE_BEARER_CONTEXT, 0);
        ie_write_u8(w, IE_EBI, ebi.value[0]);
        ie_write_cause(w, refuse((u8)refusal.cause, 0, 0));
        ie_end(w, start);
    }
}
