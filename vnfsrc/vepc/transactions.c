/* Requests of ours: see transactions.h. */
#include "transactions.h"

#include "responses.h"

/* Transactions given up in one burst; more are left for the next. */
#define GIVE_UP_MOST 64

u64 transactions_footprint(u64 capacity)
{
    return memory_round(capacity * sizeof(struct transaction)) +
           memory_round(bitmap_footprint(capacity)) + 2 * index_footprint(capacity);
}

void transactions_init(struct vepc *vepc, u64 capacity, u8 *memory)
{
    vepc->transaction = pv_native(memory);
    memory += memory_round(capacity * sizeof(struct transaction));
    bitmap_init(&vepc->transactions.free, capacity, memory);
    memory += memory_round(bitmap_footprint(capacity));
    index_init(&vepc->transactions.by_sequence, capacity, memory);
    memory += index_footprint(capacity);
    index_init(&vepc->transactions.by_origin, capacity, memory);
}

static u64 sequence_hash(const struct pv_address *peer, u32 sequence)
{
    return address_hash(peer, sequence);
}

static u64 origin_hash(const struct pv_address *peer, u32 sequence)
{
    return address_hash(peer, (u64)1 << 32 | sequence);
}

/* Both lists are ordered by age: their first is the next to go. */
static void append(struct vepc *vepc, struct transaction *transaction, u32 *first, u32 *last)
{
    u32 entry = (u32)(transaction->slot + 1);
    transaction->next = NO_SLOT;
    transaction->previous = *last;
    if (*last != NO_SLOT)
        vepc->transaction[*last - 1].next = entry;
    else
        *first = entry;
    *last = entry;
}

static void take_out(struct vepc *vepc, struct transaction *transaction)
{
    struct transactions *all = &vepc->transactions;
    u32 *first = transaction->tries ? &all->sent_first : &all->unsent_first;
    u32 *last = transaction->tries ? &all->sent_last : &all->unsent_last;
    if (transaction->previous != NO_SLOT)
        vepc->transaction[transaction->previous - 1].next = transaction->next;
    else
        *first = transaction->next;
    if (transaction->next != NO_SLOT)
        vepc->transaction[transaction->next - 1].previous = transaction->previous;
    else
        *last = transaction->previous;
}

/* Tells the bearers that a request of ours about them waits (1), or no longer (-1). Those
 * that are gone, and may be others by now, are not touched: their TEIDs tell. */
static void note_bearers(struct vepc *vepc, const struct transaction *transaction, u32 change)
{
    for (u64 i = 0; i < transaction->bearers_count; i++) {
        u64 slot = contexts_find(&vepc->bearers, transaction->bearers[i]);
        if (slot == CONTEXTS_NONE)
            continue;
        if (transaction_type(transaction) == GTPC_DELETE_BEARER_REQUEST)
            vepc->bearer[slot].deleting += change;
        else
            vepc->bearer[slot].changing += change;
    }
}

struct transaction *transactions_take(struct vepc *vepc)
{
    u64 slot = bitmap_next(&vepc->transactions.free, 0);
    if (slot == BITMAP_NONE) {
        count(vepc, COUNT_no_transaction);
        return 0;
    }
    bitmap_take(&vepc->transactions.free, slot);
    struct transaction *transaction = &vepc->transaction[slot];
    __builtin_memset(transaction, 0, sizeof *transaction);
    transaction->slot = (u32)slot;
    return transaction;
}

void transactions_link(struct vepc *vepc, struct transaction *transaction)
{
    struct transactions *all = &vepc->transactions;
    note_bearers(vepc, transaction, 1);
    index_insert(&all->by_sequence, sequence_hash(&transaction->peer, transaction->sequence),
                 transaction->slot);
    if (address_is_set(&transaction->origin.peer))
        index_insert(&all->by_origin,
                     origin_hash(&transaction->origin.peer, transaction->origin.sequence),
                     transaction->slot);
    if (transaction->tries)
        append(vepc, transaction, &all->sent_first, &all->sent_last);
    else
        append(vepc, transaction, &all->unsent_first, &all->unsent_last);
}

void transactions_end(struct vepc *vepc, struct transaction *transaction)
{
    struct transactions *all = &vepc->transactions;
    note_bearers(vepc, transaction, ~0u);
    take_out(vepc, transaction);
    index_remove(&all->by_sequence, sequence_hash(&transaction->peer, transaction->sequence),
                 transaction->slot);
    if (address_is_set(&transaction->origin.peer))
        index_remove(&all->by_origin,
                     origin_hash(&transaction->origin.peer, transaction->origin.sequence),
                     transaction->slot);
    bitmap_release(&all->free, transaction->slot);
}

struct transaction *transactions_find(struct vepc *vepc, const struct pv_address *peer,
                                      u32 sequence)
{
    const struct index *index = &vepc->transactions.by_sequence;
    u32 entry = index_first(index, sequence_hash(peer, sequence));
    for (; entry != INDEX_END; entry = index->next[entry - 1]) {
        struct transaction *transaction = &vepc->transaction[entry - 1];
        if (transaction->sequence == sequence && address_equal(&transaction->peer, peer))
            return transaction;
    }
    return 0;
}

struct transaction *transactions_find_origin(struct vepc *vepc, const struct request *request)
{
    const struct index *index = &vepc->transactions.by_origin;
    u32 entry = index_first(index, origin_hash(&request->route.peer, request->sequence));
    for (; entry != INDEX_END; entry = index->next[entry - 1]) {
        struct transaction *transaction = &vepc->transaction[entry - 1];
        const struct vepc_origin *origin = &transaction->origin;
        if (origin->sequence == request->sequence && origin->message_type == request->type &&
            origin->port == request->route.port && origin->digest == request->digest &&
            address_equal(&origin->peer, &request->route.peer))
            return transaction;
    }
    return 0;
}

void transactions_set_origin(struct transaction *transaction, const struct request *request)
{
    transaction->origin.peer = request->route.peer;
    transaction->origin.port = request->route.port;
    transaction->origin.message_type = request->type;
    transaction->origin.sequence = request->sequence;
    transaction->origin.digest = request->digest;
}

int transactions_begin(struct vepc *vepc, const struct pv_address *peer, u8 interface,
                       struct draft *draft)
{
    draft->transaction = transactions_take(vepc);
    if (!draft->transaction)
        return 0;
    draft->transaction->peer = *peer;
    draft->transaction->interface = interface;
    draft->ies.base = draft->transaction->message;
    draft->ies.length = GTPC_HEADER;
    return 1;
}

void transactions_post_as(struct vepc *vepc, struct draft *draft, u8 type, u32 teid, u32 sequence)
{
    struct transaction *transaction = draft->transaction;
    gtpc_write_header(draft->ies.base, draft->ies.length, type, 1, teid, sequence);
    transaction->message_length = (u16)draft->ies.length;
    transaction->sequence = sequence;
    transactions_link(vepc, transaction);
}

/* A number that is still in use towards the peer is passed over; so many in a row are not. */
static void post(struct vepc *vepc, struct draft *draft, u8 type, u32 teid, u32 high)
{
    u32 sequence;
    do {
        sequence = high | vepc->next_sequence;
        vepc->next_sequence = (vepc->next_sequence + 1) & 0x7fffff;
    } while (transactions_find(vepc, &draft->transaction->peer, sequence));
    transactions_post_as(vepc, draft, type, teid, sequence);
}

void transactions_post(struct vepc *vepc, struct draft *draft, u8 type, u32 teid)
{
    post(vepc, draft, type, teid, 0);
}

void transactions_post_command(struct vepc *vepc, struct draft *draft, u8 type, u32 teid)
{
    post(vepc, draft, type, teid, SEQUENCE_OF_COMMAND);
}

/* Sends a request once more. Returns 0 when there is no room for it. */
static int send(struct turn *turn, struct transaction *transaction)
{
    struct vepc *vepc = turn->vepc;
    struct gtpc_route route;
    struct pv_packet *packet = spare(turn);
    if (!packet)
        return 0;
    gtpc_route_to(vepc, &transaction->peer, transaction->interface, &route);
    count(vepc, transaction->tries ? COUNT_gtpc_retransmitted : COUNT_gtpc_requests_sent);
    gtpc_send(turn, packet, &route, transaction->message, transaction->message_length);
    take_out(vepc, transaction);
    transaction->tries++;
    transaction->deadline_ns = vepc->now_ns + (u64)vepc->config.t3_ms * 1000000;
    append(vepc, transaction, &vepc->transactions.sent_first, &vepc->transactions.sent_last);
    return 1;
}

static void give_up(struct turn *turn, struct transaction *transaction)
{
    count(turn->vepc, COUNT_gtpc_unanswered);
    responses_none(turn, transaction);
    transactions_end(turn->vepc, transaction);
}

/* Whether a request is about the bearers of a session that ended, or about a UE that is gone or
 * connected by now: it is not sent again. */
static int is_moot(const struct vepc *vepc, const struct transaction *transaction)
{
    if (transaction_type(transaction) == GTPC_DOWNLINK_DATA_NOTIFICATION) {
        u64 ue = contexts_find(&vepc->ues, transaction->s11_teid);
        return ue == CONTEXTS_NONE || vepc->ue[ue].paging != VEPC_UE_PAGING_NOTIFIED;
    }
    return is_bearer_request(transaction) &&
           contexts_find(&vepc->sessions, transaction->s5c_teid) == CONTEXTS_NONE;
}

u64 transactions_run(struct turn *turn)
{
    struct vepc *vepc = turn->vepc;
    struct transactions *all = &vepc->transactions;
    u64 given_up = 0;
    while (all->unsent_first != NO_SLOT) {
        struct transaction *first = &vepc->transaction[all->unsent_first - 1];
        if (is_moot(vepc, first)) {
            if (given_up++ == GIVE_UP_MOST)
                return 0;
            transactions_end(vepc, first);
        } else if (!send(turn, first)) {
            return 0;
        }
    }
    while (all->sent_first != NO_SLOT) {
        struct transaction *first = &vepc->transaction[all->sent_first - 1];
        if (first->deadline_ns > vepc->now_ns)
            return first->deadline_ns - vepc->now_ns;
        int moot = is_moot(vepc, first);
        if (!moot && first->tries < vepc->config.n3) {
            if (!send(turn, first))
                return 0;
            continue;
        }
        if (given_up++ == GIVE_UP_MOST)
            return 0;
        if (moot)
            transactions_end(vepc, first);
        else
            give_up(turn, first);
    }
    return all->unsent_first == NO_SLOT ? TIMER_IDLE_NS : 0;
}
