/* Packet filters: see filters.h. */
#include "filters.h"

#include "sessions.h"

u64 filters_footprint(u64 capacity)
{
    return memory_round(capacity * sizeof(struct filter)) +
           memory_round(bitmap_footprint(capacity));
}

void filters_init(struct vepc *vepc, u64 capacity, u8 *memory)
{
    vepc->filter = pv_native(memory);
    bitmap_init(&vepc->filters_free, capacity,
                memory + memory_round(capacity * sizeof(struct filter)));
}

/* Whether `a` is tried before a filter of this bearer. Slots do for bearers: a migration
 * keeps them. */
static int before(const struct filter *a, u64 bearer_slot, const struct vepc_packet_filter *match)
{
    if (a->match.precedence != match->precedence)
        return a->match.precedence < match->precedence;
    if (a->bearer != bearer_slot)
        return a->bearer < bearer_slot;
    return a->match.identifier < match->identifier;
}

int filters_add(struct vepc *vepc, u64 bearer_slot, const struct vepc_packet_filter *match)
{
    struct session *session = &vepc->session[vepc->bearer[bearer_slot].session];
    u64 slot = bitmap_next(&vepc->filters_free, 0);
    if (slot == BITMAP_NONE)
        return 0;
    bitmap_take(&vepc->filters_free, slot);
    u32 *link = &session->first_filter;
    while (*link != NO_SLOT && before(&vepc->filter[*link - 1], bearer_slot, match))
        link = &vepc->filter[*link - 1].next;
    struct filter *filter = &vepc->filter[slot];
    filter->bearer = (u32)bearer_slot;
    filter->match = *match;
    filter->next = *link;
    *link = (u32)(slot + 1);
    session_filters_changed(vepc, vepc->bearer[bearer_slot].session);
    return 1;
}

static void remove_at(struct vepc *vepc, u32 *link)
{
    u64 slot = (u64)*link - 1;
    *link = vepc->filter[slot].next;
    bitmap_release(&vepc->filters_free, slot);
}

int filters_remove(struct vepc *vepc, u64 bearer_slot, u8 identifier)
{
    struct session *session = &vepc->session[vepc->bearer[bearer_slot].session];
    u32 *link = &session->first_filter;
    while (*link != NO_SLOT && (vepc->filter[*link - 1].bearer != bearer_slot ||
                                vepc->filter[*link - 1].match.identifier != identifier))
        link = &vepc->filter[*link - 1].next;
    if (*link == NO_SLOT)
        return 0;
    remove_at(vepc, link);
    session_filters_changed(vepc, vepc->bearer[bearer_slot].session);
    return 1;
}

void filters_remove_all(struct vepc *vepc, u64 bearer_slot)
{
    struct session *session = &vepc->session[vepc->bearer[bearer_slot].session];
    u32 *link = &session->first_filter;
    while (*link != NO_SLOT) {
        if (vepc->filter[*link - 1].bearer == bearer_slot)
            remove_at(vepc, link);
        else
            link = &vepc->filter[*link - 1].next;
    }
    session_filters_changed(vepc, vepc->bearer[bearer_slot].session);
}
