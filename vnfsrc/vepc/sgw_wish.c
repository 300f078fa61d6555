/* What a Create Session Request asks of an S-GW alone: see sgw_wish.h. */
#include "sgw_wish.h"

#include "sessions.h"

#define PDN_TYPE_LAST 3
#define APN_LENGTH_MAX 63 /* of a session */

/* Instances of F-TEIDs: of the P-GW in the message, and in its bearer contexts. */
#define INSTANCE_PGW 1
#define INSTANCE_S5U_PGW 3

static struct refusal read_ue(struct request *request, struct response *response,
                              struct sgw_wish *wish)
{
    struct vepc *vepc = request->turn->vepc;
    struct ie ie;
    if (!ies_find(request->ies, IE_F_TEID, 0, &ie))
        return refuse(CAUSE_MANDATORY_IE_MISSING, IE_F_TEID, 0);
    if (!ie_read_f_teid(ie, S11_MME, &vepc->config.s11, &wish->mme))
        return refuse(CAUSE_MANDATORY_IE_INCORRECT, IE_F_TEID, 0);
    response->teid = wish->mme.teid;
    if (!ies_find(request->ies, IE_IMSI, 0, &ie))
        return refuse(CAUSE_CONDITIONAL_IE_MISSING, IE_IMSI, 0);
    if (ie.length == 0 || ie.length > sizeof wish->imsi)
        return refuse(CAUSE_MANDATORY_IE_INCORRECT, IE_IMSI, 0);
    __builtin_memset(wish->imsi, 0xff, sizeof wish->imsi);
    memory_copy(wish->imsi, ie.value, ie.length);
    if (!ies_find(request->ies, IE_RAT_TYPE, 0, &ie))
        return refuse(CAUSE_MANDATORY_IE_MISSING, IE_RAT_TYPE, 0);
    wish->old_ue = ue_find_imsi(vepc, wish->imsi);
    wish->same_context = request->teid != 0;
    if (wish->same_context &&
        (wish->old_ue == CONTEXTS_NONE || vepc->ues.teid[wish->old_ue] != request->teid))
        return refuse(CAUSE_CONTEXT_NOT_FOUND, 0, 0);
    return refuse(CAUSE_ACCEPTED, 0, 0);
}

static struct refusal read_pdn(const struct request *request, struct sgw_wish *wish)
{
    struct ie ie;
    if (!ies_find(request->ies, IE_F_TEID, INSTANCE_PGW, &ie))
        return refuse(CAUSE_CONDITIONAL_IE_MISSING, IE_F_TEID, INSTANCE_PGW);
    if (!ie_read_f_teid(ie, S5C_PGW, &request->turn->vepc->config.s5, &wish->pgw))
        return refuse(CAUSE_MANDATORY_IE_INCORRECT, IE_F_TEID, INSTANCE_PGW);
    wish->moves = wish->pgw.teid != 0;
    if (!ies_find(request->ies, IE_APN, 0, &ie))
        return refuse(CAUSE_MANDATORY_IE_MISSING, IE_APN, 0);
    u64 length = apn_read(ie, wish->apn);
    if (length == 0 || length > APN_LENGTH_MAX)
        return refuse(CAUSE_UNKNOWN_APN, 0, 0);
    wish->apn_length = (u8)length;
    if (!ies_find(request->ies, IE_PDN_TYPE, 0, &ie) && !ies_find(request->ies, IE_PAA, 0, &ie))
        return refuse(CAUSE_CONDITIONAL_IE_MISSING, IE_PAA, 0);
    wish->pdn_type = ie.length >= 1 ? ie.value[0] & 7 : 0;
    if (wish->pdn_type == 0 || wish->pdn_type > PDN_TYPE_LAST)
        return refuse(CAUSE_PDN_TYPE_NOT_SUPPORTED, 0, 0);
    wish->ambr_uplink = 0;
    wish->ambr_downlink = 0;
    if (!ies_find(request->ies, IE_AMBR, 0, &ie))
        return refuse(CAUSE_ACCEPTED, 0, 0);
    if (ie.length < 8)
        return refuse(CAUSE_INVALID_LENGTH, IE_AMBR, 0);
    wish->ambr_uplink = pv_load_be32(ie.value);
    wish->ambr_downlink = pv_load_be32(ie.value + 4);
    return refuse(CAUSE_ACCEPTED, 0, 0);
}

static struct refusal read_bearer(const struct vepc *vepc, struct ie context, int moves,
                                  struct sgw_wished_bearer *bearer)
{
    struct ie ie;
    __builtin_memset(bearer, 0, sizeof *bearer);
    if (!ies_well_formed(context))
        return refuse(CAUSE_INVALID_LENGTH, IE_BEARER_CONTEXT, 0);
    if (!ies_find(context, IE_EBI, 0, &ie))
        return refuse(CAUSE_MANDATORY_IE_MISSING, IE_EBI, 0);
    bearer->ebi = ie_read_ebi(ie);
    if (bearer->ebi == 0)
        return refuse(CAUSE_MANDATORY_IE_INCORRECT, IE_EBI, 0);
    if (!ies_find(context, IE_BEARER_QOS, 0, &ie))
        return refuse(CAUSE_MANDATORY_IE_MISSING, IE_BEARER_QOS, 0);
    if (!ie_read_qos(ie, &bearer->qos))
        return refuse(CAUSE_INVALID_LENGTH, IE_BEARER_QOS, 0);
    if (ies_find(context, IE_F_TEID, 0, &ie) &&
        !ie_read_f_teid(ie, S1U_ENODEB, &vepc->config.s1u, &bearer->enb))
        return refuse(CAUSE_MANDATORY_IE_INCORRECT, IE_F_TEID, 0);
    if (!moves)
        return refuse(CAUSE_ACCEPTED, 0, 0);
    if (!ies_find_f_teid(context, S5U_PGW, INSTANCE_S5U_PGW, &ie))
        return refuse(CAUSE_CONDITIONAL_IE_MISSING, IE_F_TEID, INSTANCE_S5U_PGW);
    if (!ie_read_f_teid(ie, S5U_PGW, &vepc->config.s5, &bearer->pgw))
        return refuse(CAUSE_MANDATORY_IE_INCORRECT, IE_F_TEID, INSTANCE_S5U_PGW);
    return refuse(CAUSE_ACCEPTED, 0, 0);
}

/* A new PDN connection has one bearer; one that moves has all of its. The first is the default
 * bearer, unless the request says another. */
static struct refusal read_bearers(const struct request *request, struct sgw_wish *wish)
{
    struct ie ie;
    u64 most = wish->moves ? EBI_COUNT : 1;
    wish->count = 0;
    while (wish->count < most &&
           ies_find_nth(request->ies, IE_BEARER_CONTEXT, 0, wish->count, &ie)) {
        struct sgw_wished_bearer *bearer = &wish->bearer[wish->count];
        struct refusal refusal = read_bearer(request->turn->vepc, ie, wish->moves, bearer);
        if (refusal.cause != CAUSE_ACCEPTED)
            return refusal;
        for (u64 i = 0; i < wish->count; i++)
            if (wish->bearer[i].ebi == bearer->ebi)
                return refuse(CAUSE_MANDATORY_IE_INCORRECT, IE_EBI, 0);
        wish->count++;
    }
    if (wish->count == 0)
        return refuse(CAUSE_MANDATORY_IE_MISSING, IE_BEARER_CONTEXT, 0);
    wish->lbi = wish->bearer[0].ebi;
    if (!wish->moves || !ies_find(request->ies, IE_EBI, 0, &ie))
        return refuse(CAUSE_ACCEPTED, 0, 0);
    for (u64 i = 0; i < wish->count; i++)
        if (wish->bearer[i].ebi == ie_read_ebi(ie))
            wish->lbi = ie_read_ebi(ie);
    return refuse(CAUSE_ACCEPTED, 0, 0);
}

/* Whether a request with TEID 0 is for one more PDN connection of a UE that is moving here: an MME
 * may ask for all of them before it has an answer. One that uses a bearer identity again is the
 * first of another move (TS 29.274, 7.2.1). */
static int joins(const struct vepc *vepc, const struct sgw_wish *wish)
{
    if (!wish->moves || wish->old_ue == CONTEXTS_NONE)
        return 0;
    const struct ue *ue = &vepc->ue[wish->old_ue];
    for (u64 i = 0; i < wish->count; i++)
        if (ue_find_bearer(ue, wish->bearer[i].ebi) != CONTEXTS_NONE)
            return 0;
    return ue->mme.teid == wish->mme.teid && address_equal(&ue->mme.address, &wish->mme.address);
}

struct refusal sgw_wish_read(struct request *request, struct response *response,
                             struct sgw_wish *wish)
{
    struct refusal refusal = read_ue(request, response, wish);
    if (refusal.cause == CAUSE_ACCEPTED)
        refusal = read_pdn(request, wish);
    if (refusal.cause == CAUSE_ACCEPTED)
        refusal = read_bearers(request, wish);
    if (refusal.cause == CAUSE_ACCEPTED && joins(request->turn->vepc, wish))
        wish->same_context = 1;
    wish->replaces_all = refusal.cause == CAUSE_ACCEPTED && wish->moves && !wish->same_context;
    return refusal;
}
