/* Downlink user packets: see downlink.h. */
#include "downlink.h"

#include "gtpu.h"
#include "mtu.h"
#include "packets.h"
#include "paging.h"
#include "sessions.h"

/* Sends a user packet over a connected bearer; that is when it becomes usage. */
static void send(struct turn *turn, struct pv_packet *packet, u64 bearer_slot)
{
    struct vepc *vepc = turn->vepc;
    struct downlink *downlink = &vepc->downlink[bearer_slot];
    u64 length = packet->length;
    gtpu_send(turn, packet, downlink);
    if (packet->reason)
        return;
    downlink->packets++;
    downlink->bytes += length;
    count(vepc, COUNT_downlink_packets);
    vepc->counters[COUNT_downlink_bytes] += length;
}

static void keep(struct turn *turn, struct pv_packet *packet, u64 bearer_slot)
{
    struct vepc *vepc = turn->vepc;
    u64 ue_slot = vepc->session[vepc->bearer[bearer_slot].session].ue;
    u64 reason = paging_refusal(vepc, ue_slot, bearer_slot);
    if (!reason && packet->length > PACKET_MAX)
        reason = DROP_too_long;
    if (!reason)
        reason = packets_make_room(vepc, ue_slot, bearer_slot);
    if (reason) {
        drop(turn, packet, (enum counter)reason);
        return;
    }
    u64 waiting = packets_first_priority(vepc, ue_slot);
    packets_append(vepc, bearer_slot, packet_data(packet), packet->length);
    count(vepc, COUNT_packets_buffered);
    paging_packet(vepc, ue_slot, bearer_slot, waiting);
    ue_touch(vepc, ue_slot);
}

void downlink_forward(struct turn *turn, struct pv_packet *packet, u64 bearer_slot)
{
    const struct downlink *downlink = &turn->vepc->downlink[bearer_slot];
    if (downlink->detour & DETOUR_SUSPENDED)
        drop(turn, packet, DROP_suspended);
    else if (!downlink->connected || (downlink->detour & DETOUR_BUFFERED))
        keep(turn, packet, bearer_slot);
    else
        send(turn, packet, bearer_slot);
}

/* Whether there is room for one more packet, even if it has to be fragmented. */
static int has_room(const struct turn *turn)
{
    return turn->spares_used + MTU_PARTS_MOST <= turn->burst->spare_count;
}

/* Sends what waits for one bearer, the oldest first. Returns 0 when there is more. */
static int release_bearer(struct turn *turn, u64 bearer_slot)
{
    struct vepc *vepc = turn->vepc;
    if (vepc->downlink[bearer_slot].detour & DETOUR_SOLICITED) {
        if (!has_spare(turn))
            return 0;
        gtpu_answer_solicitation(turn, bearer_slot);
    }
    const struct packet *oldest;
    while ((oldest = packets_oldest(vepc, bearer_slot)) != 0) {
        if (!has_room(turn))
            return 0;
        struct pv_packet *packet = spare(turn);
        packet->reason = 0;
        packet->length = oldest->length;
        memory_copy(packet_data(packet), oldest->data, oldest->length);
        packets_drop_oldest(vepc, bearer_slot);
        count(vepc, COUNT_packets_released);
        send(turn, packet, bearer_slot);
    }
    return 1;
}

int downlink_release(struct turn *turn, u64 ue_slot)
{
    const struct ue *ue = &turn->vepc->ue[ue_slot];
    for (u64 ebi = EBI_PLACE_FIRST; ebi <= EBI_LAST; ebi++) {
        u64 bearer = ue_find_bearer(ue, ebi);
        if (bearer != CONTEXTS_NONE && turn->vepc->downlink[bearer].connected &&
            !release_bearer(turn, bearer))
            return 0;
    }
    return 1;
}
