/* What a Create Session Request asks for: see session_wish.h. */
#include "session_wish.h"

#include "access.h"
#include "apn.h"
#include "paths.h"
#include "sessions.h"

/* Instances of F-TEIDs (tables 7.2.1-1 and 7.2.1-2). */
#define INSTANCE_PGW_CONTROL 1
#define INSTANCE_PGW_USER 3

/* The UE that the request is for. One whose SIM nobody has checked is known by its equipment
 * alone, for emergency calls: those we do not serve. */
static struct refusal read_ue(struct request *request, struct response *response, struct wish *wish)
{
    struct vepc *vepc = request->turn->vepc;
    struct access access;
    struct ie ie;
    access_of(vepc, &access);
    if (!ies_find(request->ies, IE_F_TEID, 0, &ie))
        return refuse(CAUSE_MANDATORY_IE_MISSING, IE_F_TEID, 0);
    if (!ie_read_f_teid(ie, access.sender, access.control, &wish->sender))
        return refuse(CAUSE_MANDATORY_IE_INCORRECT, IE_F_TEID, 0);
    response->teid = wish->sender.teid;
    if (!ies_find(request->ies, IE_IMSI, 0, &wish->imsi))
        return refuse(CAUSE_CONDITIONAL_IE_MISSING, IE_IMSI, 0);
    if (ies_indicated(request->ies, INDICATION_UNAUTHENTICATED_IMSI))
        return refuse(CAUSE_SERVICE_NOT_SUPPORTED, 0, 0);
    if (wish->imsi.length == 0 || wish->imsi.length > 8)
        return refuse(CAUSE_MANDATORY_IE_INCORRECT, IE_IMSI, 0);
    if (!ies_find(request->ies, IE_RAT_TYPE, 0, &ie))
        return refuse(CAUSE_MANDATORY_IE_MISSING, IE_RAT_TYPE, 0);
    if (ie.length < 1)
        return refuse(CAUSE_INVALID_LENGTH, IE_RAT_TYPE, 0);
    u8 imsi[8];
    __builtin_memset(imsi, 0xff, sizeof imsi);
    memory_copy(imsi, wish->imsi.value, wish->imsi.length);
    wish->ue = ue_find_imsi(vepc, imsi);
    if (request->teid != 0 &&
        (wish->ue == CONTEXTS_NONE || vepc->ues.teid[wish->ue] != request->teid))
        return refuse(CAUSE_CONTEXT_NOT_FOUND, 0, 0);
    return refuse(CAUSE_ACCEPTED, 0, 0);
}

static struct refusal read_bearer(const struct request *request, struct ie context,
                                  struct wish *wish)
{
    struct access access;
    struct ie ie;
    access_of(request->turn->vepc, &access);
    if (!ies_find(context, IE_EBI, 0, &ie))
        return refuse(CAUSE_MANDATORY_IE_MISSING, IE_EBI, 0);
    wish->ebi = ie_read_ebi(ie);
    if (wish->ebi == 0)
        return refuse(CAUSE_MANDATORY_IE_INCORRECT, IE_EBI, 0);
    if (!ies_find(context, IE_BEARER_QOS, 0, &ie))
        return refuse(CAUSE_MANDATORY_IE_MISSING, IE_BEARER_QOS, 0);
    if (!ie_read_qos(ie, &wish->qos))
        return refuse(CAUSE_INVALID_LENGTH, IE_BEARER_QOS, 0);
    __builtin_memset(&wish->enb, 0, sizeof wish->enb);
    if (ies_find(context, IE_F_TEID, access.create_instance, &ie)) {
        if (!ie_read_f_teid(ie, access.tunnel, access.user, &wish->enb))
            return refuse(CAUSE_MANDATORY_IE_INCORRECT, IE_F_TEID, access.create_instance);
    } else if (is_pgw(request->turn->vepc)) {
        return refuse(CAUSE_CONDITIONAL_IE_MISSING, IE_F_TEID, access.create_instance);
    }
    return refuse(CAUSE_ACCEPTED, 0, 0);
}

/* The PDN type asked for: the PDN Type IE, else the PAA's. 0 when neither says. */
static u8 asked_pdn_type(struct ie ies)
{
    struct ie ie;
    if ((ies_find(ies, IE_PDN_TYPE, 0, &ie) || ies_find(ies, IE_PAA, 0, &ie)) && ie.length >= 1)
        return ie.value[0] & 7;
    return 0;
}

/* The addresses that the PAA asks for (8.14), as far as the granted PDN type has them: those of
 * the subscription, or zeros for any. */
static void read_addresses(struct ie ies, struct wish *wish)
{
    struct ie paa;
    wish->ipv4 = 0;
    wish->prefix = 0;
    if (!ies_find(ies, IE_PAA, 0, &paa) || paa.length < 1)
        return;
    u8 type = paa.value[0] & 7;
    u64 ipv4_at = type == PDN_TYPE_IPV4V6 ? 18 : 1;
    if ((type & wish->pdn_type & VEPC_SESSION_PDN_TYPE_IPV4) && paa.length >= ipv4_at + 4)
        wish->ipv4 = pv_load_be32(paa.value + ipv4_at);
    if ((type & wish->pdn_type & VEPC_SESSION_PDN_TYPE_IPV6) && paa.length >= 10)
        wish->prefix = pv_load_be64(paa.value + 2);
}

/* The PDN type granted (TS 23.401, 5.3.1.1): of two families the one that the APN has, or, where
 * the network cannot carry both over one bearer, IPv4. Where nothing is indicated, it can. */
static struct refusal grant_pdn_type(const struct request *request, struct wish *wish)
{
    u8 offered = request->turn->vepc->config.apns[wish->apn].pdn_types;
    struct ie ie;
    wish->pdn_type = wish->asked_type & offered;
    if (wish->asked_type > PDN_TYPE_IPV4V6 || wish->pdn_type == 0)
        return refuse(CAUSE_PDN_TYPE_NOT_SUPPORTED, 0, 0);
    wish->cause = wish->pdn_type == wish->asked_type ? CAUSE_ACCEPTED : CAUSE_NEW_PDN_TYPE;
    if (wish->pdn_type == PDN_TYPE_IPV4V6 && ies_find(request->ies, IE_INDICATION, 0, &ie) &&
        !ies_indicated(request->ies, INDICATION_DUAL_ADDRESS)) {
        wish->pdn_type = VEPC_SESSION_PDN_TYPE_IPV4;
        wish->cause = CAUSE_SINGLE_ADDRESS_ONLY;
    }
    return refuse(CAUSE_ACCEPTED, 0, 0);
}

static struct refusal read_pdn(const struct request *request, struct wish *wish)
{
    const struct vepc_config *config = &request->turn->vepc->config;
    struct ie ie;
    if (!ies_find(request->ies, IE_APN, 0, &ie))
        return refuse(CAUSE_MANDATORY_IE_MISSING, IE_APN, 0);
    u64 apn = apn_find(config, ie);
    if (apn == APN_NONE)
        return refuse(CAUSE_UNKNOWN_APN, 0, 0);
    wish->apn = (u8)apn;
    wish->asked_type = asked_pdn_type(request->ies);
    if (wish->asked_type == 0)
        return refuse(CAUSE_CONDITIONAL_IE_MISSING, IE_PAA, 0);
    struct refusal refusal = grant_pdn_type(request, wish);
    if (refusal.cause != CAUSE_ACCEPTED)
        return refusal;
    read_addresses(request->ies, wish);
    u32 uplink = 0;
    u32 downlink = 0;
    if (ies_find(request->ies, IE_AMBR, 0, &ie)) {
        if (ie.length < 8)
            return refuse(CAUSE_INVALID_LENGTH, IE_AMBR, 0);
        uplink = pv_load_be32(ie.value);
        downlink = pv_load_be32(ie.value + 4);
    }
    wish->ambr_uplink = ambr_granted(uplink, config->apns[wish->apn].ambr_uplink);
    wish->ambr_downlink = ambr_granted(downlink, config->apns[wish->apn].ambr_downlink);
    return refuse(CAUSE_ACCEPTED, 0, 0);
}

/* What the new session replaces, because it has the same bearer identity: a whole session or,
 * when the sender knows that context, a dedicated bearer alone (7.2.1). An S-GW asks for each
 * PDN connection with TEID 0, so that says nothing at a P-GW. */
static void find_replaced(const struct request *request, struct wish *wish)
{
    const struct vepc *vepc = request->turn->vepc;
    int known = request->teid != 0 || is_pgw(vepc);
    wish->old_session = CONTEXTS_NONE;
    wish->old_bearer = CONTEXTS_NONE;
    wish->keeps_ue = 0;
    if (wish->ue == CONTEXTS_NONE)
        return;
    u64 bearer = ue_find_bearer(&vepc->ue[wish->ue], wish->ebi);
    if (bearer != CONTEXTS_NONE) {
        u32 session = vepc->bearer[bearer].session;
        if (!known || vepc->session[session].lbi == wish->ebi)
            wish->old_session = session;
        else
            wish->old_bearer = bearer;
    }
    u32 first = vepc->ue[wish->ue].first_session;
    int only = first != NO_SLOT && first - 1 == wish->old_session &&
               vepc->session[first - 1].next == NO_SLOT;
    wish->keeps_ue = (u8)(known || !only);
}

/* Whether a pool can give an address: this one, or any for 0. `leaving` is one that is given
 * back before. Returns CAUSE_ACCEPTED or why not. */
static u8 check_pool(const struct pool *pool, u64 asked, u64 leaving)
{
    if (asked == 0)
        return leaving || pool_next(pool) != POOL_NONE ? CAUSE_ACCEPTED : CAUSE_ADDRESSES_OCCUPIED;
    u64 offset = pool_offset(pool, asked);
    if (offset == POOL_NONE)
        return CAUSE_AUTHENTICATION_FAILED; /* the subscription's address is not ours to give */
    return asked == leaving || bitmap_is_free(&pool->free, offset) ? CAUSE_ACCEPTED
                                                                   : CAUSE_NO_RESOURCES;
}

/* Whether there is room for the new session, counting what the old one will leave. */
static struct refusal check_resources(struct vepc *vepc, const struct wish *wish)
{
    const struct pdn *pdn = &vepc->pdn[wish->apn];
    int replaces = wish->old_session != CONTEXTS_NONE;
    const struct session *old = replaces ? &vepc->session[wish->old_session] : 0;
    int same_pool = old && old->apn == wish->apn;
    u8 cause = CAUSE_ACCEPTED;
    if (wish->pdn_type & VEPC_SESSION_PDN_TYPE_IPV4)
        cause = check_pool(&pdn->pool4, wish->ipv4, same_pool ? old->ipv4 : 0);
    if (cause == CAUSE_ACCEPTED && (wish->pdn_type & VEPC_SESSION_PDN_TYPE_IPV6))
        cause = check_pool(&pdn->pool6, wish->prefix, same_pool ? old->prefix : 0);
    if (cause != CAUSE_ACCEPTED)
        return refuse(cause, 0, 0);
    int bearer_comes_free = replaces || wish->old_bearer != CONTEXTS_NONE;
    if (!paths_have_room(vepc, &wish->sender.address, VEPC_PATH_PLANE_GTP_C))
        return refuse(CAUSE_NO_RESOURCES, 0, 0);
    if ((wish->ue == CONTEXTS_NONE && vepc->ues.free.free == 0) ||
        (!replaces && vepc->sessions.free.free == 0) ||
        (!bearer_comes_free && vepc->bearers.free.free == 0))
        return refuse(CAUSE_NO_RESOURCES, 0, 0);
    return refuse(CAUSE_ACCEPTED, 0, 0);
}

/* The session that the request takes over from another S-GW: it names the P-GW's tunnels, both
 * of which we gave out. CONTEXTS_NONE, with the refusal, when we know of no such session. */
static struct refusal find_moved(const struct request *request, struct ie context,
                                 struct wish *wish)
{
    struct vepc *vepc = request->turn->vepc;
    struct ie control;
    struct ie user;
    wish->moved = CONTEXTS_NONE;
    if (is_pgw(vepc) || !ies_find(request->ies, IE_F_TEID, INSTANCE_PGW_CONTROL, &control) ||
        !ies_find_f_teid(context, S5U_PGW, INSTANCE_PGW_USER, &user) || control.length < 5 ||
        pv_load_be32(control.value + 1) == 0)
        return refuse(CAUSE_ACCEPTED, 0, 0);
    wish->moved = contexts_find(&vepc->sessions, pv_load_be32(control.value + 1));
    if (wish->moved == CONTEXTS_NONE || vepc->session[wish->moved].ue != wish->ue)
        return refuse(CAUSE_CONTEXT_NOT_FOUND, IE_F_TEID, INSTANCE_PGW_CONTROL);
    return refuse(CAUSE_ACCEPTED, 0, 0);
}

struct refusal wish_read(struct request *request, struct response *response, struct wish *wish)
{
    struct ie context;
    struct refusal refusal = read_ue(request, response, wish);
    if (refusal.cause != CAUSE_ACCEPTED)
        return refusal;
    if (!ies_find(request->ies, IE_BEARER_CONTEXT, WISH_TO_BE_CREATED, &context))
        return refuse(CAUSE_MANDATORY_IE_MISSING, IE_BEARER_CONTEXT, 0);
    if (!ies_well_formed(context))
        return refuse(CAUSE_INVALID_LENGTH, IE_BEARER_CONTEXT, 0);
    refusal = find_moved(request, context, wish);
    if (refusal.cause != CAUSE_ACCEPTED || wish->moved != CONTEXTS_NONE)
        return refusal;
    refusal = read_bearer(request, context, wish);
    if (refusal.cause == CAUSE_ACCEPTED)
        refusal = read_pdn(request, wish);
    if (refusal.cause != CAUSE_ACCEPTED)
        return refusal;
    find_replaced(request, wish);
    return check_resources(request->turn->vepc, wish);
}
