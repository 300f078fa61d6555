/* Replaying what moves state: exports, and imports into a standby arena. */
#include "replay_state.h"

#include <errno.h>
#include <string.h>

#include "sha256.h"

struct import_outcome {
    i64 status;
    u64 section;
    u64 failed;
    u64 field;
    u64 records;
};

static void write_import(struct pv_replay *replay, const struct import_outcome *outcome)
{
    struct pv_octets *body = &replay->result.body;
    pv_octets_u64(body, (u64)outcome->status);
    pv_octets_u16(body, outcome->section);
    pv_octets_u64(body, outcome->failed);
    pv_octets_u64(body, outcome->field);
    pv_octets_u64(body, outcome->records);
}

/* Exports a section into replay->section. *status is 0 or the VNF's error; a negative
 * result ends the replay. */
static i64 take_section(struct pv_replay *replay, u64 section, u64 since, u64 until, u64 *records,
                        i64 *status)
{
    struct pv_octets *data = &replay->section;
    struct pv_export step = {.section = section, .since = since, .until = until, .more = 1};
    data->length = 0;
    *records = 0;
    *status = 0;
    while (step.more) {
        step.capacity = PV_TRACE_EXPORT_BUFFER;
        step.buffer = pv_octets_reserve(data, step.capacity);
        if (!step.buffer)
            return pv_fail(replay->sentence, ENOMEM, "there is no memory for section %llu",
                           section);
        *status = replay->calls->export_step(replay->active.base, &step);
        if (*status < 0)
            return 0;
        if (step.length > PV_TRACE_EXPORT_BUFFER)
            return pv_fail(replay->sentence, EIO,
                           "the VNF exports %llu bytes of section %llu into a smaller buffer",
                           step.length, section);
        data->length += step.length;
        *records += step.records;
    }
    return 0;
}

i64 pv_replay_export(struct pv_replay *replay, const struct pv_operation *operation)
{
    /* The status stands first and is known last. */
    struct pv_octets parts = {0};
    u64 count = 0;
    i64 status = 0;
    i64 result = 0;
    for (; count < operation->sections.count; count++) {
        u64 section = operation->sections.numbers[count];
        u64 records;
        result =
            take_section(replay, section, operation->since, operation->until, &records, &status);
        if (result < 0 || status < 0)
            break;
        const struct pv_octets *data = &replay->section;
        u8 digest[PV_SHA256_BYTES];
        pv_sha256(data->data, data->length, digest);
        pv_octets_u16(&parts, section);
        pv_octets_u64(&parts, records);
        pv_octets_u64(&parts, data->length);
        pv_octets_raw(&parts, digest, sizeof digest);
        u64 kept = operation->flags & PV_TRACE_WITH_BYTES ? data->length : 0;
        pv_octets_u32(&parts, kept);
        pv_octets_raw(&parts, data->data, kept);
    }
    struct pv_octets *body = &replay->result.body;
    pv_octets_u64(body, (u64)status);
    pv_octets_u16(body, count);
    pv_octets_raw(body, parts.data, parts.length);
    if (result == 0 && parts.short_of_memory)
        result = pv_fail(replay->sentence, ENOMEM, "there is no memory for an export");
    pv_octets_free(&parts);
    return result;
}

static i64 open_standby(struct pv_replay *replay, u64 now_ns)
{
    if (replay->standby.base)
        return 0;
    return pv_arena_make(&replay->standby, replay->calls, replay->trace.config,
                         replay->trace.config_length, now_ns, replay->sentence);
}

/* Imports one section whole; when the VNF refuses it the standby is gone. */
static void import_section(struct pv_replay *replay, u64 section, const u8 *data, u64 length,
                           u64 now_ns, struct import_outcome *outcome)
{
    static const u8 nothing[1];
    struct pv_import step = {.section = section,
                             .first = 1,
                             .length = length,
                             .now_ns = now_ns,
                             .buffer = length ? data : nothing};
    outcome->status = replay->calls->import_step(replay->standby.base, &step);
    outcome->records += step.records;
    if (outcome->status >= 0) {
        outcome->status = 0;
        return;
    }
    outcome->section = section;
    outcome->failed = step.failed;
    outcome->field = step.field;
    pv_arena_discard(&replay->standby);
}

static i64 stage(struct pv_replay *replay, const struct pv_section_list *sections, u64 since,
                 u64 until, u64 now_ns, struct import_outcome *outcome)
{
    i64 result = open_standby(replay, now_ns);
    for (u64 i = 0; i < sections->count && result == 0 && outcome->status == 0; i++) {
        u64 records;
        u64 section = sections->numbers[i];
        result = take_section(replay, section, since, until, &records, &outcome->status);
        if (result < 0)
            break;
        if (outcome->status < 0) {
            outcome->section = section;
            pv_arena_discard(&replay->standby);
            break;
        }
        import_section(replay, section, replay->section.data, replay->section.length, now_ns,
                       outcome);
    }
    return result;
}

static void switch_over(struct pv_replay *replay, u64 now_ns, struct import_outcome *outcome)
{
    if (!replay->standby.base) {
        outcome->status = -PV_ERROR_INCOMPLETE;
        return;
    }
    import_section(replay, PV_IMPORT_COMPLETE, NULL, 0, now_ns, outcome);
    if (outcome->status < 0)
        return;
    pv_arena_discard(&replay->active);
    replay->active = replay->standby;
    replay->standby = (struct pv_arena){0};
}

i64 pv_replay_move(struct pv_replay *replay, const struct pv_operation *operation)
{
    struct import_outcome outcome = {0};
    pv_arena_discard(&replay->standby);
    i64 result = stage(replay, &replay->trace.sections, 0, 0, operation->now_ns, &outcome);
    if (result == 0 && outcome.status == 0)
        switch_over(replay, operation->now_ns, &outcome);
    write_import(replay, &outcome);
    return result;
}

i64 pv_replay_stage(struct pv_replay *replay, const struct pv_operation *operation)
{
    struct import_outcome outcome = {0};
    i64 result = stage(replay, &operation->sections, operation->since, operation->until,
                       operation->now_ns, &outcome);
    write_import(replay, &outcome);
    return result;
}

i64 pv_replay_switch(struct pv_replay *replay, const struct pv_operation *operation)
{
    struct import_outcome outcome = {0};
    switch_over(replay, operation->now_ns, &outcome);
    write_import(replay, &outcome);
    return 0;
}

i64 pv_replay_import(struct pv_replay *replay, struct pv_operation *operation)
{
    struct import_outcome outcome = {0};
    pv_arena_discard(&replay->standby);
    i64 result = open_standby(replay, operation->now_ns);
    for (u64 i = 0; i < operation->count && result == 0 && outcome.status == 0; i++) {
        struct pv_trace_item item = pv_trace_item(operation);
        import_section(replay, item.number, item.data, item.length, operation->now_ns, &outcome);
    }
    if (result == 0 && outcome.status == 0)
        switch_over(replay, operation->now_ns, &outcome);
    write_import(replay, &outcome);
    return result;
}
