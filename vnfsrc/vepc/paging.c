/* Paging: see paging.h. */
#include "paging.h"

#include "downlink.h"
#include "notification.h"
#include "packets.h"
#include "sessions.h"

/* A state without a time limit has for_ms 0. */
static void enter(struct vepc *vepc, u64 ue_slot, u8 state, u64 for_ms)
{
    vepc->ue[ue_slot].paging = state;
    vepc->ue[ue_slot].releasing = 0;
    if (for_ms)
        timers_set(&vepc->timers, timer_of_ue(ue_slot), vepc->now_ns + for_ms * 1000000);
    else
        timers_cancel(&vepc->timers, timer_of_ue(ue_slot));
    ue_touch(vepc, ue_slot);
}

int paging_is_connected(const struct vepc *vepc, u64 ue_slot)
{
    for (u64 ebi = EBI_PLACE_FIRST; ebi <= EBI_LAST; ebi++) {
        u64 bearer = ue_find_bearer(&vepc->ue[ue_slot], ebi);
        if (bearer != CONTEXTS_NONE && vepc->downlink[bearer].connected)
            return 1;
    }
    return 0;
}

/* Whether the MME has been told of nothing yet. */
static int is_untold(const struct ue *ue)
{
    return ue->paging == VEPC_UE_PAGING_NONE || ue->paging == VEPC_UE_PAGING_CONNECTING ||
           ue->paging == VEPC_UE_PAGING_DELAYED;
}

u64 paging_refusal(const struct vepc *vepc, u64 ue_slot, u64 bearer_slot)
{
    const struct ue *ue = &vepc->ue[ue_slot];
    if (vepc->downlink[bearer_slot].connected)
        return 0; /* it queues up behind those that are being sent */
    if (!address_is_set(&ue->mme.address))
        return DROP_idle; /* a P-GW pages nobody */
    if (vepc->bearer[bearer_slot].ebi < EBI_FIRST)
        return DROP_idle; /* the MME has not said yet that it is there */
    if (ue->paging == VEPC_UE_PAGING_BARRED)
        return DROP_paging_barred;
    if (ue->paging != VEPC_UE_PAGING_NONE)
        return 0;
    if (paging_is_connected(vepc, ue_slot))
        return 0; /* a service request may come in several parts, one for each PDN connection */
    return notification_withheld(vepc, ue_slot, bearer_slot) ? DROP_throttled : 0;
}

/* The bearer with the highest priority that packets wait for and an MME can be told of;
 * CONTEXTS_NONE without one. */
static u64 first_waiting(const struct vepc *vepc, u64 ue_slot)
{
    u64 priority = PRIORITY_NONE;
    u64 found = CONTEXTS_NONE;
    for (u64 ebi = EBI_FIRST; ebi <= EBI_LAST; ebi++) {
        u64 bearer = ue_find_bearer(&vepc->ue[ue_slot], ebi);
        if (bearer == CONTEXTS_NONE || !packets_oldest(vepc, bearer) ||
            bearer_priority(&vepc->bearer[bearer]) >= priority)
            continue;
        priority = bearer_priority(&vepc->bearer[bearer]);
        found = bearer;
    }
    return found;
}

/* When there is no room for the request, it is tried again later. */
static void notify(struct vepc *vepc, u64 ue_slot, u64 bearer_slot, u8 cause)
{
    if (notification_post(vepc, ue_slot, bearer_slot, cause))
        enter(vepc, ue_slot, VEPC_UE_PAGING_NOTIFIED, 0);
    else
        enter(vepc, ue_slot, VEPC_UE_PAGING_DELAYED, vepc->config.t3_ms);
}

/* The first packet waits for this bearer of a UE that is not being connected anew. */
static void begin(struct vepc *vepc, u64 ue_slot, u64 bearer_slot)
{
    u64 delay_ms = notification_delay_ms(vepc, ue_slot);
    if (paging_is_connected(vepc, ue_slot))
        delay_ms = vepc->config.paging_ms;
    if (delay_ms)
        enter(vepc, ue_slot, VEPC_UE_PAGING_DELAYED, delay_ms);
    else
        notify(vepc, ue_slot, bearer_slot, 0);
}

void paging_packet(struct vepc *vepc, u64 ue_slot, u64 bearer_slot, u64 waiting)
{
    const struct ue *ue = &vepc->ue[ue_slot];
    const struct bearer *bearer = &vepc->bearer[bearer_slot];
    if (vepc->downlink[bearer_slot].connected || ue->releasing)
        return;
    switch (ue->paging) {
    case VEPC_UE_PAGING_NONE:
        begin(vepc, ue_slot, bearer_slot);
        break;
    case VEPC_UE_PAGING_CONNECTING:
        enter(vepc, ue_slot, VEPC_UE_PAGING_DELAYED, vepc->config.paging_ms);
        break;
    case VEPC_UE_PAGING_NOTIFIED:
    case VEPC_UE_PAGING_ACKNOWLEDGED:
        if (waiting != PRIORITY_NONE && bearer_priority(bearer) < waiting &&
            notification_post(vepc, ue_slot, bearer_slot, 0))
            enter(vepc, ue_slot, VEPC_UE_PAGING_NOTIFIED, 0);
        break;
    default:
        break;
    }
}

/* Whether anything waits for the bearers of a UE that are connected. */
static int has_release(const struct vepc *vepc, u64 ue_slot)
{
    for (u64 ebi = EBI_PLACE_FIRST; ebi <= EBI_LAST; ebi++) {
        u64 bearer = ue_find_bearer(&vepc->ue[ue_slot], ebi);
        if (bearer != CONTEXTS_NONE && vepc->downlink[bearer].connected &&
            (vepc->downlink[bearer].detour & (DETOUR_BUFFERED | DETOUR_SOLICITED)))
            return 1;
    }
    return 0;
}

static void discard(struct vepc *vepc, u64 ue_slot, enum counter discarded)
{
    const struct ue *ue = &vepc->ue[ue_slot];
    for (u64 ebi = EBI_PLACE_FIRST; ue->packets && ebi <= EBI_LAST; ebi++) {
        u64 bearer = ue_find_bearer(ue, ebi);
        if (bearer != CONTEXTS_NONE && !vepc->downlink[bearer].connected)
            vepc->counters[discarded] += packets_drop_all(vepc, bearer);
    }
}

/* What waits for bearers that were not connected with the others has time until their own
 * Modify Bearer Request: each PDN connection has one. */
static void settle_others(struct vepc *vepc, u64 ue_slot)
{
    if (vepc->ue[ue_slot].packets)
        enter(vepc, ue_slot, VEPC_UE_PAGING_DELAYED, vepc->config.paging_ms);
    else
        enter(vepc, ue_slot, VEPC_UE_PAGING_NONE, 0);
}

void paging_connecting(struct vepc *vepc, u64 ue_slot)
{
    if (vepc->ue[ue_slot].paging == VEPC_UE_PAGING_NONE && !paging_is_connected(vepc, ue_slot))
        enter(vepc, ue_slot, VEPC_UE_PAGING_CONNECTING, 0);
}

void paging_connected(struct vepc *vepc, u64 ue_slot)
{
    enter(vepc, ue_slot, VEPC_UE_PAGING_NONE, 0);
    if (has_release(vepc, ue_slot)) {
        vepc->ue[ue_slot].releasing = 1;
        timers_set(&vepc->timers, timer_of_ue(ue_slot), vepc->now_ns);
    } else if (vepc->ue[ue_slot].packets) {
        settle_others(vepc, ue_slot);
    }
}

void paging_moved(struct vepc *vepc, u64 ue_slot)
{
    u64 bearer = first_waiting(vepc, ue_slot);
    if (vepc->ue[ue_slot].releasing || paging_is_connected(vepc, ue_slot))
        return;
    if (bearer != CONTEXTS_NONE)
        begin(vepc, ue_slot, bearer);
    else
        enter(vepc, ue_slot, VEPC_UE_PAGING_NONE, 0);
}

void paging_idle(struct vepc *vepc, u64 ue_slot)
{
    u64 bearer = first_waiting(vepc, ue_slot);
    if (!is_untold(&vepc->ue[ue_slot]) || paging_is_connected(vepc, ue_slot))
        return; /* the MME knows, or only some bearers were released */
    if (bearer != CONTEXTS_NONE)
        begin(vepc, ue_slot, bearer);
    else
        enter(vepc, ue_slot, VEPC_UE_PAGING_NONE, 0);
}

/* An eNodeB may send one indication for every packet that it got: one notification does. */
void paging_lost(struct vepc *vepc, u64 ue_slot, u64 bearer_slot)
{
    const struct ue *ue = &vepc->ue[ue_slot];
    if (is_untold(ue) && address_is_set(&ue->mme.address) &&
        vepc->bearer[bearer_slot].ebi >= EBI_FIRST)
        notify(vepc, ue_slot, bearer_slot, CAUSE_ERROR_INDICATION);
}

static int waits_for_answer(const struct ue *ue)
{
    return ue->paging == VEPC_UE_PAGING_NOTIFIED || ue->paging == VEPC_UE_PAGING_ACKNOWLEDGED;
}

void paging_accepted(struct vepc *vepc, u64 ue_slot)
{
    if (waits_for_answer(&vepc->ue[ue_slot]))
        enter(vepc, ue_slot, VEPC_UE_PAGING_ACKNOWLEDGED, vepc->config.paging_ms);
}

void paging_postponed(struct vepc *vepc, u64 ue_slot)
{
    if (waits_for_answer(&vepc->ue[ue_slot]))
        enter(vepc, ue_slot, VEPC_UE_PAGING_DELAYED, vepc->config.t3_ms);
}

void paging_failed(struct vepc *vepc, u64 ue_slot, enum counter discarded)
{
    if (!waits_for_answer(&vepc->ue[ue_slot]))
        return;
    discard(vepc, ue_slot, discarded);
    u64 bar_ms = vepc->config.paging_bar_ms;
    enter(vepc, ue_slot, bar_ms ? VEPC_UE_PAGING_BARRED : VEPC_UE_PAGING_NONE, bar_ms);
}

void paging_end(struct vepc *vepc, u64 ue_slot)
{
    enter(vepc, ue_slot, VEPC_UE_PAGING_NONE, 0);
}

/* Later than any request that came too is given up, which sets the limit aside. */
void paging_imported(struct vepc *vepc, u64 ue_slot)
{
    const struct vepc_config *config = &vepc->config;
    u64 most_ms = (u64)config->n3 * config->t3_ms + config->paging_ms;
    timers_set(&vepc->timers, timer_of_ue(ue_slot), vepc->now_ns + most_ms * 1000000);
}

/* The time of a delay is over. */
static void notify_late(struct vepc *vepc, u64 ue_slot)
{
    u64 bearer = first_waiting(vepc, ue_slot);
    if (bearer != CONTEXTS_NONE && !paging_is_connected(vepc, ue_slot)) {
        notify(vepc, ue_slot, bearer, 0);
        return;
    }
    discard(vepc, ue_slot, COUNT_discarded_unreached);
    enter(vepc, ue_slot, VEPC_UE_PAGING_NONE, 0);
}

void paging_due(struct turn *turn, u64 ue_slot)
{
    struct vepc *vepc = turn->vepc;
    struct ue *ue = &vepc->ue[ue_slot];
    if (ue->releasing) {
        if (downlink_release(turn, ue_slot))
            settle_others(vepc, ue_slot);
        else
            timers_set(&vepc->timers, timer_of_ue(ue_slot), vepc->now_ns);
        ue_touch(vepc, ue_slot);
        return;
    }
    if (ue->paging == VEPC_UE_PAGING_DELAYED) {
        notify_late(vepc, ue_slot);
        return;
    }
    if (ue->paging == VEPC_UE_PAGING_NOTIFIED) {
        paging_failed(vepc, ue_slot, COUNT_discarded_unanswered);
        return;
    }
    if (ue->paging == VEPC_UE_PAGING_ACKNOWLEDGED)
        discard(vepc, ue_slot, COUNT_discarded_unreached);
    enter(vepc, ue_slot, VEPC_UE_PAGING_NONE, 0);
}
