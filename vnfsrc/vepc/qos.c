/* Quality of service: see qos.h. */
#include "qos.h"

#include "sessions.h"

/* Sixteenths of a ns that a byte takes at 1 kbit/s. */
#define COST_OF_KBIT (16ull * 8000000)

/* QCIs of guaranteed bit rate, as a bit each: 1 .. 4, 65 .. 67, 71 .. 76, 82 .. 85. */
#define GBR_LOW 0x1eull
#define GBR_HIGH (7ull << 1 | 0x3full << 7 | 0xfull << 18) /* from 64 on */

u64 qos_footprint(u64 bearers)
{
    return memory_round((bearers / BUCKET_BLOCK + 1) * sizeof(struct bucket_block));
}

void qos_init(struct vepc *vepc, u8 *memory)
{
    vepc->bucket_block = pv_native(memory);
    vepc->bucket_burst = (u64)vepc->config.burst_ms * 1000000 * 16;
    for (u64 i = 0; i < vepc->config.markings_count; i++)
        vepc->marking[vepc->config.markings[i].qci] = vepc->config.markings[i].dscp;
}

int qos_is_gbr(const struct vepc_qos *qos)
{
    if (qos->qci < 64)
        return GBR_LOW >> (qos->qci & 63) & 1;
    if (qos->qci < 128)
        return GBR_HIGH >> (qos->qci & 63) & 1;
    return qos->gbr_uplink != 0 || qos->gbr_downlink != 0; /* the operator's own */
}

static u64 cost_of(const struct vepc *vepc, u64 kbit_s)
{
    if (kbit_s == 0 || vepc->config.mode == VEPC_CONFIG_MODE_SGW)
        return 0;
    return (COST_OF_KBIT << COST_SHIFT) / kbit_s;
}

/* Gives a bucket another rate. What it lacks stays the same number of bytes, at most all
 * that the new bucket holds. */
static void set_rate(struct vepc *vepc, struct bucket *bucket, u64 bearer_slot, u64 kbit_s)
{
    u64 now = vepc->now_ns * 16;
    u64 old = bucket->cost;
    u64 cost = cost_of(vepc, kbit_s);
    if (cost == old)
        return;
    bucket->cost = cost;
    u64 left = bucket->full > now ? bucket->full - now : 0;
    if (cost != 0 && old != 0 && left != 0) {
        u64 depth = bucket_depth(vepc, cost, 0);
        u64 bytes = left >> (64 - COST_SHIFT) ? ~0ull : (left << COST_SHIFT) / old;
        u64 most = (depth << COST_SHIFT) / cost;
        left = bytes < most ? (bytes * cost) >> COST_SHIFT : depth;
        bucket->full = now + left;
        bucket_note(vepc, bearer_slot, bucket->full);
    } else if (cost == 0) {
        bucket->full = 0;
    }
}

/* A bearer's buckets and markings; `lead` is its session's default bearer. */
static void police(struct vepc *vepc, u64 slot, u64 lead)
{
    const struct bearer *bearer = &vepc->bearer[slot];
    const struct session *session = &vepc->session[bearer->session];
    struct uplink *uplink = &vepc->uplink[slot];
    struct downlink *downlink = &vepc->downlink[slot];
    int alone = slot != lead && qos_is_gbr(&bearer->qos);
    u64 up = slot == lead ? session->ambr_uplink : alone ? bearer->qos.mbr_uplink : 0;
    u64 down = slot == lead ? session->ambr_downlink : alone ? bearer->qos.mbr_downlink : 0;
    set_rate(vepc, &uplink->bucket, slot, up);
    set_rate(vepc, &downlink->bucket, slot, down);
    uplink->policed_by = (u32)(alone ? slot : lead);
    downlink->policed_by = uplink->policed_by;
    uplink->dscp = vepc->marking[bearer->qos.qci];
    downlink->dscp = uplink->dscp;
}

void session_police(struct vepc *vepc, u64 session_slot)
{
    const struct session *session = &vepc->session[session_slot];
    const struct ue *ue = &vepc->ue[session->ue];
    u64 lead = ue_find_bearer(ue, session->lbi);
    if (lead == CONTEXTS_NONE)
        return; /* while importing: its other bearers wait for it */
    for (u64 ebi = EBI_PLACE_FIRST; ebi <= EBI_LAST; ebi++) {
        u64 slot = ue_find_bearer(ue, ebi);
        if (slot != CONTEXTS_NONE && (slot == lead || vepc->bearer[slot].session == session_slot))
            police(vepc, slot, lead);
    }
}

void bearer_set_qos(struct vepc *vepc, u64 bearer_slot, const struct vepc_qos *qos)
{
    vepc->bearer[bearer_slot].qos = *qos;
    session_police(vepc, vepc->bearer[bearer_slot].session);
}

void session_set_ambr(struct vepc *vepc, u64 session_slot, u32 uplink, u32 downlink)
{
    vepc->session[session_slot].ambr_uplink = uplink;
    vepc->session[session_slot].ambr_downlink = downlink;
    session_police(vepc, session_slot);
}
