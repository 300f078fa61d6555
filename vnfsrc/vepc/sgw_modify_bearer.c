/* Modify Bearer from an S-GW alone to its P-GWs (TS 29.274, 7.2.7 and 7.2.8): a UE's move from
 * another S-GW (TS 23.401, 5.5.1.1.3), its location, time zone, network and RAT type (5.3.4.1). */
#include "sessions.h"
#include "sgw.h"
#include "ue_information.h"

#define INSTANCE_MODIFIED 0
#define INSTANCE_REMOVED 1
#define INSTANCE_S5U_SGW 1 /* of the F-TEID in a bearer context */

static int differ(const u8 *a, u64 length_a, const u8 *b, u64 length_b)
{
    return length_a != length_b || !memory_equal(a, b, length_a);
}

/* Whether something became known of the UE that its P-GWs want to know. */
static int has_news(const struct ue *a, const struct ue *b)
{
    return a->suspended != b->suspended || a->rat_type != b->rat_type ||
           differ(a->serving_network, 3, b->serving_network, 3) ||
           differ(a->uli, a->uli_length, b->uli, b->uli_length) ||
           differ(a->time_zone, a->time_zone_length, b->time_zone, b->time_zone_length);
}

/* Our ends of a session's bearers. */
static void write_bearers(const struct vepc *vepc, struct ie_writer *w, u64 session)
{
    const struct ue *ue = &vepc->ue[vepc->session[session].ue];
    for (u64 ebi = EBI_FIRST; ebi <= EBI_LAST; ebi++) {
        u64 bearer = ue_find_bearer(ue, ebi);
        if (bearer == CONTEXTS_NONE || vepc->bearer[bearer].session != session)
            continue;
        u64 context = ie_begin(w, IE_BEARER_CONTEXT, INSTANCE_MODIFIED);
        ie_write_u8(w, IE_EBI, (u32)ebi);
        sgw_write_s5_f_teid(vepc, w, INSTANCE_S5U_SGW, bearer);
        ie_end(w, context);
    }
}

/* What the P-GW of a moved session needs of what is known of the UE. */
static void write_ue(const struct vepc *vepc, struct ie_writer *w, u64 session)
{
    const struct ue *ue = &vepc->ue[vepc->session[session].ue];
    u64 ie;
    if (ue->uli_length) {
        ie = ie_begin(w, IE_ULI, 0);
        ie_put_octets(w, ue->uli, ue->uli_length);
        ie_end(w, ie);
    }
    if (ue->serving_network[0] | ue->serving_network[1] | ue->serving_network[2]) {
        ie = ie_begin(w, IE_SERVING_NETWORK, 0);
        ie_put_octets(w, ue->serving_network, sizeof ue->serving_network);
        ie_end(w, ie);
    }
    ie_write_u8(w, IE_RAT_TYPE, ue->rat_type);
    if (ue->time_zone_length) {
        ie = ie_begin(w, IE_UE_TIME_ZONE, 0);
        ie_put_octets(w, ue->time_zone, ue->time_zone_length);
        ie_end(w, ie);
    }
}

/* What an MME says besides, in the same IE, to the P-GW (tables 7.2.1-1 and 7.2.7-1). */
static int is_for_pgw(u8 type)
{
    return type == IE_USER_CSG_INFORMATION || type == IE_OPERATOR_SELECTION_ENTITY ||
           type == IE_PRA_INFORMATION || type == IE_PLMN_RATE_CONTROL || type == IE_COUNTER ||
           type == IE_SECONDARY_RAT_USAGE;
}

/* With the Handover Indication a P-GW sends downlink packets here, no longer to an access beyond
 * 3GPP (TS 23.402, 8.2.1.1). */
static int has_more(struct ie ies)
{
    struct named_ie ie;
    if (ies_indicated(ies, INDICATION_HANDOVER))
        return 1;
    while (relay_next(&ies, &ie))
        if (is_for_pgw(ie.type))
            return 1;
    return 0;
}

/* Copies an IE if there is room for it: IEs that name bearers may take most of it. */
static void copy_if_it_fits(struct ie_writer *w, const struct named_ie *ie, u64 limit)
{
    if (w->length + IE_HEADER + ie->value.length <= limit)
        relay_copy_ie(w, ie);
}

static void write_more(struct ie_writer *w, struct ie ies)
{
    struct named_ie ie;
    int handover = ies_indicated(ies, INDICATION_HANDOVER);
    int reporting = ies_indicated(ies, INDICATION_CHANGE_REPORTING);
    if (handover || reporting) {
        u64 indication = ie_begin(w, IE_INDICATION, 0);
        ie_put_u8(w, handover ? INDICATION_HANDOVER & 0xff : 0);
        ie_put_u8(w, reporting ? INDICATION_CHANGE_REPORTING & 0xff : 0);
        ie_end(w, indication);
    }
    while (relay_next(&ies, &ie))
        if (is_for_pgw(ie.type))
            copy_if_it_fits(w, &ie, TRANSACTION_MESSAGE_MAX);
}

/* Whether one of the bearers that the request named belongs to this session. */
static int is_named(const struct vepc *vepc, const struct sgw_modified *modified, u64 session)
{
    for (u64 i = 0; i < modified->bearers_count; i++) {
        u64 bearer = contexts_find(&vepc->bearers, modified->bearers[i]);
        if (bearer != CONTEXTS_NONE && vepc->bearer[bearer].session == session)
            return 1;
    }
    return 0;
}

/* Whether a request is about this session: one of its bearers is named, or none of any. */
static int is_about(const struct vepc *vepc, const struct sgw_modified *modified, u64 session)
{
    return !modified || modified->bearers_count == 0 || is_named(vepc, modified, session);
}

/* Tells a session's P-GW what a request brought; its answer will answer the request, too, or not.
 * Returns 0 (counted) when too many requests wait already. */
static int tell(struct request *request, u64 session, const struct sgw_modified *modified,
                int answers)
{
    struct vepc *vepc = request->turn->vepc;
    struct draft draft;
    if (!relay_begin_to_pgw(vepc, session, answers ? request : 0, &draft))
        return 0;
    for (u64 i = 0; answers && modified && i < modified->bearers_count; i++)
        draft.transaction->bearers[draft.transaction->bearers_count++] = modified->bearers[i];
    if (vepc->session[session].relocated)
        ie_write_f_teid(&draft.ies, 0, S5C_SGW, vepc->sessions.teid[session], &vepc->config.s5);
    write_ue(vepc, &draft.ies, session);
    if (vepc->session[session].relocated) {
        write_bearers(vepc, &draft.ies, session);
        ie_write_u8(&draft.ies, IE_RECOVERY, vepc->restart_counter);
    }
    if (is_about(vepc, modified, session))
        write_more(&draft.ies, request->ies);
    transactions_post(vepc, &draft, GTPC_MODIFY_BEARER_REQUEST, vepc->session[session].peer.teid);
    return 1;
}

struct refusal sgw_tell_moved(struct request *request, u64 session)
{
    return refuse(tell(request, session, 0, 1) ? CAUSE_LATER : CAUSE_NO_RESOURCES, 0, 0);
}

struct refusal sgw_tell_pgws(struct request *request, u64 ue, const struct sgw_modified *modified)
{
    const struct vepc *vepc = request->turn->vepc;
    int news = has_news(&modified->before, &vepc->ue[ue]);
    int more = has_more(request->ies);
    u64 told = 0;
    for (u32 s = vepc->ue[ue].first_session; s != NO_SLOT; s = vepc->session[s - 1].next) {
        const struct session *session = &vepc->session[s - 1];
        int wants = session->relocated ? is_named(vepc, modified, s - 1)
                                       : news || (more && is_about(vepc, modified, s - 1));
        if (session->peer.teid != 0 && wants)
            told += (u64)tell(request, s - 1, modified, told == 0);
    }
    return refuse(told ? CAUSE_LATER : CAUSE_ACCEPTED, 0, 0);
}

/* --- the answer ---------------------------------------------------------------------- */

/* What the P-GW says of a bearer, if it says that it refuses it; or else accepted. */
static u8 verdict(struct ie ies, u8 ebi)
{
    struct named_ie ie;
    struct ie named;
    while (ies_next(&ies, &ie)) {
        if (ie.type != IE_BEARER_CONTEXT || !ies_well_formed(ie.value) ||
            !ies_find(ie.value, IE_EBI, 0, &named) || ie_read_ebi(named) != ebi)
            continue;
        u8 cause = relay_cause(ie.value);
        return cause >= CAUSE_CONTEXT_NOT_FOUND && cause != CAUSE_INVALID_REPLY ? cause
                                                                                : CAUSE_ACCEPTED;
    }
    return CAUSE_ACCEPTED;
}

/* A bearer that the MME's request named, as it is now. */
struct named_bearer {
    u64 slot; /* or CONTEXTS_NONE */
    u8 ebi;   /* 0 for one that ended meanwhile */
    u8 cause;
};

static void look_at(const struct vepc *vepc, const struct transaction *transaction, u64 i,
                    struct ie answer, struct named_bearer *named)
{
    u32 teid = transaction->bearers[i];
    named->slot = contexts_find(&vepc->bearers, teid);
    named->ebi = CONTEXT_NUMBER(teid) ? 0 : (u8)(teid >> 24);
    named->cause = CAUSE_CONTEXT_NOT_FOUND;
    if (named->slot == CONTEXTS_NONE)
        return;
    const struct bearer *bearer = &vepc->bearer[named->slot];
    int theirs = vepc->sessions.teid[bearer->session] == transaction->s5c_teid;
    named->ebi = bearer->ebi;
    named->cause = theirs ? verdict(answer, bearer->ebi) : CAUSE_ACCEPTED;
}

static void write_named(const struct vepc *vepc, struct ie_writer *w,
                        const struct named_bearer *named)
{
    int removed =
        named->slot != CONTEXTS_NONE && !address_is_set(&vepc->downlink[named->slot].address);
    u64 context = ie_begin(w, IE_BEARER_CONTEXT, removed ? INSTANCE_REMOVED : INSTANCE_MODIFIED);
    ie_write_u8(w, IE_EBI, named->ebi);
    ie_write_cause(w, refuse(named->cause, 0, 0));
    if (named->slot != CONTEXTS_NONE && !removed)
        ie_write_f_teid(w, 0, S1U_SGW, vepc->bearers.teid[named->slot], &vepc->config.s1u);
    ie_end(w, context);
}

/* The Cause, and the bearers that the MME's request named. Returns the Cause. */
static u8 write_modified(const struct vepc *vepc, struct ie_writer *w,
                         const struct transaction *transaction, struct ie answer)
{
    struct named_bearer named[EBI_COUNT];
    u8 cause = CAUSE_ACCEPTED;
    for (u64 i = 0; i < transaction->bearers_count; i++) {
        look_at(vepc, transaction, i, answer, &named[i]);
        if (named[i].ebi && named[i].cause != CAUSE_ACCEPTED)
            cause = CAUSE_ACCEPTED_PARTIALLY;
    }
    ie_write_cause(w, refuse(cause, 0, 0));
    for (u64 i = 0; i < transaction->bearers_count; i++)
        if (named[i].ebi)
            write_named(vepc, w, &named[i]);
    return cause;
}

/* What of a P-GW's answer is for the S-GW alone (table 7.2.8-1), or said by us already. */
static int is_for_sgw(u8 type)
{
    return type == IE_CAUSE || type == IE_MSISDN || type == IE_EBI || type == IE_CHARGING_ID ||
           type == IE_FQDN || type == IE_IP_ADDRESS;
}

/* Change Reporting Action, Protocol Configuration Options and the like. */
static void write_told(struct ie_writer *w, struct ie ies)
{
    struct named_ie ie;
    while (relay_next(&ies, &ie))
        if (!is_for_sgw(ie.type))
            copy_if_it_fits(w, &ie, GTPC_RESPONSE_MAX);
}

/* The P-GW of a moved session says its bearers' Charging IDs (table 7.2.8-2). */
static void learn_charging_ids(struct vepc *vepc, u64 session, struct ie ies)
{
    struct ie context;
    struct ie ie;
    for (u64 n = 0;
         n < EBI_COUNT && ies_find_nth(ies, IE_BEARER_CONTEXT, INSTANCE_MODIFIED, n, &context);
         n++) {
        if (!ies_well_formed(context) || !ies_find(context, IE_EBI, 0, &ie))
            continue;
        u64 bearer = sgw_find_bearer(vepc, session, ie);
        if (bearer != CONTEXTS_NONE)
            sgw_learn_charging_id(vepc, bearer, context);
    }
}

void sgw_pgws_told(struct request *answer, const struct transaction *transaction)
{
    struct vepc *vepc = answer->turn->vepc;
    u64 session = contexts_find(&vepc->sessions, transaction->s5c_teid);
    u32 mme = relay_mme_teid(vepc, transaction);
    struct response response;
    if (!relay_accepted(relay_cause(answer->ies)) || session == CONTEXTS_NONE) {
        relay_back(answer, transaction, mme);
        return;
    }
    u32 ue = vepc->session[session].ue;
    u8 cause = CAUSE_ACCEPTED;
    vepc->session[session].relocated = 0;
    learn_charging_ids(vepc, session, answer->ies);
    ue_learn_msisdn(answer->ies, &vepc->ue[ue]);
    ue_touch(vepc, ue);
    if (!relay_has_origin(transaction))
        return;
    gtpc_begin_response(&response);
    response.teid = mme;
    if (transaction->origin.message_type == GTPC_CREATE_SESSION_REQUEST)
        sgw_write_moved(vepc, &response.ies, session);
    else
        cause = write_modified(vepc, &response.ies, transaction, answer->ies);
    write_told(&response.ies, answer->ies);
    gtpc_answer_origin(answer->turn, transaction, &response, refuse(cause, 0, 0));
}
