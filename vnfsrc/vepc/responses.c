/* Answers to requests of ours: see responses.h. */
#include "responses.h"

#include "bearer_request.h"
#include "notification.h"
#include "sgw.h"

void responses_take(struct request *answer, struct transaction *transaction)
{
    if (sgw_is_passing(answer->turn->vepc, transaction)) {
        sgw_answered(answer, transaction);
        return;
    }
    if (is_bearer_request(transaction) && bearer_request_postpone(answer, transaction))
        return;
    switch (transaction_type(transaction)) {
    case GTPC_CREATE_BEARER_REQUEST:
        bearer_create_answered(answer, transaction);
        break;
    case GTPC_UPDATE_BEARER_REQUEST:
        bearer_update_answered(answer, transaction);
        break;
    case GTPC_DELETE_BEARER_REQUEST:
        bearers_delete_answered(answer, transaction);
        break;
    case GTPC_DOWNLINK_DATA_NOTIFICATION:
        notification_answered(answer, transaction);
        break;
    default:
        break; /* its arrival is all that mattered */
    }
}

void responses_none(struct turn *turn, struct transaction *transaction)
{
    if (sgw_is_passing(turn->vepc, transaction)) {
        sgw_unanswered(turn, transaction);
        return;
    }
    switch (transaction_type(transaction)) {
    case GTPC_CREATE_BEARER_REQUEST:
        bearer_create_unanswered(turn->vepc, transaction);
        break;
    case GTPC_DELETE_BEARER_REQUEST:
        bearers_delete_unanswered(turn->vepc, transaction);
        break;
    case GTPC_DOWNLINK_DATA_NOTIFICATION:
        notification_unanswered(turn->vepc, transaction);
        break;
    default:
        break;
    }
}
