/* Answers kept for repeated requests: see procedures.h. A ring in order of time, so the
 * oldest is always the first to go. */
#include "procedures.h"

static u64 request_hash(u32 peer, u16 port, u8 type, u32 sequence)
{
    return index_hash(((u64)peer << 32 | (u64)type << 24 | sequence) ^ (u64)port << 40);
}

static u64 procedure_hash(const struct procedure *procedure)
{
    return request_hash(procedure->peer, procedure->port, procedure->message_type,
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
    u64 hash = request_hash(request->peer, request->port, request->type, request->sequence);
    u32 entry = index_first(&vepc->procedure_by_request, hash);
    for (; entry != INDEX_END; entry = vepc->procedure_by_request.next[entry - 1]) {
        const struct procedure *kept = &vepc->procedure[entry - 1];
        if (kept->peer == request->peer && kept->port == request->port &&
            kept->message_type == request->type && kept->sequence == request->sequence)
            return kept;
    }
    return 0;
}

struct procedure *procedures_append(struct vepc *vepc)
{
    if (vepc->procedure_next - vepc->procedure_oldest == vepc->config.procedures)
        forget_oldest(vepc);
    struct procedure *procedure = procedures_at(vepc, vepc->procedure_next);
    procedure->serial = vepc->procedure_next++;
    procedure->epoch = vepc->epoch;
    return procedure;
}

void procedures_link(struct vepc *vepc, struct procedure *procedure)
{
    index_insert(&vepc->procedure_by_request, procedure_hash(procedure), slot_of(vepc, procedure));
}

void procedures_keep(struct vepc *vepc, const struct request *request, const u8 *response,
                     u64 length)
{
    struct procedure *procedure = procedures_append(vepc);
    procedure->deadline_ns = vepc->now_ns + (u64)vepc->config.retention_ms * 1000000;
    procedure->peer = request->peer;
    procedure->port = request->port;
    procedure->message_type = request->type;
    procedure->sequence = request->sequence;
    procedure->response_length = (u16)length;
    memory_copy(procedure->response, response, length);
    procedures_link(vepc, procedure);
}

void procedures_forget(struct vepc *vepc, u64 below)
{
    while (vepc->procedure_oldest < below)
        forget_oldest(vepc);
}

void procedures_expire(struct vepc *vepc)
{
    while (vepc->procedure_oldest < vepc->procedure_next &&
           procedures_at(vepc, vepc->procedure_oldest)->deadline_ns <= vepc->now_ns)
        forget_oldest(vepc);
}
