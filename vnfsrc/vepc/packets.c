/* Buffered downlink packets: see packets.h. */
#include "packets.h"

u64 packets_footprint(u64 capacity)
{
    return memory_round(capacity * sizeof(struct packet)) +
           memory_round(bitmap_footprint(capacity));
}

void packets_init(struct vepc *vepc, u64 capacity, u8 *memory)
{
    vepc->packet = pv_native(memory);
    bitmap_init(&vepc->packets_free, capacity,
                memory + memory_round(capacity * sizeof(struct packet)));
}

u64 packets_first_priority(const struct vepc *vepc, u64 ue_slot)
{
    const struct ue *ue = &vepc->ue[ue_slot];
    u64 first = PRIORITY_NONE;
    for (u64 ebi = EBI_PLACE_FIRST; ue->packets && ebi <= EBI_LAST; ebi++) {
        if (ue->bearer[ebi] == NO_SLOT)
            continue;
        const struct bearer *bearer = &vepc->bearer[ue->bearer[ebi] - 1];
        if (bearer->first_packet != NO_SLOT && bearer_priority(bearer) < first)
            first = bearer_priority(bearer);
    }
    return first;
}

/* The bearer that gives way to a packet of this one: itself, if any waits for it, or the one
 * with the lowest priority that is not above its own; 0 when there is none. As slot + 1. */
static u32 giving_way(const struct vepc *vepc, u64 ue_slot, u64 bearer_slot)
{
    const struct ue *ue = &vepc->ue[ue_slot];
    if (vepc->bearer[bearer_slot].first_packet != NO_SLOT)
        return (u32)(bearer_slot + 1);
    u64 lowest = bearer_priority(&vepc->bearer[bearer_slot]);
    u32 found = NO_SLOT;
    for (u64 ebi = EBI_PLACE_FIRST; ebi <= EBI_LAST; ebi++) {
        if (ue->bearer[ebi] == NO_SLOT)
            continue;
        const struct bearer *bearer = &vepc->bearer[ue->bearer[ebi] - 1];
        if (bearer->first_packet == NO_SLOT || bearer_priority(bearer) < lowest)
            continue;
        lowest = bearer_priority(bearer);
        found = ue->bearer[ebi];
    }
    return found;
}

u64 packets_make_room(struct vepc *vepc, u64 ue_slot, u64 bearer_slot)
{
    int too_many = vepc->ue[ue_slot].packets >= vepc->config.packets_per_ue;
    if (!too_many && vepc->packets_free.free > 0)
        return 0;
    u32 way = vepc->config.packets_drop == VEPC_CONFIG_PACKETS_DROP_OLDEST
                  ? giving_way(vepc, ue_slot, bearer_slot)
                  : NO_SLOT;
    if (way == NO_SLOT)
        return too_many ? DROP_buffer_full : DROP_no_buffer;
    packets_drop_oldest(vepc, way - 1);
    count(vepc, COUNT_discarded_replaced);
    return 0;
}

static struct ue *ue_of(struct vepc *vepc, const struct bearer *bearer)
{
    return &vepc->ue[vepc->session[bearer->session].ue];
}

int packets_append(struct vepc *vepc, u64 bearer_slot, const u8 *data, u64 length)
{
    struct bearer *bearer = &vepc->bearer[bearer_slot];
    u64 slot = bitmap_next(&vepc->packets_free, 0);
    if (slot == BITMAP_NONE)
        return 0;
    bitmap_take(&vepc->packets_free, slot);
    struct packet *packet = &vepc->packet[slot];
    packet->next = NO_SLOT;
    packet->length = (u16)length;
    memory_copy(packet->data, data, length);
    if (bearer->last_packet != NO_SLOT)
        vepc->packet[bearer->last_packet - 1].next = (u32)(slot + 1);
    else
        bearer->first_packet = (u32)(slot + 1);
    bearer->last_packet = (u32)(slot + 1);
    vepc->downlink[bearer_slot].detour |= DETOUR_BUFFERED;
    ue_of(vepc, bearer)->packets++;
    return 1;
}

void packets_drop_oldest(struct vepc *vepc, u64 bearer_slot)
{
    struct bearer *bearer = &vepc->bearer[bearer_slot];
    u64 slot = (u64)bearer->first_packet - 1;
    bearer->first_packet = vepc->packet[slot].next;
    if (bearer->first_packet == NO_SLOT) {
        bearer->last_packet = NO_SLOT;
        vepc->downlink[bearer_slot].detour &= (u8)~DETOUR_BUFFERED;
    }
    ue_of(vepc, bearer)->packets--;
    bitmap_release(&vepc->packets_free, slot);
}

u64 packets_drop_all(struct vepc *vepc, u64 bearer_slot)
{
    u64 dropped = 0;
    for (; vepc->bearer[bearer_slot].first_packet != NO_SLOT; dropped++)
        packets_drop_oldest(vepc, bearer_slot);
    return dropped;
}
