/* Reading traces. A trace is checked as a whole before anything of it is replayed. */
#include "trace_reader.h"

#include <errno.h>
#include <string.h>

#define TIME_MAX 0x7fffffffffffffffull

struct block {
    u64 kind;
    struct pv_reader body;
};

static struct block read_block(struct pv_reader *in)
{
    struct block block = {pv_read_u8(in), {0}};
    u64 length = pv_read_u32(in);
    block.body.at = pv_take(in, length);
    block.body.left = in->error ? 0 : length;
    block.body.error = in->error;
    return block;
}

/* Takes a list of sections; 0 when it is too long. */
static int read_sections(struct pv_reader *in, struct pv_section_list *sections)
{
    sections->count = pv_read_u16(in);
    if (sections->count > PV_TRACE_SECTIONS_MAX)
        return 0;
    for (u64 i = 0; i < sections->count; i++)
        sections->numbers[i] = pv_read_u16(in);
    return 1;
}

static struct pv_trace_item read_item(struct pv_reader *in)
{
    struct pv_trace_item item = {pv_read_u16(in), 0, 0};
    u64 length = pv_read_u32(in);
    item.data = pv_take(in, length);
    item.length = in->error ? 0 : length;
    return item;
}

/* Takes an operation apart; NULL, or what is wrong with it. `in` is left at its items. */
static const char *read_operation(struct pv_reader *in, u64 kind, struct pv_operation *op)
{
    *op = (struct pv_operation){.kind = kind};
    if (kind == PV_TRACE_EPOCH || kind == PV_TRACE_COUNTERS)
        return NULL;
    if (kind < PV_TRACE_BURST || kind > PV_TRACE_COUNTERS)
        return "there is no such operation";
    if (kind == PV_TRACE_EXPORT)
        op->flags = pv_read_u8(in);
    else
        op->now_ns = pv_read_u64(in);
    if (op->flags & ~(u64)PV_TRACE_WITH_BYTES)
        return "unknown flags";
    if (kind == PV_TRACE_EXPORT || kind == PV_TRACE_STAGE) {
        op->since = pv_read_u64(in);
        op->until = pv_read_u64(in);
        if (!read_sections(in, &op->sections))
            return "a list of sections is too long";
    }
    if (kind == PV_TRACE_BURST || kind == PV_TRACE_IMPORT)
        op->count = pv_read_u16(in);
    op->items = *in;
    if (kind == PV_TRACE_BURST && in->error == 0 && (op->count < 1 || op->count > PV_BURST_MAX))
        return "a burst has 1 to 64 packets";
    if (kind == PV_TRACE_IMPORT && op->count > PV_TRACE_SECTIONS_MAX)
        return "a list of sections is too long";
    return NULL;
}

static const char *check_items(struct pv_reader *in, const struct pv_operation *op, u64 capacity)
{
    for (u64 i = 0; i < op->count; i++) {
        struct pv_trace_item item = read_item(in);
        if (op->kind == PV_TRACE_BURST && PV_HEADROOM + item.length > capacity)
            return "a packet does not fit its buffer";
    }
    return NULL;
}

/* Checks the operation in `block`; NULL, or what is wrong with it. */
static const char *check_operation(struct pv_trace *trace, struct block *block, u64 *now_ns)
{
    struct pv_operation op;
    const char *wrong = read_operation(&block->body, block->kind, &op);
    if (!wrong)
        wrong = check_items(&block->body, &op, trace->capacity);
    if (wrong || block->body.error)
        return wrong ? wrong : "it ends too soon";
    if (block->body.left)
        return "bytes are left over";
    int timed =
        op.kind != PV_TRACE_EPOCH && op.kind != PV_TRACE_EXPORT && op.kind != PV_TRACE_COUNTERS;
    if (timed && (op.now_ns < *now_ns || op.now_ns > TIME_MAX))
        return "time goes back, or beyond its end";
    if (timed)
        *now_ns = op.now_ns;
    trace->packets += op.kind == PV_TRACE_BURST ? op.count : 0;
    return NULL;
}

static const char *check_end(struct block *block, u64 count, const struct pv_reader *in)
{
    u64 stated = pv_read_u64(&block->body);
    if (block->body.error)
        return "it ends too soon";
    if (stated != count)
        return "the number of operations is not what the end states";
    return block->body.left || in->left ? "bytes are left over" : NULL;
}

static const char *check_operations(struct pv_trace *trace, struct pv_reader *in)
{
    u64 now_ns = trace->start_ns;
    for (u64 count = 0;; count++) {
        struct block block = read_block(in);
        if (in->error)
            return "it ends too soon";
        const char *wrong = block.kind == PV_TRACE_END ? check_end(&block, count, in)
                                                       : check_operation(trace, &block, &now_ns);
        if (wrong || block.kind == PV_TRACE_END)
            return wrong;
    }
}

static const char *read_header(struct pv_trace *trace, struct pv_reader *in)
{
    const u8 *magic = pv_take(in, sizeof PV_TRACE_MAGIC_TEXT);
    if (!magic || memcmp(magic, PV_TRACE_MAGIC_TEXT, sizeof PV_TRACE_MAGIC_TEXT) != 0)
        return "this is no trace";
    if (pv_read_u16(in) != PV_TRACE_VERSION)
        return "another version of the format";
    trace->capacity = pv_read_u32(in);
    if (trace->capacity < PV_CAPACITY_MIN || trace->capacity > PV_TRACE_CAPACITY_MAX)
        return "no packet buffer has this size";
    trace->start_ns = pv_read_u64(in);
    if (trace->start_ns > TIME_MAX)
        return "time goes beyond its end";
    if (!read_sections(in, &trace->sections))
        return "a list of sections is too long";
    trace->config_length = pv_read_u32(in);
    trace->config = pv_take(in, trace->config_length);
    if (trace->config_length > PV_TRACE_CONFIG_MAX)
        return "the configuration is too long";
    return in->error ? "it ends too soon" : NULL;
}

i64 pv_trace_open(struct pv_trace *trace, const u8 *data, u64 length, struct pv_sentence sentence)
{
    *trace = (struct pv_trace){0};
    struct pv_reader in = {data, length, 0, 0};
    const char *wrong = read_header(trace, &in);
    if (!wrong) {
        trace->position = in;
        wrong = check_operations(trace, &in);
    }
    if (wrong)
        return pv_fail(sentence, EINVAL, "the trace, byte %llu: %s", length - in.left, wrong);
    return 0;
}

int pv_trace_next(struct pv_trace *trace, struct pv_operation *operation)
{
    struct block block = read_block(&trace->position);
    if (block.kind == PV_TRACE_END)
        return 0;
    read_operation(&block.body, block.kind, operation);
    return 1;
}

struct pv_trace_item pv_trace_item(struct pv_operation *operation)
{
    return read_item(&operation->items);
}
