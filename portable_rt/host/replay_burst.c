/* Replaying bursts. The mirror of loader/portvnf/burst.py. */
#include "replay_state.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static u8 *buffer_of(const struct pv_replay *replay, u64 i)
{
    return replay->buffers + i * replay->trace.capacity;
}

i64 pv_replay_open_buffers(struct pv_replay *replay)
{
    u64 size = PV_REPLAY_PACKETS * replay->trace.capacity;
    replay->buffers = malloc(size);
    if (!replay->buffers)
        return pv_fail(replay->sentence, ENOMEM, "there is no memory for packet buffers");
    memset(replay->buffers, replay->fill, size);
    return 0;
}

/* Everything as it is before a call, whatever the VNF made of it in the last one. */
static void prepare(struct pv_replay *replay, u64 now_ns, u64 count)
{
    struct pv_burst *burst = &replay->burst;
    for (u64 i = 0; i < PV_REPLAY_PACKETS; i++) {
        replay->packets[i] = (struct pv_packet){
            .base = buffer_of(replay, i),
            .capacity = (u32)replay->trace.capacity,
            .offset = PV_HEADROOM,
        };
        if (i < PV_BURST_MAX)
            burst->in[i] = &replay->packets[i];
        else
            burst->spare[i - PV_BURST_MAX] = &replay->packets[i];
    }
    memset(burst->out, 0, sizeof burst->out);
    burst->now_ns = now_ns;
    burst->in_count = count;
    burst->spare_count = PV_SPARE_MAX;
    burst->out_count = 0;
    for (u64 i = 0; i < replay->sent_count; i++)
        memset(buffer_of(replay, replay->sent[i]), replay->fill, replay->trace.capacity);
    memset(replay->buffers, replay->fill, count * replay->trace.capacity);
}

/* Which of ours an output packet is; PV_REPLAY_PACKETS when a host could not send it. */
static u64 number_of(const struct pv_replay *replay, const struct pv_packet *packet)
{
    u64 distance = (uintptr_t)packet - (uintptr_t)replay->packets;
    u64 i = distance / sizeof *packet;
    if (distance >= sizeof replay->packets || distance % sizeof *packet != 0)
        return PV_REPLAY_PACKETS;
    if (packet->base != buffer_of(replay, i) || packet->length == 0)
        return PV_REPLAY_PACKETS;
    int inside = (u64)packet->offset + packet->length <= replay->trace.capacity;
    return inside ? i : PV_REPLAY_PACKETS;
}

static void write_packet(struct pv_octets *body, const struct pv_packet *packet)
{
    pv_octets_u16(body, packet->port);
    pv_octets_u32(body, packet->length);
    pv_octets_raw(body, packet->base + packet->offset, packet->length);
}

static void write_outcome(struct pv_replay *replay, u64 in_count, i64 wait_ns)
{
    const struct pv_burst *burst = &replay->burst;
    struct pv_octets *body = &replay->result.body;
    u64 count = burst->out_count < PV_OUT_MAX ? burst->out_count : PV_OUT_MAX;
    replay->sent_count = 0;
    for (u64 i = 0; i < count; i++) {
        u64 number = number_of(replay, burst->out[i]);
        if (number < PV_REPLAY_PACKETS)
            replay->sent[replay->sent_count++] = number;
    }
    u64 refused = burst->out_count - replay->sent_count;
    pv_octets_u64(body, (u64)wait_ns);
    pv_octets_u16(body, refused < 0xffff ? refused : 0xffff);
    pv_octets_u16(body, in_count);
    for (u64 i = 0; i < in_count; i++)
        pv_octets_u16(body, replay->packets[i].reason);
    pv_octets_u16(body, replay->sent_count);
    for (u64 i = 0; i < replay->sent_count; i++)
        write_packet(body, &replay->packets[replay->sent[i]]);
}

i64 pv_replay_burst(struct pv_replay *replay, struct pv_operation *operation)
{
    prepare(replay, operation->now_ns, operation->count);
    for (u64 i = 0; i < operation->count; i++) {
        struct pv_trace_item item = pv_trace_item(operation);
        struct pv_packet *packet = &replay->packets[i];
        packet->port = (u16)item.number;
        packet->length = (u32)item.length;
        if (item.length)
            memcpy(packet->base + PV_HEADROOM, item.data, item.length);
    }
    i64 wait_ns = replay->calls->burst(replay->active.base, &replay->burst);
    write_outcome(replay, operation->count, wait_ns);
    return 0;
}
