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
