/* An S-GW alone: what becomes of the answers to messages that it passed on, and the procedures
 * that it only passes on: see sgw.h. */
#include "sgw.h"

#include "bearer_commands.h"
#include "charging.h"
#include "sessions.h"

void sgw_write_s5_f_teid(const struct vepc *vepc, struct ie_writer *w, u8 instance, u64 bearer)
{
    ie_write_f_teid(w, instance, S5U_SGW, vepc->bearers.teid[bearer] ^ SGW_S5_TEID,
                    &vepc->config.s5);
}

u64 sgw_find_bearer(const struct vepc *vepc, u64 session, struct ie ie)
{
    u8 ebi = ie_read_ebi(ie);
    u64 bearer = ebi ? ue_find_bearer(&vepc->ue[vepc->session[session].ue], ebi) : CONTEXTS_NONE;
    return bearer != CONTEXTS_NONE && vepc->bearer[bearer].session == session ? bearer
                                                                              : CONTEXTS_NONE;
}

void sgw_learn_charging_id(struct vepc *vepc, u64 bearer, struct ie context)
{
    struct ie ie;
    if (vepc->bearer[bearer].charging_id == 0 && ies_find(context, IE_CHARGING_ID, 0, &ie) &&
        ie.length >= 4)
        vepc->bearer[bearer].charging_id = pv_load_be32(ie.value);
}

int sgw_is_passing(const struct vepc *vepc, const struct transaction *transaction)
{
    u8 type = transaction_type(transaction);
    return is_sgw(vepc) &&
           (transaction->interface == VEPC_TRANSACTION_INTERFACE_S5 ||
            type == GTPC_CREATE_BEARER_REQUEST || type == GTPC_UPDATE_BEARER_REQUEST ||
            type == GTPC_DELETE_BEARER_REQUEST);
}

void sgw_answered(struct request *answer, struct transaction *transaction)
{
    switch (transaction_type(transaction)) {
    case GTPC_CREATE_SESSION_REQUEST:
        sgw_session_created(answer, transaction);
        break;
    case GTPC_MODIFY_BEARER_REQUEST:
        sgw_pgws_told(answer, transaction);
        break;
    case GTPC_DELETE_SESSION_REQUEST:
        sgw_session_deleted(answer->turn, transaction, answer);
        break;
    case GTPC_CREATE_BEARER_REQUEST:
        sgw_bearers_created(answer->turn, transaction, answer);
        break;
    case GTPC_UPDATE_BEARER_REQUEST:
        sgw_bearers_updated(answer, transaction);
        break;
    case GTPC_DELETE_BEARER_REQUEST:
        sgw_bearers_deleted(answer->turn, transaction, answer);
        break;
    default:
        relay_back(answer, transaction, relay_mme_teid(answer->turn->vepc, transaction));
        break;
    }
}

/* The P-GW neither obeyed a command nor refused it, as far as we know: the MME, which waits for
 * one or the other, is told. */
static void fail_command(struct turn *turn, const struct transaction *transaction, u32 mme)
{
    struct request command = {
        .turn = turn, .ies = transaction_ies(transaction), .type = transaction_type(transaction)};
    struct refusal refusal = refuse(CAUSE_NOT_RESPONDING, 0, 0);
    struct response response;
    if (!relay_has_origin(transaction)) /* one that was imported so */
        return;
    gtpc_begin_response(&response);
    response.teid = mme;
    gtpc_write_command_failure(&command, &response.ies, refusal);
    gtpc_answer_origin(turn, transaction, &response, refusal);
}

void sgw_unanswered(struct turn *turn, struct transaction *transaction)
{
    struct vepc *vepc = turn->vepc;
    u32 mme = relay_mme_teid(vepc, transaction);
    u64 session = contexts_find(&vepc->sessions, transaction->s5c_teid);
    switch (transaction_type(transaction)) {
    case GTPC_CREATE_SESSION_REQUEST:
        relay_refuse(turn, transaction, mme, CAUSE_NOT_RESPONDING);
        if (session != CONTEXTS_NONE)
            session_end(vepc, session);
        break;
    case GTPC_DELETE_SESSION_REQUEST:
        sgw_session_deleted(turn, transaction, 0);
        break;
    case GTPC_CREATE_BEARER_REQUEST:
        sgw_bearers_created(turn, transaction, 0);
        break;
    case GTPC_UPDATE_BEARER_REQUEST:
        relay_refuse(turn, transaction, relay_pgw_teid(vepc, transaction), CAUSE_NOT_RESPONDING);
        break;
    case GTPC_DELETE_BEARER_REQUEST:
        sgw_bearers_deleted(turn, transaction, 0);
        break;
    case GTPC_MODIFY_BEARER_COMMAND:
    case GTPC_DELETE_BEARER_COMMAND:
    case GTPC_BEARER_RESOURCE_COMMAND:
        fail_command(turn, transaction, mme);
        break;
    default:
        relay_refuse(turn, transaction, mme, CAUSE_NOT_RESPONDING);
        break;
    }
}

/* --- Delete Session ------------------------------------------------------------------ */

struct refusal sgw_delete_session(struct request *request, struct response *response, u64 session)
{
    struct vepc *vepc = request->turn->vepc;
    if (ies_indicated(request->ies, INDICATION_OPERATION) && vepc->session[session].peer.teid) {
        struct refusal refusal = relay_to_pgw(request, session);
        if (refusal.cause == CAUSE_LATER)
            return refusal;
    } else {
        charging_end_session(vepc, session, CHARGING_SGW_CHANGE);
    }
    session_end(vepc, session);
    ie_write_cause(&response->ies, refuse(CAUSE_ACCEPTED, 0, 0));
    return refuse(CAUSE_ACCEPTED, 0, 0);
}

/* The session ends here, whatever the P-GW says of it, or does not say; what it adds to an
 * acceptance is passed back. `answer` is 0 without one. */
void sgw_session_deleted(struct turn *turn, const struct transaction *transaction,
                         const struct request *answer)
{
    struct vepc *vepc = turn->vepc;
    u64 session = contexts_find(&vepc->sessions, transaction->s5c_teid);
    u32 mme = relay_mme_teid(vepc, transaction);
    if (relay_has_origin(transaction) && session != CONTEXTS_NONE)
        session_end(vepc, session);
    if (answer && relay_accepted(relay_cause(answer->ies))) {
        struct request back = *answer;
        relay_back(&back, transaction, mme);
        return;
    }
    relay_refuse(turn, transaction, mme, CAUSE_ACCEPTED);
}

/* --- commands ------------------------------------------------------------------------ */

/* The bearer that a command is about: its Linked EPS Bearer ID's, or its first context's. */
static u64 find_bearer(const struct request *command, u64 ue)
{
    struct ie ies = command->ies;
    struct ie context;
    struct ie ie;
    if (ies_find(ies, IE_BEARER_CONTEXT, 0, &context) && ies_well_formed(context))
        ies = context;
    u8 ebi = ies_find(ies, IE_EBI, 0, &ie) ? ie_read_ebi(ie) : 0;
    return ebi ? ue_find_bearer(&command->turn->vepc->ue[ue], ebi) : CONTEXTS_NONE;
}

struct refusal sgw_command(struct request *command, struct response *response)
{
    struct vepc *vepc = command->turn->vepc;
    u64 ue = gtpc_find_ue(command, response);
    u64 bearer = ue == CONTEXTS_NONE ? CONTEXTS_NONE : find_bearer(command, ue);
    if (bearer == CONTEXTS_NONE || vepc->session[vepc->bearer[bearer].session].peer.teid == 0)
        return refuse(CAUSE_CONTEXT_NOT_FOUND, 0, 0);
    return relay_to_pgw(command, vepc->bearer[bearer].session);
}
