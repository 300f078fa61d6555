/* Replays a trace, operation by operation. The mirror of loader/portvnf/trace/replay.py. */
#include "replay_state.h"

#include <errno.h>
#include <stdlib.h>

#include "sha256.h"

static i64 write_counters(struct pv_replay *replay)
{
    i64 count = replay->calls->counters(replay->active.base, NULL, 0);
    if (count < 0 || count > 0xffff)
        return pv_fail(replay->sentence, EIO, "the VNF states %lld counters", count);
    u64 *values = calloc((u64)count + 1, sizeof *values);
    if (!values)
        return pv_fail(replay->sentence, ENOMEM, "there is no memory for %lld counters", count);
    replay->calls->counters(replay->active.base, values, (u64)count);
    pv_octets_u16(&replay->result.body, (u64)count);
    for (i64 i = 0; i < count; i++)
        pv_octets_u64(&replay->result.body, values[i]);
    free(values);
    return 0;
}

static i64 perform(struct pv_replay *replay, struct pv_operation *operation)
{
    switch (operation->kind) {
    case PV_TRACE_BURST:
    case PV_TRACE_TICK:
        return pv_replay_burst(replay, operation);
    case PV_TRACE_EPOCH:
        pv_octets_u64(&replay->result.body, (u64)replay->calls->epoch(replay->active.base));
        return 0;
    case PV_TRACE_EXPORT:
        return pv_replay_export(replay, operation);
    case PV_TRACE_MOVE:
        return pv_replay_move(replay, operation);
    case PV_TRACE_STAGE:
        return pv_replay_stage(replay, operation);
    case PV_TRACE_SWITCH:
        return pv_replay_switch(replay, operation);
    case PV_TRACE_IMPORT:
        return pv_replay_import(replay, operation);
    default:
        return write_counters(replay);
    }
}

static i64 run(struct pv_replay *replay)
{
    struct pv_operation operation;
    while (pv_trace_next(&replay->trace, &operation)) {
        i64 result = perform(replay, &operation);
        if (result < 0) {
            pv_result_abandon(&replay->result);
            return result;
        }
        pv_result_outcome(&replay->result, operation.kind);
    }
    return pv_result_end(&replay->result, replay->sentence);
}

i64 pv_replay(const struct pv_vnf_calls *calls, const u8 *trace, u64 length, u64 fill,
              const char *output, char *error, u64 error_size)
{
    struct pv_sentence sentence = {error, error_size};
    i64 abi = calls->abi_version();
    if (abi != PV_ABI_VERSION)
        return pv_fail(sentence, EINVAL, "the VNF was built for host ABI %lld; this host speaks %d",
                       abi, PV_ABI_VERSION);
    struct pv_replay *replay = calloc(1, sizeof *replay);
    if (!replay)
        return pv_fail(sentence, ENOMEM, "there is no memory for a replay");
    replay->calls = calls;
    replay->sentence = sentence;
    replay->fill = (u8)fill;
    u8 digest[PV_SHA256_BYTES];
    pv_sha256(trace, length, digest);
    i64 result = pv_trace_open(&replay->trace, trace, length, sentence);
    if (result == 0)
        result = pv_replay_open_buffers(replay);
    if (result == 0)
        result = pv_arena_make(&replay->active, calls, replay->trace.config,
                               replay->trace.config_length, replay->trace.start_ns, sentence);
    if (result == 0)
        result = pv_result_begin(&replay->result, output, digest, replay->active.length, sentence);
    if (result == 0)
        result = run(replay);
    if (result == 0)
        result = (i64)replay->trace.packets;
    pv_arena_discard(&replay->active);
    pv_arena_discard(&replay->standby);
    pv_octets_free(&replay->section);
    free(replay->buffers);
    free(replay);
    return result;
}
