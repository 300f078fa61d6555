/* Modify Bearer, Modify Access Bearers and Release Access Bearers (TS 29.274, 7.2.7, 7.2.8,
 * 7.2.21, 7.2.22, 7.2.24, 7.2.25): where a UE's downlink packets go. */
#include "access.h"
#include "gtpc.h"
#include "gtpu.h"
#include "notification.h"
#include "paging.h"
#include "paths.h"
#include "policy.h"
#include "sessions.h"
#include "sgw.h"
#include "ue_information.h"

/* One bearer context of the request: what it names, and what becomes of it. */
struct change {
    u64 bearer; /* slot, or CONTEXTS_NONE */
    struct vepc_tunnel enb;
    u8 ebi;
    u8 cause;
};

/* Most bearers of a UE; no EBI comes twice, so no more contexts are read. */
#define CHANGES_MAX EBI_COUNT

/* Instances of the Bearer Context IE in the request and in the answer (table 7.2.7-1). */
#define INSTANCE_MODIFIED 0
#define INSTANCE_REMOVED 1

struct changes {
    u64 count;
    u64 found; /* those that name a bearer of the UE */
    struct change change[CHANGES_MAX];
};

static struct refusal read_change(const struct vepc *vepc, const struct ue *ue, struct ie context,
                                  struct change *change)
{
    struct access access;
    struct ie ie;
    access_of(vepc, &access);
    if (!ies_well_formed(context))
        return refuse(CAUSE_MANDATORY_IE_INCORRECT, IE_BEARER_CONTEXT, 0);
    if (!ies_find(context, IE_EBI, 0, &ie))
        return refuse(CAUSE_MANDATORY_IE_MISSING, IE_EBI, 0);
    change->ebi = ie_read_ebi(ie);
    if (change->ebi == 0)
        return refuse(CAUSE_MANDATORY_IE_INCORRECT, IE_EBI, 0);
    __builtin_memset(&change->enb, 0, sizeof change->enb);
    if (ies_find(context, IE_F_TEID, access.modify_instance, &ie) &&
        !ie_read_f_teid(ie, access.tunnel, access.user, &change->enb))
        return refuse(CAUSE_MANDATORY_IE_INCORRECT, IE_F_TEID, access.modify_instance);
    change->bearer = ue_find_bearer(ue, change->ebi);
    change->cause = change->bearer == CONTEXTS_NONE ? CAUSE_CONTEXT_NOT_FOUND : CAUSE_ACCEPTED;
    return refuse(CAUSE_ACCEPTED, 0, 0);
}

/* Reads the bearer contexts of one instance. A bearer named twice is refused: there is no
 * telling which one is meant. */
static struct refusal read_changes(const struct request *request, const struct ue *ue, u8 instance,
                                   struct changes *changes)
{
    const struct vepc *vepc = request->turn->vepc;
    struct ie ie;
    while (ies_find_nth(request->ies, IE_BEARER_CONTEXT, instance, changes->count, &ie)) {
        struct change change;
        struct refusal refusal = read_change(vepc, ue, ie, &change);
        if (refusal.cause != CAUSE_ACCEPTED)
            return refusal;
        /* An S-GW speaks of the PDN connection that the message's TEID names, no other. */
        if (is_pgw(vepc) && change.bearer != CONTEXTS_NONE &&
            vepc->sessions.teid[vepc->bearer[change.bearer].session] != request->teid) {
            change.bearer = CONTEXTS_NONE;
            change.cause = CAUSE_CONTEXT_NOT_FOUND;
        }
        for (u64 i = 0; i < changes->count; i++)
            if (changes->change[i].ebi == change.ebi)
                return refuse(CAUSE_MANDATORY_IE_INCORRECT, IE_EBI, 0);
        changes->found += change.cause == CAUSE_ACCEPTED;
        changes->change[changes->count++] = change;
    }
    return refuse(CAUSE_ACCEPTED, 0, 0);
}

/* A bearer that moves to another eNodeB, or S-GW, leaves an End Marker at the old one, behind
 * the last packet sent there (TS 23.401, 5.5.1.1.2 and 5.5.1.1.3). */
void gtpc_switch_bearer(struct turn *turn, u64 bearer, const struct vepc_tunnel *enb)
{
    struct vepc *vepc = turn->vepc;
    const struct downlink *downlink = &vepc->downlink[bearer];
    struct vepc_tunnel old = {downlink->teid, downlink->address};
    int moves = old.teid != enb->teid || !address_equal(&old.address, &enb->address);
    if (downlink->connected && moves)
        gtpu_send_end_marker(turn, &old);
    bearer_set_enb(vepc, bearer, enb, 1);
    policy_connected(vepc, bearer);
    gtpu_answer_solicitation(turn, bearer);
}

static void write_bearer(struct ie_writer *w, const struct vepc *vepc, u8 instance,
                         const struct change *change)
{
    u64 context = ie_begin(w, IE_BEARER_CONTEXT, instance);
    ie_write_u8(w, IE_EBI, change->ebi);
    ie_write_cause(w, refuse(change->cause, 0, 0));
    if (change->bearer != CONTEXTS_NONE && instance == INSTANCE_MODIFIED) {
        u32 teid = vepc->bearers.teid[change->bearer];
        if (is_pgw(vepc))
            ie_write_u32(w, IE_CHARGING_ID, vepc->bearer[change->bearer].charging_id);
        else
            ie_write_f_teid(w, 0, S1U_SGW, teid, &vepc->config.s1u);
    }
    ie_end(w, context);
}

/* The MME that serves a UE or, at a P-GW, the S-GW that serves the session. */
static struct vepc_tunnel *server_of(struct vepc *vepc, const struct request *request, u64 ue)
{
    if (is_pgw(vepc))
        return &vepc->session[contexts_find(&vepc->sessions, request->teid)].peer;
    return &vepc->ue[ue].mme;
}

/* Another MME, or S-GW, serves from now on. */
static void set_server(const struct request *request, u64 ue, const struct vepc_tunnel *server)
{
    struct vepc *vepc = request->turn->vepc;
    paths_get(vepc, &server->address, VEPC_PATH_PLANE_GTP_C);
    gtpc_learn_restart(request, &server->address);
    if (is_pgw(vepc))
        session_set_peer(vepc, contexts_find(&vepc->sessions, request->teid), server);
    else
        ue_set_mme(vepc, &vepc->ue[ue], server);
}

/* Another S-GW learns the UE's number from the P-GW (table 7.2.8-1). */
static void write_msisdn(struct ie_writer *w, const struct ue *ue)
{
    if (ue->msisdn_length == 0)
        return;
    u64 ie = ie_begin(w, IE_MSISDN, 0);
    ie_put_octets(w, ue->msisdn, ue->msisdn_length);
    ie_end(w, ie);
}

/* Adds the bearers that a request named. */
static void list_named(const struct vepc *vepc, const struct changes *changes,
                       struct sgw_modified *modified)
{
    for (u64 i = 0; i < changes->count && modified->bearers_count < CHANGES_MAX; i++) {
        const struct change *change = &changes->change[i];
        modified->bearers[modified->bearers_count++] = change->bearer == CONTEXTS_NONE
                                                           ? SGW_UNKNOWN_BEARER(change->ebi)
                                                           : vepc->bearers.teid[change->bearer];
    }
}

struct refusal gtpc_modify_bearer(struct request *request, struct response *response)
{
    struct vepc *vepc = request->turn->vepc;
    u64 slot = gtpc_find_context(request, response);
    if (slot == CONTEXTS_NONE)
        return refuse(CAUSE_CONTEXT_NOT_FOUND, 0, 0);
    struct ue *ue = &vepc->ue[slot];
    const struct vepc_tunnel *known = server_of(vepc, request, slot);
    struct vepc_tunnel server = *known;
    struct access access;
    struct ie ie;
    access_of(vepc, &access);
    if (ies_find(request->ies, IE_F_TEID, 0, &ie) &&
        !ie_read_f_teid(ie, access.sender, access.control, &server))
        return refuse(CAUSE_MANDATORY_IE_INCORRECT, IE_F_TEID, 0);

    struct changes modified = {.count = 0, .found = 0};
    struct changes removed = {.count = 0, .found = 0};
    struct refusal refusal = read_changes(request, ue, INSTANCE_MODIFIED, &modified);
    if (refusal.cause == CAUSE_ACCEPTED)
        refusal = read_changes(request, ue, INSTANCE_REMOVED, &removed);
    if (refusal.cause != CAUSE_ACCEPTED)
        return refusal;
    u64 asked = modified.count + removed.count;
    u64 found = modified.found + removed.found;
    if (asked > 0 && found == 0)
        return refuse(CAUSE_CONTEXT_NOT_FOUND, IE_BEARER_CONTEXT, 0);
    int moved = server.teid != known->teid || !address_equal(&server.address, &known->address);
    if (!moved) { /* what it made before a restart that it tells of here is lost, too */
        gtpc_learn_restart(request, &known->address);
        if (gtpc_is_lost(request, slot)) {
            response->teid = 0;
            return refuse(CAUSE_CONTEXT_NOT_FOUND, 0, 0);
        }
    }

    /* What the target eNodeB did not accept has no eNodeB, though the UE is connected; the MME
     * has the bearer deleted by a procedure of its own (TS 23.401, 5.5.1.1.2). */
    struct vepc_tunnel none = {0, {0, 0}};
    u64 connected = 0;
    int was_idle = !paging_is_connected(vepc, slot);
    u8 cause = found == asked ? CAUSE_ACCEPTED : CAUSE_ACCEPTED_PARTIALLY;
    ie_write_cause(&response->ies, refuse(cause, 0, 0));
    for (u64 i = 0; i < modified.count; i++) {
        if (modified.change[i].cause == CAUSE_ACCEPTED &&
            address_is_set(&modified.change[i].enb.address)) {
            gtpc_switch_bearer(request->turn, modified.change[i].bearer, &modified.change[i].enb);
            connected++;
        }
        write_bearer(&response->ies, vepc, INSTANCE_MODIFIED, &modified.change[i]);
    }
    for (u64 i = 0; i < removed.count; i++) {
        if (removed.change[i].cause == CAUSE_ACCEPTED)
            bearer_set_enb(vepc, removed.change[i].bearer, &none, 0);
        write_bearer(&response->ies, vepc, INSTANCE_REMOVED, &removed.change[i]);
    }
    if (moved)
        set_server(request, slot, &server);
    if (moved && is_pgw(vepc))
        write_msisdn(&response->ies, ue);
    struct sgw_modified told = {.bearers_count = 0, .before = *ue};
    ue_learn(request, ue);
    ue_touch(vepc, slot);
    if (connected && was_idle)
        notification_learn_delay(vepc, &server.address, request->ies);
    if (is_pgw(vepc) && ue->suspended) /* the S-GW says so by asking anything */
        ue_set_suspended(vepc, slot, 0);
    if (connected) {
        ue_set_suspended(vepc, slot, 0);
        paging_connected(vepc, slot);
    } else if (moved) {
        paging_moved(vepc, slot);
    }
    response->teid = server.teid;
    if (is_sgw(vepc)) {
        list_named(vepc, &modified, &told);
        list_named(vepc, &removed, &told);
        if (sgw_tell_pgws(request, slot, &told).cause == CAUSE_LATER)
            return refuse(CAUSE_LATER, 0, 0);
    }
    return refuse(cause, 0, 0);
}

/* Releases only the bearers that the request lists. Returns 0 when it lists none. */
static int release_listed(const struct request *request, const struct ue *ue)
{
    struct ie ie;
    u64 listed = 0;
    for (; listed < CHANGES_MAX && ies_find_nth(request->ies, IE_EBI, 0, listed, &ie); listed++) {
        u8 ebi = ie_read_ebi(ie);
        u64 bearer = ebi ? ue_find_bearer(ue, ebi) : CONTEXTS_NONE;
        if (bearer != CONTEXTS_NONE)
            request->turn->vepc->downlink[bearer].connected = 0;
    }
    return listed > 0;
}

struct refusal gtpc_release_access_bearers(struct request *request, struct response *response)
{
    struct vepc *vepc = request->turn->vepc;
    u64 slot = gtpc_find_ue(request, response);
    if (slot == CONTEXTS_NONE)
        return refuse(CAUSE_CONTEXT_NOT_FOUND, 0, 0);
    if (!release_listed(request, &vepc->ue[slot]))
        ue_release_bearers(vepc, slot);
    ue_touch(vepc, slot);
    paging_idle(vepc, slot);
    ie_write_cause(&response->ies, refuse(CAUSE_ACCEPTED, 0, 0));
    return refuse(CAUSE_ACCEPTED, 0, 0);
}
