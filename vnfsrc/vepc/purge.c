/* Deleting what a peer has lost: see purge.h. */
#include "purge.h"

#include "address.h"
#include "charging.h"
#include "paths.h"
#include "sessions.h"
#include "sgw.h"

/* UEs looked at and deleted in one burst. */
#define LOOK_MOST 2048
#define DELETE_MOST 32

#define SETS_MOST (sizeof(((struct purge *)0)->sets) / sizeof(struct vepc_connection_set))

/* An FQ-CSID begins with the kind of node identifier and the number of CSIDs, 2 octets each,
 * which follow the identifier. */
#define CSID_COUNT(value) ((u64)((value)[0] & 15))

void purge_begin(struct vepc *vepc)
{
    vepc->purge.left = vepc->ues.capacity;
}

static u64 node_length(const u8 *csid, u64 length)
{
    u64 csids = 2 * CSID_COUNT(csid);
    return length > csids ? length - csids : 0;
}

/* Whether two FQ-CSIDs have a node and a CSID in common. */
static int sets_meet(const u8 *a, u64 length_a, const u8 *b, u64 length_b)
{
    if (length_a == 0 || length_b == 0)
        return 0;
    u64 node = node_length(a, length_a);
    if (node == 0 || node != node_length(b, length_b) || (a[0] ^ b[0]) >> 4 != 0 ||
        !memory_equal(a + 1, b + 1, node - 1))
        return 0;
    for (u64 i = node; i < length_a; i += 2)
        for (u64 j = node; j < length_b; j += 2)
            if (pv_load_be16(a + i) == pv_load_be16(b + j))
                return 1;
    return 0;
}

int purge_add_set(struct vepc *vepc, const u8 *csid, u64 length)
{
    struct purge *purge = &vepc->purge;
    if (purge->sets_count == SETS_MOST)
        return 0;
    struct vepc_connection_set *set = &purge->sets[purge->sets_count++];
    set->csid_length = (u8)length;
    memory_copy(set->csid, csid, length);
    purge_begin(vepc);
    return 1;
}

/* Whether a peer has lost what it made since a restart. What was made while its counter was
 * not known came before the first one that was told. */
static int peer_lost(const struct vepc *vepc, const struct pv_address *peer, u8 known, u8 counter)
{
    const struct path *path = paths_find(vepc, peer, VEPC_PATH_PLANE_GTP_C);
    return path && path->purging && (!known || counter != path->restart_counter);
}

static int set_lost(const struct vepc *vepc, const struct ue *ue)
{
    for (u64 i = 0; i < vepc->purge.sets_count; i++)
        if (sets_meet(vepc->purge.sets[i].csid, vepc->purge.sets[i].csid_length, ue->mme_csid,
                      ue->mme_csid_length))
            return 1;
    return 0;
}

int purge_awaits(const struct vepc *vepc, u64 ue_slot)
{
    const struct ue *ue = &vepc->ue[ue_slot];
    return peer_lost(vepc, &ue->mme.address, ue->mme_restart_count, ue->mme_restart) ||
           set_lost(vepc, ue);
}

int purge_awaits_session(const struct vepc *vepc, u64 session_slot)
{
    const struct session *session = &vepc->session[session_slot];
    return peer_lost(vepc, &session->peer.address, session->peer_restart_count,
                     session->peer_restart);
}

/* Deletes a UE that its MME has lost, or those of its sessions that the other gateway has.
 * Returns 1 when there was something to delete. */
static int purge_ue(struct vepc *vepc, u64 slot)
{
    const struct ue *ue = &vepc->ue[slot];
    if (purge_awaits(vepc, slot)) {
        charging_end_ue(vepc, slot, CHARGING_ABNORMAL_RELEASE);
        sgw_end_at_pgws(vepc, slot);
        ue_delete(vepc, slot);
        return 1;
    }
    int deleted = 0;
    for (u32 next = ue->first_session; next != NO_SLOT;) {
        u64 this = next - 1;
        next = vepc->session[this].next;
        if (!purge_awaits_session(vepc, this))
            continue;
        charging_end_session(vepc, this, CHARGING_ABNORMAL_RELEASE);
        session_delete(vepc, this);
        deleted = 1;
    }
    if (ue->first_session == NO_SLOT)
        ue_delete(vepc, slot);
    return deleted;
}

static void end(struct vepc *vepc)
{
    vepc->purge.sets_count = 0;
    for (u64 i = 0; i < vepc->path_count; i++)
        vepc->path[i].purging = 0;
}

u64 purge_run(struct turn *turn)
{
    struct vepc *vepc = turn->vepc;
    struct purge *purge = &vepc->purge;
    u64 deleted = 0;
    if (purge->left == 0)
        return TIMER_IDLE_NS;
    for (u64 i = 0; i < LOOK_MOST && purge->left > 0 && deleted < DELETE_MOST; i++) {
        u64 slot = purge->next;
        purge->next = slot + 1 < vepc->ues.capacity ? slot + 1 : 0;
        purge->left--;
        if (vepc->ues.teid[slot] == 0 || !purge_ue(vepc, slot))
            continue;
        count(vepc, COUNT_ues_purged);
        deleted++;
    }
    if (purge->left == 0)
        end(vepc);
    return purge->left ? 0 : TIMER_IDLE_NS;
}
