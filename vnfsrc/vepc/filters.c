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

/* --- changes ------------------------------------------------------------------------ */

static const struct filter *first_of(const struct vepc *vepc, const struct session *session)
{
    return session->first_filter == NO_SLOT ? 0 : &vepc->filter[session->first_filter - 1];
}

static const struct filter *next_of(const struct vepc *vepc, const struct filter *filter)
{
    return filter->next == NO_SLOT ? 0 : &vepc->filter[filter->next - 1];
}

static const struct session *session_of(const struct vepc *vepc, u64 bearer_slot)
{
    return &vepc->session[vepc->bearer[bearer_slot].session];
}

/* Precedences as bits. */
struct precedences {
    u64 taken[4];
};

static void take(struct precedences *all, u8 precedence)
{
    all->taken[precedence >> 6] |= 1ull << (precedence & 63);
}

static int is_taken(const struct precedences *all, u64 precedence)
{
    return (all->taken[precedence >> 6] >> (precedence & 63) & 1) != 0;
}

static u8 next_free(const struct precedences *all, u8 wished)
{
    for (u64 precedence = wished; precedence <= 255; precedence++)
        if (!is_taken(all, precedence))
            return (u8)precedence;
    for (u64 precedence = wished; precedence > 0; precedence--)
        if (!is_taken(all, precedence - 1))
            return (u8)(precedence - 1);
    return wished; /* all are taken: it shares one */
}

/* The precedences of a session's filters, and the identifiers of a bearer's as bits. */
static u32 survey(const struct vepc *vepc, const struct session *session, u64 bearer_slot,
                  struct precedences *all)
{
    u32 identifiers = 0;
    const struct filter *filter = first_of(vepc, session);
    __builtin_memset(all, 0, sizeof *all);
    for (; filter; filter = next_of(vepc, filter)) {
        take(all, filter->match.precedence);
        if (filter->bearer == bearer_slot)
            identifiers |= 1u << (filter->match.identifier & 15);
    }
    return identifiers;
}

u8 filters_free_precedence(const struct vepc *vepc, u64 session_slot, u8 wished)
{
    struct precedences all;
    survey(vepc, &vepc->session[session_slot], CONTEXTS_NONE, &all);
    return next_free(&all, wished);
}

static u64 count_bits(u32 bits)
{
    u64 count = 0;
    for (; bits; bits &= bits - 1)
        count++;
    return count;
}

/* Gives a new filter an identifier and a precedence that are free. */
static void settle_new(struct vepc_packet_filter *filter, u32 *identifiers, struct precedences *all)
{
    u32 identifier = filter->identifier;
    for (u32 i = 0; i < 16 && (*identifiers >> (identifier & 15) & 1); i++)
        identifier = (identifier + 1) & 15;
    *identifiers |= 1u << (identifier & 15);
    filter->identifier = (u8)identifier;
    filter->precedence = next_free(all, filter->precedence);
    take(all, filter->precedence);
}

/* The precedence of a bearer's filter, which is there. */
static u8 precedence_of(const struct vepc *vepc, u64 bearer_slot, u8 identifier)
{
    const struct filter *filter = first_of(vepc, session_of(vepc, bearer_slot));
    while (filter->bearer != bearer_slot || filter->match.identifier != identifier)
        filter = next_of(vepc, filter);
    return filter->match.precedence;
}

int filters_has(const struct vepc *vepc, u64 bearer_slot, u8 identifier)
{
    struct precedences all;
    return (survey(vepc, session_of(vepc, bearer_slot), bearer_slot, &all) >> (identifier & 15) &
            1) != 0;
}

u64 filters_settle(const struct vepc *vepc, u64 bearer_slot, struct tft *tft)
{
    struct precedences all;
    u32 identifiers = survey(vepc, session_of(vepc, bearer_slot), bearer_slot, &all);
    int names = tft->operation == TFT_REPLACE || tft->operation == TFT_DELETE_FILTERS;
    if (tft->operation == TFT_ADD && identifiers == 0)
        tft->operation = TFT_CREATE;
    if (tft->operation == TFT_CREATE)
        identifiers = 0;
    if (tft->operation == TFT_ADD && count_bits(identifiers) + tft->count > TFT_FILTERS_MAX)
        return CAUSE_TAD_SEMANTIC;
    for (u64 i = 0; i < tft->count; i++) {
        struct vepc_packet_filter *filter = &tft->filter[i];
        if (names && !(identifiers >> (filter->identifier & 15) & 1))
            return CAUSE_TAD_SEMANTIC;
        if (!names)
            settle_new(filter, &identifiers, &all);
        else if (tft->operation == TFT_REPLACE &&
                 filter->precedence != precedence_of(vepc, bearer_slot, filter->identifier)) {
            filter->precedence = next_free(&all, filter->precedence);
            take(&all, filter->precedence);
        }
    }
    return CAUSE_ACCEPTED;
}

int filters_have_room(const struct vepc *vepc, const struct tft *tft)
{
    int adds = tft && tft->operation != TFT_DELETE && tft->operation != TFT_DELETE_FILTERS;
    return !adds || vepc->filters_free.free >= tft->count;
}

int filters_are_all(const struct vepc *vepc, u64 bearer_slot, const struct tft *named)
{
    struct precedences all;
    u32 left = survey(vepc, session_of(vepc, bearer_slot), bearer_slot, &all);
    for (u64 i = 0; i < named->count; i++)
        left &= ~(1u << (named->filter[i].identifier & 15));
    return left == 0;
}

void filters_apply(struct vepc *vepc, u64 bearer_slot, const struct tft *tft)
{
    int adds =
        tft->operation == TFT_CREATE || tft->operation == TFT_ADD || tft->operation == TFT_REPLACE;
    if (tft->operation == TFT_CREATE || tft->operation == TFT_DELETE)
        filters_remove_all(vepc, bearer_slot);
    for (u64 i = 0; i < tft->count; i++) {
        filters_remove(vepc, bearer_slot, tft->filter[i].identifier);
        if (adds && !filters_add(vepc, bearer_slot, &tft->filter[i]))
            count(vepc, COUNT_no_filter_room);
    }
}

/* --- classification ----------------------------------------------------------------- */

u64 filters_choose(const struct vepc *vepc, u64 default_slot, const u8 *packet, u64 length)
{
    const struct filter *filter = first_of(vepc, session_of(vepc, default_slot));
    u64 otherwise = default_slot;
    struct flow flow;
    flow_read(packet, length, &flow);
    for (; filter; filter = next_of(vepc, filter)) {
        if (vepc->bearer[filter->bearer].ebi < EBI_FIRST)
            continue; /* not there yet */
        if (flow_fits(&flow, &filter->match, DIRECTION_DOWNLINK))
            return filter->bearer;
        if (filter->bearer == default_slot && filter_is_for(&filter->match, DIRECTION_DOWNLINK))
            otherwise = CONTEXTS_NONE;
    }
    return otherwise;
}

int filters_allow(const struct vepc *vepc, u64 bearer_slot, const u8 *packet, u64 length)
{
    const struct filter *filter = first_of(vepc, session_of(vepc, bearer_slot));
    struct flow flow;
    flow_read(packet, length, &flow);
    for (; filter; filter = next_of(vepc, filter))
        if (filter->bearer == bearer_slot && flow_fits(&flow, &filter->match, DIRECTION_UPLINK))
            return 1;
    return 0;
}
