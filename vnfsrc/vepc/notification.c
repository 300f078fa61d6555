/* Downlink Data Notification: see notification.h. */
#include "notification.h"

#include "packets.h"
#include "paging.h"
#include "paths.h"
#include "transactions.h"

#define DELAY_UNIT_MS 50

/* Priority levels from here on are for services of the home network only (TS 23.203,
 * 6.1.7.3): these are the low-priority bearers that may be throttled. */
#define LOW_PRIORITY_FIRST 9

int notification_post(struct vepc *vepc, u64 ue_slot, u64 bearer_slot, u8 cause)
{
    const struct ue *ue = &vepc->ue[ue_slot];
    const struct bearer *bearer = &vepc->bearer[bearer_slot];
    struct draft draft;
    if (!transactions_begin(vepc, &ue->mme.address, VEPC_TRANSACTION_INTERFACE_S11, &draft))
        return 0;
    draft.transaction->s11_teid = vepc->ues.teid[ue_slot];
    if (cause)
        ie_write_cause(&draft.ies, refuse(cause, 0, 0));
    ie_write_u8(&draft.ies, IE_EBI, bearer->ebi);
    ie_write_u8(&draft.ies, IE_ARP, bearer->qos.arp);
    transactions_post(vepc, &draft, GTPC_DOWNLINK_DATA_NOTIFICATION, ue->mme.teid);
    return 1;
}

u64 notification_delay_ms(const struct vepc *vepc, u64 ue_slot)
{
    const struct path *path =
        paths_find(vepc, &vepc->ue[ue_slot].mme.address, VEPC_PATH_PLANE_GTP_C);
    return path ? path->notification_delay_ms : 0;
}

/* Chosen by bearer and time, not by a count, which would have to move: the share is right
 * on average, and no UE is unreachable for long. */
int notification_withheld(const struct vepc *vepc, u64 ue_slot, u64 bearer_slot)
{
    const struct path *path =
        paths_find(vepc, &vepc->ue[ue_slot].mme.address, VEPC_PATH_PLANE_GTP_C);
    if (!path || path->throttled_until_ns <= vepc->now_ns ||
        bearer_priority(&vepc->bearer[bearer_slot]) < LOW_PRIORITY_FIRST)
        return 0;
    u64 chance = index_hash((uptime_ms(vepc) >> 10) << 32 | vepc->bearers.teid[bearer_slot]);
    return chance % 100 < path->throttling_percent;
}

void notification_learn_delay(struct vepc *vepc, const struct pv_address *mme, struct ie ies)
{
    struct path *path = paths_find(vepc, mme, VEPC_PATH_PLANE_GTP_C);
    struct ie ie;
    if (!path)
        return;
    path->notification_delay_ms = 0;
    if (ies_find(ies, IE_DELAY_VALUE, 0, &ie) && ie.length >= 1)
        path->notification_delay_ms = (u32)ie.value[0] * DELAY_UNIT_MS;
}

/* A time in seconds by unit and value (TS 29.274, 8.85); 0 for a timer that is off. */
static u64 throttling_seconds(u8 octet)
{
    u64 value = octet & 31;
    switch (octet >> 5) {
    case 0:
        return value * 2;
    case 2:
        return value * 600;
    case 3:
        return value * 3600;
    case 4:
        return value * 36000;
    case 7:
        return 0;
    default:
        return value * 60;
    }
}

/* What an acknowledgement says of the MME as a whole. */
static void learn_load(struct vepc *vepc, const struct pv_address *mme, struct ie ies)
{
    struct path *path = paths_find(vepc, mme, VEPC_PATH_PLANE_GTP_C);
    struct ie ie;
    if (!path)
        return;
    if (ies_find(ies, IE_DELAY_VALUE, 0, &ie))
        notification_learn_delay(vepc, mme, ies);
    if (!ies_find(ies, IE_THROTTLING, 0, &ie) || ie.length < 2)
        return;
    path->throttling_percent = ie.value[1] <= 100 ? ie.value[1] : 0;
    path->throttled_until_ns = vepc->now_ns + throttling_seconds(ie.value[0]) * 1000000000;
}

/* The Cause of a message; one without any says nothing against it. */
static u8 cause_of(struct ie ies)
{
    struct ie ie;
    return ies_find(ies, IE_CAUSE, 0, &ie) && ie.length >= 1 ? ie.value[0] : CAUSE_ACCEPTED;
}

void notification_answered(const struct request *answer, const struct transaction *transaction)
{
    struct vepc *vepc = answer->turn->vepc;
    u8 cause = cause_of(answer->ies);
    learn_load(vepc, &transaction->peer, answer->ies);
    count(vepc, cause < CAUSE_CONTEXT_NOT_FOUND ? COUNT_notifications_accepted
                                                : COUNT_notifications_refused);
    u64 ue = contexts_find(&vepc->ues, transaction->s11_teid);
    if (ue == CONTEXTS_NONE)
        return;
    if (cause < CAUSE_CONTEXT_NOT_FOUND)
        paging_accepted(vepc, ue);
    else if (cause == CAUSE_TEMPORARILY_REJECTED)
        paging_postponed(vepc, ue);
    else
        paging_failed(vepc, ue, COUNT_discarded_refused);
}

void notification_unanswered(struct vepc *vepc, const struct transaction *transaction)
{
    u64 ue = contexts_find(&vepc->ues, transaction->s11_teid);
    if (ue != CONTEXTS_NONE)
        paging_failed(vepc, ue, COUNT_discarded_unanswered);
}

u64 notification_failed(const struct request *request)
{
    struct vepc *vepc = request->turn->vepc;
    u64 ue = contexts_find(&vepc->ues, request->teid);
    if (!ies_well_formed(request->ies))
        return DROP_bad_gtpc_length;
    if (ue == CONTEXTS_NONE)
        return DROP_unknown_teid;
    count(vepc, COUNT_notifications_refused);
    if (cause_of(request->ies) == CAUSE_TEMPORARILY_REJECTED)
        paging_postponed(vepc, ue);
    else
        paging_failed(vepc, ue, COUNT_discarded_refused);
    return 0;
}
