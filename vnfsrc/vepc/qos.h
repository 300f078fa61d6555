/* Quality of service: token buckets and marking.
 *
 * A bucket is kept by virtual scheduling: one time says all of it, that at which it will be
 * full again. A packet passes while the bucket is not empty; it costs its length at the
 * bucket's rate, which puts that time off, perhaps beyond the moment at which the bucket is
 * empty: what a packet takes too much, later ones wait for. So over any time T no more than
 * rate * T + burst + one packet passes, and all of the rate does for whoever sends more,
 * whatever the packets' sizes. There is no division per packet.
 *
 * The APN-AMBR polices all non-GBR bearers of a PDN connection together, in the bucket of
 * its default bearer; each GBR bearer is policed by its own MBR (TS 23.401, 4.7.3). A GBR is
 * not policed: it is what admission promised. An S-GW alone polices nothing.
 */
#ifndef VEPC_QOS_H
#define VEPC_QOS_H

#include "vepc.h"

/* Bucket costs are in 2^-20 sixteenths of a ns a byte: 10 Gbit/s are 12.8 sixteenths. */
#define COST_SHIFT 20

/* Bytes of memory for this many bearers, and their use. */
u64 qos_footprint(u64 bearers);
void qos_init(struct vepc *vepc, u8 *memory);

/* What a bearer's QoS asks of its packets' treatment, from here on: what left its bucket
 * stays left, in bytes. The bearer is linked. The caller calls ue_touch. */
void bearer_set_qos(struct vepc *vepc, u64 bearer_slot, const struct vepc_qos *qos);

/* The session's APN-AMBR, kbit/s, 0 for no limit; likewise. */
void session_set_ambr(struct vepc *vepc, u64 session_slot, u32 uplink, u32 downlink);

/* Sets buckets and markings of a session's bearers by its APN-AMBR and their QoS: once a
 * bearer was linked. */
void session_police(struct vepc *vepc, u64 session_slot);

/* Whether a bearer has a guaranteed bit rate, by its QCI (TS 23.203, table 6.1.7). */
int qos_is_gbr(const struct vepc_qos *qos);

/* Notes that a bucket of this bearer is not full until then. */
PV_INLINE void bucket_note(struct vepc *vepc, u64 bearer_slot, u64 full)
{
    struct bucket_block *block = &vepc->bucket_block[bearer_slot / BUCKET_BLOCK];
    u64 used = block->latest > vepc->now_ns * 16 ? block->used : 0;
    block->used = used | 1ull << (bearer_slot / BUCKET_GROUP & 63);
    if (block->latest < full)
        block->latest = full;
}

/* The first bearer, from this one on, whose bucket may not be full; or how far *budget, which
 * counts down, allowed to look. */
PV_INLINE u64 bucket_next(const struct vepc *vepc, u64 slot, u64 *budget)
{
    while (slot<vepc->bearers.capacity && * budget> 0) {
        const struct bucket_block *block = &vepc->bucket_block[slot / BUCKET_BLOCK];
        int full = block->latest <= vepc->now_ns * 16;
        if (slot % BUCKET_GROUP != 0 || (!full && (block->used >> (slot / BUCKET_GROUP & 63) & 1)))
            return slot;
        slot += full && slot % BUCKET_BLOCK == 0 ? BUCKET_BLOCK : BUCKET_GROUP;
        --*budget;
    }
    return slot;
}

/* How far off a bucket may be from being full and still let a packet of this length pass:
 * the burst size or, at slow rates, one packet. */
PV_INLINE u64 bucket_depth(const struct vepc *vepc, u64 cost, u64 length)
{
    u64 most = length > vepc->config.sgi_mtu ? length : vepc->config.sgi_mtu;
    u64 packet = (cost * most) >> COST_SHIFT;
    return vepc->bucket_burst > packet ? vepc->bucket_burst : packet;
}

/* Takes a packet of `length` bytes (at most 65535) out of the bucket of bearer
 * `policed_by`. Returns 0, having taken nothing, when the packet is too much. */
PV_INLINE int bucket_take(struct vepc *vepc, struct bucket *bucket, u64 policed_by, u64 length)
{
    u64 now = vepc->now_ns * 16;
    u64 cost = bucket->cost;
    if (cost == 0)
        return 1;
    u64 full = bucket->full > now ? bucket->full : now;
    if (full - now >= bucket_depth(vepc, cost, length))
        return 0;
    full += (cost * length + (1ull << (COST_SHIFT - 1))) >> COST_SHIFT;
    bucket->full = full;
    bucket_note(vepc, policed_by, full);
    return 1;
}

PV_INLINE int qos_police_uplink(struct vepc *vepc, const struct uplink *uplink, u64 length)
{
    u64 by = uplink->policed_by;
    return bucket_take(vepc, &vepc->uplink[by].bucket, by, length);
}

PV_INLINE int qos_police_downlink(struct vepc *vepc, const struct downlink *downlink, u64 length)
{
    u64 by = downlink->policed_by;
    return bucket_take(vepc, &vepc->downlink[by].bucket, by, length);
}

#endif
