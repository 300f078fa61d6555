/* Create, Update and Delete Bearer Requests at an S-GW alone (TS 29.274, 7.2.3, 7.2.4, 7.2.9.2,
 * 7.2.10.2, 7.2.15, 7.2.16): from the P-GW to the MME, and the answers back. */
#include "qos.h"
#include "sessions.h"
#include "sgw.h"

/* Instances of F-TEIDs in a Create Bearer Request's bearer context, and in the answer's (tables
 * 7.2.3-2 and 7.2.4-2). */
#define REQUEST_S1U_SGW 0
#define REQUEST_S5U_PGW 1
#define ANSWER_S1U_ENODEB 0
#define ANSWER_S1U_SGW 1
#define ANSWER_S5U_SGW 2
#define ANSWER_S5U_PGW 3

/* Instances of the EBI IE in a Delete Bearer Request (table 7.2.9.2-1); of the other requests the
 * first alone. */
#define INSTANCE_LINKED 0
#define INSTANCE_DEDICATED 1

/* Sends a request on to the MME. One that a command of the MME triggered has the command's
 * sequence number on both sides (7.6), and ends the wait for it; the command may come again,
 * though, and is known then. */
static void post(struct request *request, struct draft *draft)
{
    struct vepc *vepc = request->turn->vepc;
    u64 ue = contexts_find(&vepc->ues, draft->transaction->s11_teid);
    struct transaction *command = transactions_find(vepc, &request->route.peer, request->sequence);
    if (!command || !relay_is_command(transaction_type(command))) {
        transactions_post(vepc, draft, request->type, vepc->ue[ue].mme.teid);
        return;
    }
    u32 sequence = command->origin.sequence;
    gtpc_close_origin(request->turn, command);
    transactions_end(vepc, command);
    if (transactions_find(vepc, &draft->transaction->peer, sequence))
        transactions_post(vepc, draft, request->type, vepc->ue[ue].mme.teid);
    else
        transactions_post_as(vepc, draft, request->type, vepc->ue[ue].mme.teid, sequence);
}

/* Whether a Linked EPS Bearer ID is that of the session that the message's TEID names. */
static int is_linked(const struct vepc *vepc, u64 session, struct ie ie)
{
    return ie_read_ebi(ie) == vepc->session[session].lbi;
}

/* --- Create Bearer ------------------------------------------------------------------- */

struct created {
    struct ie context;
    struct vepc_qos qos;
    struct vepc_tunnel pgw;
};

static struct refusal read_created(const struct vepc *vepc, struct ie context,
                                   struct created *created)
{
    struct ie ie;
    created->context = context;
    if (!ies_well_formed(context))
        return refuse(CAUSE_INVALID_LENGTH, IE_BEARER_CONTEXT, 0);
    if (!ies_find(context, IE_EBI, 0, &ie))
        return refuse(CAUSE_MANDATORY_IE_MISSING, IE_EBI, 0);
    if (!ies_find(context, IE_BEARER_TFT, 0, &ie))
        return refuse(CAUSE_MANDATORY_IE_MISSING, IE_BEARER_TFT, 0);
    if (!ies_find(context, IE_BEARER_QOS, 0, &ie))
        return refuse(CAUSE_MANDATORY_IE_MISSING, IE_BEARER_QOS, 0);
    if (!ie_read_qos(ie, &created->qos))
        return refuse(CAUSE_INVALID_LENGTH, IE_BEARER_QOS, 0);
    if (!ies_find_f_teid(context, S5U_PGW, REQUEST_S5U_PGW, &ie))
        return refuse(CAUSE_CONDITIONAL_IE_MISSING, IE_F_TEID, REQUEST_S5U_PGW);
    if (!ie_read_f_teid(ie, S5U_PGW, &vepc->config.s5, &created->pgw))
        return refuse(CAUSE_MANDATORY_IE_INCORRECT, IE_F_TEID, REQUEST_S5U_PGW);
    return refuse(CAUSE_ACCEPTED, 0, 0);
}

static u8 free_place(const struct ue *ue)
{
    for (u8 place = EBI_PLACE_FIRST; place < EBI_FIRST; place++)
        if (ue->bearer[place] == NO_SLOT)
            return place;
    return 0;
}

static u64 free_places(const struct ue *ue)
{
    u64 free = 0;
    for (u8 place = EBI_PLACE_FIRST; place < EBI_FIRST; place++)
        free += ue->bearer[place] == NO_SLOT;
    return free;
}

static u64 make_provisional(struct vepc *vepc, u64 session, const struct created *created)
{
    u8 place = free_place(&vepc->ue[vepc->session[session].ue]);
    u64 slot = bearer_make(vepc, session, place, &created->qos);
    sgw_learn_charging_id(vepc, slot, created->context);
    bearer_set_pgw(vepc, slot, &created->pgw);
    return slot;
}

static struct refusal create(struct request *request, u64 session)
{
    struct vepc *vepc = request->turn->vepc;
    const struct ue *ue = &vepc->ue[vepc->session[session].ue];
    struct created created[EBI_FIRST - EBI_PLACE_FIRST];
    struct draft draft;
    struct ie ie;
    u64 count = 0;
    if (!ies_find(request->ies, IE_EBI, INSTANCE_LINKED, &ie))
        return refuse(CAUSE_MANDATORY_IE_MISSING, IE_EBI, INSTANCE_LINKED);
    if (!is_linked(vepc, session, ie))
        return refuse(CAUSE_CONTEXT_NOT_FOUND, IE_EBI, INSTANCE_LINKED);
    for (; ies_find_nth(request->ies, IE_BEARER_CONTEXT, 0, count, &ie); count++) {
        if (count == free_places(ue) || count == vepc->bearers.free.free)
            return refuse(CAUSE_NO_RESOURCES, 0, 0);
        struct refusal refusal = read_created(vepc, ie, &created[count]);
        if (refusal.cause != CAUSE_ACCEPTED)
            return refusal;
    }
    if (count == 0)
        return refuse(CAUSE_MANDATORY_IE_MISSING, IE_BEARER_CONTEXT, 0);
    if (!relay_fits(request->ies) || !relay_begin_to_mme(vepc, session, request, &draft))
        return refuse(CAUSE_NO_RESOURCES, 0, 0);
    relay_copy(&draft.ies, request->ies);
    for (u64 i = 0; i < count; i++) {
        u64 slot = make_provisional(vepc, session, &created[i]);
        draft.transaction->bearers[draft.transaction->bearers_count++] = vepc->bearers.teid[slot];
        u64 start = relay_begin_context(&draft.ies, created[i].context, 0);
        ie_write_f_teid(&draft.ies, REQUEST_S1U_SGW, S1U_SGW, vepc->bearers.teid[slot],
                        &vepc->config.s1u);
        ie_write_tunnel(&draft.ies, REQUEST_S5U_PGW, S5U_PGW, &created[i].pgw);
        ie_end(&draft.ies, start);
    }
    post(request, &draft);
    ue_touch(vepc, vepc->session[session].ue);
    return refuse(CAUSE_LATER, 0, 0);
}

/* The provisional bearer that a context of the MME's answer is about: the one whose tunnel of
 * ours it repeats; else the one in its place. */
static u64 find_provisional(const struct vepc *vepc, const struct transaction *transaction,
                            struct ie context, u64 place)
{
    struct ie ie;
    u32 teid = place < transaction->bearers_count ? transaction->bearers[place] : 0;
    if (ies_find(context, IE_F_TEID, ANSWER_S1U_SGW, &ie) && ie.length >= 5)
        for (u64 i = 0; i < transaction->bearers_count; i++)
            if (transaction->bearers[i] == pv_load_be32(ie.value + 1))
                teid = transaction->bearers[i];
    u64 slot = contexts_find(&vepc->bearers, teid);
    return slot != CONTEXTS_NONE && vepc->bearer[slot].ebi < EBI_FIRST ? slot : CONTEXTS_NONE;
}

/* Makes a provisional bearer a real one. Returns 0 when the answer does not allow that. */
static int establish(struct vepc *vepc, u64 slot, struct ie context)
{
    const struct ue *ue = &vepc->ue[vepc->session[vepc->bearer[slot].session].ue];
    struct vepc_tunnel enb;
    struct ie ie;
    u8 ebi = ies_find(context, IE_EBI, 0, &ie) ? ie_read_ebi(ie) : 0;
    if (ebi == 0 || ue->bearer[ebi] != NO_SLOT || !relay_accepted(relay_cause(context)))
        return 0;
    bearer_set_ebi(vepc, slot, ebi);
    if (!ies_find(context, IE_F_TEID, ANSWER_S1U_ENODEB, &ie) ||
        !ie_read_f_teid(ie, S1U_ENODEB, &vepc->config.s1u, &enb))
        return 1;
    bearer_set_enb(vepc, slot, &enb, 1);
    return 1;
}

static void end_provisional(struct vepc *vepc, const struct transaction *transaction)
{
    for (u64 i = 0; i < transaction->bearers_count; i++) {
        u64 slot = contexts_find(&vepc->bearers, transaction->bearers[i]);
        if (slot == CONTEXTS_NONE || vepc->bearer[slot].ebi >= EBI_FIRST)
            continue;
        ue_touch(vepc, vepc->session[vepc->bearer[slot].session].ue);
        bearer_delete(vepc, slot);
    }
}

/* A bearer that the MME accepted in words that make no bearer here, as with an identity that
 * another one has: the P-GW is told that there is none, and so no identity. */
static void refuse_created(struct ie_writer *w)
{
    u64 start = ie_begin(w, IE_BEARER_CONTEXT, 0);
    ie_write_u8(w, IE_EBI, 0);
    ie_write_cause(w, refuse(CAUSE_INVALID_REPLY, 0, 0));
    ie_end(w, start);
}

/* One bearer context of the MME's answer, carried out and passed back. */
static void pass_created(struct vepc *vepc, struct ie_writer *w,
                         const struct transaction *transaction, struct ie context, u64 place,
                         int accepted)
{
    u64 slot = find_provisional(vepc, transaction, context, place);
    int established = accepted && slot != CONTEXTS_NONE && establish(vepc, slot, context);
    if (accepted && !established && relay_accepted(relay_cause(context))) {
        refuse_created(w);
        return;
    }
    u64 start = relay_begin_context(w, context, 0);
    if (established) {
        ue_touch(vepc, vepc->session[vepc->bearer[slot].session].ue);
        sgw_write_s5_f_teid(vepc, w, ANSWER_S5U_SGW, slot);
        ie_write_tunnel(w, ANSWER_S5U_PGW, S5U_PGW, &vepc->bearer[slot].pgw);
    }
    ie_end(w, start);
}

void sgw_bearers_created(struct turn *turn, const struct transaction *transaction,
                         const struct request *answer)
{
    struct vepc *vepc = turn->vepc;
    struct response response;
    struct ie context;
    u32 pgw = relay_pgw_teid(vepc, transaction);
    if (!answer || !relay_fits(answer->ies)) {
        end_provisional(vepc, transaction);
        relay_refuse(turn, transaction, pgw, answer ? CAUSE_INVALID_REPLY : CAUSE_NOT_RESPONDING);
        return;
    }
    u8 cause = relay_cause(answer->ies);
    gtpc_begin_response(&response);
    response.teid = pgw;
    relay_copy(&response.ies, answer->ies);
    for (u64 n = 0; n < transaction->bearers_count &&
                    ies_find_nth(answer->ies, IE_BEARER_CONTEXT, 0, n, &context);
         n++)
        if (ies_well_formed(context))
            pass_created(vepc, &response.ies, transaction, context, n, relay_accepted(cause));
    end_provisional(vepc, transaction);
    gtpc_answer_origin(turn, transaction, &response, refuse(cause, 0, 0));
}

/* --- Update Bearer, Delete Bearer ---------------------------------------------------- */

/* The EBI that one IE of a request names to change or end that bearer. Returns 0 when it names
 * none. */
static int names_bearer(const struct named_ie *ie, struct ie *ebi)
{
    if (ie->type == IE_BEARER_CONTEXT && ie->instance == 0)
        return ies_find(ie->value, IE_EBI, 0, ebi);
    *ebi = ie->value;
    return ie->type == IE_EBI && ie->instance == INSTANCE_DEDICATED;
}

/* Whether it names a bearer of another PDN connection of the UE, which is no business of this
 * P-GW, though the MME would obey: identities are the UE's. */
static int names_foreign(const struct vepc *vepc, u64 session, const struct named_ie *ie)
{
    struct ie ebi;
    return names_bearer(ie, &ebi) && ie_read_ebi(ebi) &&
           sgw_find_bearer(vepc, session, ebi) == CONTEXTS_NONE &&
           ue_find_bearer(&vepc->ue[vepc->session[session].ue], ie_read_ebi(ebi)) != CONTEXTS_NONE;
}

/* Whether any of the bearers that a request names is there, or why it names none. */
static struct refusal check_bearers(const struct request *request, u64 session)
{
    const struct vepc *vepc = request->turn->vepc;
    int update = request->type == GTPC_UPDATE_BEARER_REQUEST;
    u8 type = update ? IE_BEARER_CONTEXT : IE_EBI;
    u64 named = 0;
    u64 found = 0;
    struct ie rest = request->ies;
    struct named_ie ie;
    struct ie ebi;
    if (!update && ies_find(rest, IE_EBI, INSTANCE_LINKED, &ebi))
        return refuse(is_linked(vepc, session, ebi) ? CAUSE_ACCEPTED : CAUSE_CONTEXT_NOT_FOUND,
                      IE_EBI, INSTANCE_LINKED);
    while (ies_next(&rest, &ie)) {
        if (ie.type != type || ie.instance != (update ? 0 : INSTANCE_DEDICATED))
            continue;
        if (update && !ies_well_formed(ie.value))
            return refuse(CAUSE_INVALID_LENGTH, IE_BEARER_CONTEXT, 0);
        if (!names_bearer(&ie, &ebi))
            return refuse(CAUSE_MANDATORY_IE_MISSING, IE_EBI, 0);
        named++;
        found += sgw_find_bearer(vepc, session, ebi) != CONTEXTS_NONE;
    }
    if (named == 0)
        return update ? refuse(CAUSE_MANDATORY_IE_MISSING, IE_BEARER_CONTEXT, 0)
                      : refuse(CAUSE_CONDITIONAL_IE_MISSING, IE_EBI, INSTANCE_LINKED);
    return refuse(found ? CAUSE_ACCEPTED : CAUSE_CONTEXT_NOT_FOUND, 0, 0);
}

/* What a request says of bearers that we do not have the MME answers for, beside the others. */
static struct refusal pass_on(struct request *request, u64 session)
{
    struct vepc *vepc = request->turn->vepc;
    struct draft draft;
    struct named_ie ie;
    struct ie ies = request->ies;
    struct refusal refusal = check_bearers(request, session);
    if (refusal.cause != CAUSE_ACCEPTED)
        return refusal;
    if (!relay_fits(ies) || !relay_begin_to_mme(vepc, session, request, &draft))
        return refuse(CAUSE_NO_RESOURCES, 0, 0);
    while (relay_next(&ies, &ie))
        if (!names_foreign(vepc, session, &ie))
            relay_copy_ie(&draft.ies, &ie);
    ies = request->ies;
    while (ies_next(&ies, &ie))
        if (ie.type == IE_BEARER_CONTEXT && ies_well_formed(ie.value) &&
            !names_foreign(vepc, session, &ie))
            ie_end(&draft.ies, relay_begin_context(&draft.ies, ie.value, ie.instance));
    post(request, &draft);
    return refuse(CAUSE_LATER, 0, 0);
}

/* Whether the MME accepted what was asked for one bearer. */
static int is_accepted(struct ie ies, u8 ebi)
{
    struct ie context;
    struct ie ie;
    for (u64 n = 0; n < EBI_COUNT && ies_find_nth(ies, IE_BEARER_CONTEXT, 0, n, &context); n++)
        if (ies_well_formed(context) && ies_find(context, IE_EBI, 0, &ie) && ie_read_ebi(ie) == ebi)
            return relay_accepted(relay_cause(context));
    return 0;
}

void sgw_bearers_updated(struct request *answer, const struct transaction *transaction)
{
    struct vepc *vepc = answer->turn->vepc;
    struct ie asked = transaction_ies(transaction);
    u64 session = contexts_find(&vepc->sessions, transaction->s5c_teid);
    struct vepc_qos qos;
    struct ie context;
    struct ie ie;
    if (session != CONTEXTS_NONE && relay_accepted(relay_cause(answer->ies))) {
        for (u64 n = 0; n < EBI_COUNT && ies_find_nth(asked, IE_BEARER_CONTEXT, 0, n, &context);
             n++) {
            u64 bearer = ies_well_formed(context) && ies_find(context, IE_EBI, 0, &ie)
                             ? sgw_find_bearer(vepc, session, ie)
                             : CONTEXTS_NONE;
            if (bearer != CONTEXTS_NONE && is_accepted(answer->ies, vepc->bearer[bearer].ebi) &&
                ies_find(context, IE_BEARER_QOS, 0, &ie) && ie_read_qos(ie, &qos))
                bearer_set_qos(vepc, bearer, &qos);
        }
        if (ies_find(asked, IE_AMBR, 0, &ie) && ie.length >= 8)
            session_set_ambr(vepc, session, pv_load_be32(ie.value), pv_load_be32(ie.value + 4));
        ue_touch(vepc, vepc->session[session].ue);
    }
    relay_back(answer, transaction, relay_pgw_teid(vepc, transaction));
}

/* Deletes what the request named, and says so in an answer of ours. */
static void delete_named(struct vepc *vepc, u64 session, struct ie asked, struct ie_writer *w)
{
    struct ie ie;
    if (ies_find(asked, IE_EBI, INSTANCE_LINKED, &ie)) {
        ie_write_u8(w, IE_EBI, vepc->session[session].lbi);
        session_end(vepc, session);
        return;
    }
    for (u64 n = 0; n < EBI_COUNT && ies_find_nth(asked, IE_EBI, INSTANCE_DEDICATED, n, &ie); n++) {
        u64 bearer = sgw_find_bearer(vepc, session, ie);
        u64 context = ie_begin(w, IE_BEARER_CONTEXT, 0);
        ie_write_u8(w, IE_EBI, ie.length ? ie.value[0] & 15 : 0);
        ie_write_cause(w, refuse(CAUSE_ACCEPTED, 0, 0));
        ie_end(w, context);
        if (bearer != CONTEXTS_NONE && !bearer_is_default(vepc, bearer)) {
            ue_touch(vepc, vepc->session[session].ue);
            bearer_delete(vepc, bearer);
        }
    }
}

void sgw_bearers_deleted(struct turn *turn, const struct transaction *transaction,
                         const struct request *answer)
{
    struct vepc *vepc = turn->vepc;
    u64 session = contexts_find(&vepc->sessions, transaction->s5c_teid);
    u32 pgw = relay_pgw_teid(vepc, transaction);
    struct response response;
    gtpc_begin_response(&response);
    response.teid = pgw;
    ie_write_cause(&response.ies, refuse(CAUSE_ACCEPTED, 0, 0));
    /* What the P-GW has given up ends, whatever the MME says, or does not say. */
    if (session != CONTEXTS_NONE)
        delete_named(vepc, session, transaction_ies(transaction), &response.ies);
    if (!relay_has_origin(transaction))
        return;
    if (answer && relay_accepted(relay_cause(answer->ies))) {
        struct request back = *answer;
        relay_back(&back, transaction, pgw);
        return;
    }
    gtpc_answer_origin(turn, transaction, &response, refuse(CAUSE_ACCEPTED, 0, 0));
}

void sgw_pgw_lost(struct vepc *vepc, const struct vepc_tunnel *pgw)
{
    u64 bearer = sessions_find_pgw(vepc, pgw);
    struct draft draft;
    if (bearer == CONTEXTS_NONE || vepc->bearer[bearer].ebi < EBI_FIRST ||
        vepc->bearer[bearer].deleting ||
        !relay_begin_to_mme(vepc, vepc->bearer[bearer].session, 0, &draft))
        return;
    const struct ue *ue = &vepc->ue[vepc->session[vepc->bearer[bearer].session].ue];
    u8 instance = bearer_is_default(vepc, bearer) ? INSTANCE_LINKED : INSTANCE_DEDICATED;
    draft.transaction->bearers[0] = vepc->bearers.teid[bearer];
    draft.transaction->bearers_count = 1;
    u64 ie = ie_begin(&draft.ies, IE_EBI, instance);
    ie_put_u8(&draft.ies, vepc->bearer[bearer].ebi);
    ie_end(&draft.ies, ie);
    transactions_post(vepc, &draft, GTPC_DELETE_BEARER_REQUEST, ue->mme.teid);
}

struct refusal sgw_bearer_request(struct request *request, struct response *response)
{
    struct vepc *vepc = request->turn->vepc;
    u64 session = contexts_find(&vepc->sessions, request->teid);
    if (session == CONTEXTS_NONE)
        return refuse(CAUSE_CONTEXT_NOT_FOUND, 0, 0);
    response->teid = vepc->session[session].peer.teid;
    if (!ies_well_formed(request->ies))
        return refuse(CAUSE_INVALID_LENGTH, 0, 0);
    if (request->type == GTPC_CREATE_BEARER_REQUEST)
        return create(request, session);
    return pass_on(request, session);
}
