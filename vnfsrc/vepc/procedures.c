/* Answers kept for repeated requests: see procedures.h. A ring in order of time, so the
 * oldest is always the first to go. */
#include "procedures.h"

/* Answers forgotten in one burst; more are left for the next. */
#define EXPIRE_MOST 256

/* Answers to unlike requests with one number that are looked at, the newest first: a peer that
 * gives one number to all of its requests gains nothing. */
#define ALIKE_MOST 8

static u64 procedure_hash(const struct procedure *procedure)
{
    return procedures_hash(&procedure->peer, procedure->port, procedure->message_type,
                           procedure->sequence);
}

static u64 slot_of(const struct vepc *vepc, const struct procedure *procedure)
{
    return procedure->serial % vepc->config.procedures;
}

static void forget_oldest(struct vepc *vepc)
{
    const struct procedure *oldest = procedures_at(vepc, vepc->procedure_oldest);
    index_remove(&vepc->procedure_by_request, procedure_hash(oldest), slot_of(vepc, oldest));
    vepc->procedure_oldest++;
}

const struct procedure *procedures_find(struct vepc *vepc, const struct request *request)
{
    const struct gtpc_route *from = &request->route;
    u64 hash = procedures_hash(&from->peer, from->port, request->type, request->sequence);
    u32 entry = index_first(&vepc->procedure_by_request, hash);
    u64 alike = 0;
    for (; entry != INDEX_END; entry = vepc->procedure_by_request.next[entry - 1]) {
        const struct procedure *kept = &vepc->procedure[entry - 1];
        if (kept->sequence != request->sequence || kept->message_type != request->type ||
            kept->port != from->port || !address_equal(&kept->peer, &from->peer))
            continue;
        if (kept->digest == request->digest && kept->deadline_ns > vepc->now_ns)
            return kept;
        if (++alike == ALIKE_MOST)
            return 0;
    }
    return 0;
}

/* The deadline of the newest answer: a later one's is never before it. */
static u64 newest_deadline(const struct vepc *vepc)
{
    if (vepc->procedure_next == vepc->procedure_oldest)
        return 0;
    return procedures_at(vepc, vepc->procedure_next - 1)->deadline_ns;
}

void procedures_keep(struct vepc *vepc, const struct request *request, u64 for_ns,
                     const u8 *response, u64 length)
{
    u64 newest = newest_deadline(vepc);
    u64 deadline = vepc->now_ns + for_ns;
    if (vepc->procedure_next - vepc->procedure_oldest == vepc->config.procedures)
        forget_oldest(vepc);
    struct procedure *procedure = procedures_at(vepc, vepc->procedure_next);
    procedure->serial = vepc->procedure_next++;
    procedure->epoch = vepc->epoch;
    procedure->deadline_ns = deadline > newest ? deadline : newest;
    procedure->digest = request->digest;
    procedure->peer = request->route.peer;
    procedure->port = request->route.port;
    procedure->message_type = request->type;
    procedure->sequence = request->sequence;
    procedure->response_length = (u16)length;
    memory_copy(procedure->response, response, length);
    index_insert(&vepc->procedure_by_request, procedure_hash(procedure), slot_of(vepc, procedure));
}

void procedures_forget(struct vepc *vepc, u64 below)
{
    while (vepc->procedure_oldest < below)
        forget_oldest(vepc);
}

u64 procedures_expire(struct vepc *vepc)
{
    for (u64 i = 0; i < EXPIRE_MOST && vepc->procedure_oldest < vepc->procedure_next; i++) {
        u64 deadline = procedures_at(vepc, vepc->procedure_oldest)->deadline_ns;
        if (deadline > vepc->now_ns)
            return deadline - vepc->now_ns;
        forget_oldest(vepc);
    }
    return vepc->procedure_oldest < vepc->procedure_next ? 0 : TIMER_IDLE_NS;
}
