/* Create Session (TS 29.274, 7.2.1 and 7.2.2; TS 23.401, 5.3.2.1): a UE's PDN connection
 * and its default bearer. */
#include "access.h"
#include "charging.h"
#include "gtpc.h"
#include "paths.h"
#include "pco.h"
#include "pools.h"
#include "sessions.h"
#include "ue_information.h"

#define PDN_TYPE_IPV4V6 3
#define APN_LONGEST 100

/* What a request asks for, once it is checked. */
struct wish {
    struct ie imsi;
    struct vepc_tunnel sender; /* the MME or, at a P-GW, the S-GW */
    struct vepc_tunnel enb;    /* likewise; without an address when there is none */
    u64 old_ue;                /* slot, or CONTEXTS_NONE */
    u32 same_context;          /* whether old_ue is kept and gets one more session */
    u8 ebi;
    u8 rat_type;
    u8 apn;
    u8 asked_type;
    u8 pdn_type;
    u32 ambr_uplink;
    u32 ambr_downlink;
    struct vepc_qos qos;
};

/* Turns an APN IE (RFC 1035 labels) into dotted lower case. Returns the length, 0 when it
 * is not an APN. */
static u64 read_apn(struct ie ie, u8 *name)
{
    u64 end = 0;
    if (ie.length == 0 || ie.length > APN_LONGEST)
        return 0;
    for (u64 at = 0; at < ie.length;) {
        u64 label = ie.value[at++];
        if (label == 0 || label > ie.length - at)
            return 0;
        if (end)
            name[end++] = '.';
        for (u64 i = 0; i < label; i++) {
            u8 c = ie.value[at + i];
            name[end++] = c >= 'A' && c <= 'Z' ? (u8)(c + 32) : c;
        }
        at += label;
    }
    return end;
}

/* The length of an APN without its operator identifier ".mncNNN.mccNNN.gprs" (TS 23.003,
 * 9.1.2). */
static u64 network_identifier_length(const u8 *name, u64 length)
{
    const u64 operator_length = 19;
    if (length <= operator_length)
        return length;
    const u8 *tail = name + length - operator_length;
    if (memory_equal(tail, (const u8 *)".mnc", 4) &&
        memory_equal(tail + 7, (const u8 *)".mcc", 4) &&
        memory_equal(tail + 14, (const u8 *)".gprs", 5))
        return length - operator_length;
    return length;
}

static u64 find_apn(const struct vepc_config *config, struct ie ie)
{
    u8 name[APN_LONGEST];
    u64 length = network_identifier_length(name, read_apn(ie, name));
    return length ? config_find_apn(config, name, length) : APN_NONE;
}

/* The PDN type asked for: the PDN Type IE, else the PAA's. 0 when neither says. */
static u8 asked_pdn_type(struct ie ies)
{
    struct ie ie;
    if ((ies_find(ies, IE_PDN_TYPE, 0, &ie) || ies_find(ies, IE_PAA, 0, &ie)) && ie.length >= 1)
        return ie.value[0] & 7;
    return 0;
}

static u32 granted(u32 asked, u32 most)
{
    return most != 0 && (asked > most || asked == 0) ? most : asked;
}

static struct refusal read_bearer(const struct request *request, struct wish *wish)
{
    struct access access;
    struct ie context;
    struct ie ie;
    access_of(request->turn->vepc, &access);
    if (!ies_find(request->ies, IE_BEARER_CONTEXT, 0, &context))
        return refuse(CAUSE_MANDATORY_IE_MISSING, IE_BEARER_CONTEXT, 0);
    if (!ies_well_formed(context))
        return refuse(CAUSE_MANDATORY_IE_INCORRECT, IE_BEARER_CONTEXT, 0);
    if (!ies_find(context, IE_EBI, 0, &ie))
        return refuse(CAUSE_MANDATORY_IE_MISSING, IE_EBI, 0);
    wish->ebi = ie_read_ebi(ie);
    if (wish->ebi == 0)
        return refuse(CAUSE_MANDATORY_IE_INCORRECT, IE_EBI, 0);
    if (!ies_find(context, IE_BEARER_QOS, 0, &ie))
        return refuse(CAUSE_MANDATORY_IE_MISSING, IE_BEARER_QOS, 0);
    if (!ie_read_qos(ie, &wish->qos))
        return refuse(CAUSE_MANDATORY_IE_INCORRECT, IE_BEARER_QOS, 0);
    __builtin_memset(&wish->enb, 0, sizeof wish->enb);
    if (ies_find(context, IE_F_TEID, access.create_instance, &ie)) {
        if (!ie_read_f_teid(ie, access.tunnel, access.user, &wish->enb))
            return refuse(CAUSE_MANDATORY_IE_INCORRECT, IE_F_TEID, access.create_instance);
    } else if (is_pgw(request->turn->vepc)) {
        return refuse(CAUSE_CONDITIONAL_IE_MISSING, IE_F_TEID, access.create_instance);
    }
    return refuse(CAUSE_ACCEPTED, 0, 0);
}

static struct refusal read_pdn(const struct request *request, struct wish *wish)
{
    const struct vepc_config *config = &request->turn->vepc->config;
    struct ie ie;
    if (!ies_find(request->ies, IE_APN, 0, &ie))
        return refuse(CAUSE_MANDATORY_IE_MISSING, IE_APN, 0);
    u64 apn = find_apn(config, ie);
    if (apn == APN_NONE)
        return refuse(CAUSE_UNKNOWN_APN, 0, 0);
    wish->apn = (u8)apn;
    wish->asked_type = asked_pdn_type(request->ies);
    if (wish->asked_type == 0)
        return refuse(CAUSE_CONDITIONAL_IE_MISSING, IE_PAA, 0);
    wish->pdn_type = wish->asked_type & config->apns[wish->apn].pdn_types;
    if (wish->asked_type > PDN_TYPE_IPV4V6 || wish->pdn_type == 0)
        return refuse(CAUSE_PDN_TYPE_NOT_SUPPORTED, 0, 0);
    u32 uplink = 0;
    u32 downlink = 0;
    if (ies_find(request->ies, IE_AMBR, 0, &ie)) {
        if (ie.length < 8)
            return refuse(CAUSE_MANDATORY_IE_INCORRECT, IE_AMBR, 0);
        uplink = pv_load_be32(ie.value);
        downlink = pv_load_be32(ie.value + 4);
    }
    wish->ambr_uplink = granted(uplink, config->apns[wish->apn].ambr_uplink);
    wish->ambr_downlink = granted(downlink, config->apns[wish->apn].ambr_downlink);
    return refuse(CAUSE_ACCEPTED, 0, 0);
}

/* Which UE the request is for: the one that its TEID names, or one with its IMSI that the
 * MME has forgotten (TEID 0), or a new one. An S-GW asks for each PDN connection with TEID 0. */
static struct refusal read_ue(struct request *request, struct response *response, struct wish *wish)
{
    struct vepc *vepc = request->turn->vepc;
    struct access access;
    struct ie ie;
    access_of(vepc, &access);
    if (!ies_find(request->ies, IE_F_TEID, 0, &ie))
        return refuse(CAUSE_MANDATORY_IE_MISSING, IE_F_TEID, 0);
    if (!ie_read_f_teid(ie, access.sender, access.control, &wish->sender))
        return refuse(CAUSE_MANDATORY_IE_INCORRECT, IE_F_TEID, 0);
    response->teid = wish->sender.teid;
    if (!ies_find(request->ies, IE_IMSI, 0, &wish->imsi))
        return refuse(CAUSE_CONDITIONAL_IE_MISSING, IE_IMSI, 0);
    if (wish->imsi.length == 0 || wish->imsi.length > 8)
        return refuse(CAUSE_MANDATORY_IE_INCORRECT, IE_IMSI, 0);
    if (!ies_find(request->ies, IE_RAT_TYPE, 0, &ie))
        return refuse(CAUSE_MANDATORY_IE_MISSING, IE_RAT_TYPE, 0);
    if (ie.length < 1)
        return refuse(CAUSE_MANDATORY_IE_INCORRECT, IE_RAT_TYPE, 0);
    wish->rat_type = ie.value[0];
    u8 imsi[8];
    __builtin_memset(imsi, 0xff, sizeof imsi);
    memory_copy(imsi, wish->imsi.value, wish->imsi.length);
    wish->old_ue = ue_find_imsi(vepc, imsi);
    wish->same_context = is_pgw(vepc) && wish->old_ue != CONTEXTS_NONE;
    if (request->teid != 0) {
        u64 named = contexts_find(&vepc->ues, request->teid);
        if (named == CONTEXTS_NONE || named != wish->old_ue)
            return refuse(CAUSE_CONTEXT_NOT_FOUND, 0, 0);
        wish->same_context = 1;
    }
    return refuse(CAUSE_ACCEPTED, 0, 0);
}

/* Copies an optional IE of at most `limit` octets; one that is longer counts as absent. */
static u8 copy_optional(struct ie ies, u8 type, u8 *to, u64 limit)
{
    struct ie ie;
    if (!ies_find(ies, type, 0, &ie) || ie.length > limit)
        return 0;
    memory_copy(to, ie.value, ie.length);
    return (u8)ie.length;
}

static u64 make_ue(const struct request *request, const struct wish *wish)
{
    struct vepc *vepc = request->turn->vepc;
    u64 slot = contexts_allocate(&vepc->ues);
    struct ue *ue = &vepc->ue[slot];
    __builtin_memset(ue, 0, sizeof *ue);
    __builtin_memset(ue->imsi, 0xff, sizeof ue->imsi);
    memory_copy(ue->imsi, wish->imsi.value, wish->imsi.length);
    ue->rat_type = wish->rat_type;
    ue->msisdn_length = copy_optional(request->ies, IE_MSISDN, ue->msisdn, sizeof ue->msisdn);
    ue->mei_length = copy_optional(request->ies, IE_MEI, ue->mei, sizeof ue->mei);
    ue->uli_length = copy_optional(request->ies, IE_ULI, ue->uli, sizeof ue->uli);
    copy_optional(request->ies, IE_SERVING_NETWORK, ue->serving_network,
                  sizeof ue->serving_network);
    ue_link(vepc, slot);
    return slot;
}

static u64 make_session(const struct request *request, const struct wish *wish, u64 ue_slot)
{
    struct vepc *vepc = request->turn->vepc;
    struct pdn *pdn = &vepc->pdn[wish->apn];
    u64 slot = contexts_allocate(&vepc->sessions);
    struct session *session = &vepc->session[slot];
    struct ie mode;
    __builtin_memset(session, 0, sizeof *session);
    session->ue = (u32)ue_slot;
    session->lbi = wish->ebi;
    session->pdn_type = wish->pdn_type;
    session->apn = wish->apn;
    session->selection_mode =
        ies_find(request->ies, IE_SELECTION_MODE, 0, &mode) && mode.length ? mode.value[0] & 3 : 0;
    if (wish->pdn_type & VEPC_SESSION_PDN_TYPE_IPV4) {
        u64 offset4 = pool_next(&pdn->pool4);
        pool_allocate(&pdn->pool4, offset4);
        session->ipv4 = (u32)(pdn->pool4.base + offset4);
    }
    if (wish->pdn_type & VEPC_SESSION_PDN_TYPE_IPV6) {
        u64 offset6 = pool_next(&pdn->pool6);
        pool_allocate(&pdn->pool6, offset6);
        session->prefix = pdn->pool6.base + offset6;
        session->interface_id = session_interface_id(vepc->sessions.teid[slot]);
    }
    if (is_pgw(vepc))
        session_set_peer(vepc, slot, &wish->sender);
    session->ambr_uplink = wish->ambr_uplink;
    session->ambr_downlink = wish->ambr_downlink;
    session_link(vepc, slot);
    return slot;
}

static u64 make_bearer(struct vepc *vepc, const struct wish *wish, u64 session_slot)
{
    u64 slot = contexts_allocate(&vepc->bearers);
    struct bearer *bearer = &vepc->bearer[slot];
    __builtin_memset(bearer, 0, sizeof *bearer);
    bearer->session = (u32)session_slot;
    bearer->ebi = wish->ebi;
    bearer->qos = wish->qos;
    bearer->charging_id = vepc->next_charging_id++;
    bearer->opened_ms = uptime_ms(vepc);
    bearer->recorded_ms = bearer->opened_ms;
    bearer_link(vepc, slot);
    if (address_is_set(&wish->enb.address)) {
        paths_get(vepc, &wish->enb.address, VEPC_PATH_PLANE_GTP_U);
        bearer_set_enb(vepc, slot, &wish->enb, 1);
    }
    return slot;
}

static void write_paa(struct ie_writer *w, const struct session *session)
{
    u64 ie = ie_begin(w, IE_PAA, 0);
    ie_put_u8(w, session->pdn_type);
    if (session->prefix) {
        ie_put_u8(w, 64);
        ie_put_u64(w, session->prefix);
        ie_put_u64(w, session->interface_id);
    }
    if (session->ipv4)
        ie_put_u32(w, session->ipv4);
    ie_end(w, ie);
}

static void write_ambr(struct ie_writer *w, const struct session *session)
{
    u64 ie = ie_begin(w, IE_AMBR, 0);
    ie_put_u32(w, session->ambr_uplink);
    ie_put_u32(w, session->ambr_downlink);
    ie_end(w, ie);
}

static void write_bearer(struct ie_writer *w, const struct vepc *vepc, u64 bearer_slot)
{
    const struct bearer *bearer = &vepc->bearer[bearer_slot];
    u32 teid = vepc->bearers.teid[bearer_slot];
    struct access access;
    access_of(vepc, &access);
    u64 context = ie_begin(w, IE_BEARER_CONTEXT, 0);
    ie_write_u8(w, IE_EBI, bearer->ebi);
    ie_write_cause(w, refuse(CAUSE_ACCEPTED, 0, 0));
    /* Where S-GW and P-GW are one, so is their tunnel. */
    if (!is_pgw(vepc))
        ie_write_f_teid(w, 0, S1U_SGW, teid, access.user);
    ie_write_f_teid(w, 2, S5U_PGW, teid, access.user);
    ie_write_u32(w, IE_CHARGING_ID, bearer->charging_id);
    ie_end(w, context);
}

/* Whether a sound request says that the MME no longer knows a session: all of a UE's, or
 * the one that used this bearer identity before. */
static int is_forgotten(const struct vepc *vepc, const struct wish *wish, u64 session_slot)
{
    if (!wish->same_context)
        return 1;
    u64 bearer = ue_find_bearer(&vepc->ue[wish->old_ue], wish->ebi);
    return bearer != CONTEXTS_NONE && vepc->bearer[bearer].session == session_slot;
}

/* Deletes the forgotten sessions, and the UE unless the new session is to be its. */
static void forget_old(struct vepc *vepc, const struct wish *wish)
{
    if (wish->old_ue == CONTEXTS_NONE)
        return;
    if (!wish->same_context) {
        charging_end_ue(vepc, wish->old_ue, CHARGING_ABNORMAL_RELEASE);
        ue_delete(vepc, wish->old_ue);
        return;
    }
    u64 bearer = ue_find_bearer(&vepc->ue[wish->old_ue], wish->ebi);
    if (bearer != CONTEXTS_NONE)
        session_delete(vepc, vepc->bearer[bearer].session);
}

/* Whether there is room for the new session, counting what the forgotten ones will leave. */
static struct refusal check_resources(const struct vepc *vepc, const struct wish *wish)
{
    const struct pdn *pdn = &vepc->pdn[wish->apn];
    int replaces = 0; /* a UE, a session and a bearer come free */
    int address4 = pool_next(&pdn->pool4) != POOL_NONE;
    int address6 = pool_next(&pdn->pool6) != POOL_NONE;
    u32 next = wish->old_ue == CONTEXTS_NONE ? NO_SLOT : vepc->ue[wish->old_ue].first_session;
    for (; next != NO_SLOT; next = vepc->session[next - 1].next) {
        const struct session *session = &vepc->session[next - 1];
        if (!is_forgotten(vepc, wish, next - 1))
            continue;
        replaces = 1;
        if (session->apn == wish->apn) {
            address4 |= session->ipv4 != 0;
            address6 |= session->prefix != 0;
        }
    }
    if (((wish->pdn_type & VEPC_SESSION_PDN_TYPE_IPV4) && !address4) ||
        ((wish->pdn_type & VEPC_SESSION_PDN_TYPE_IPV6) && !address6))
        return refuse(CAUSE_ADDRESSES_OCCUPIED, 0, 0);
    int new_ue = wish->old_ue == CONTEXTS_NONE;
    if ((new_ue && vepc->ues.free.free == 0) ||
        (!replaces && (vepc->sessions.free.free == 0 || vepc->bearers.free.free == 0)))
        return refuse(CAUSE_NO_RESOURCES, 0, 0);
    return refuse(CAUSE_ACCEPTED, 0, 0);
}

struct refusal gtpc_create_session(struct request *request, struct response *response)
{
    struct vepc *vepc = request->turn->vepc;
    struct wish wish;
    struct refusal refusal = read_ue(request, response, &wish);
    if (refusal.cause == CAUSE_ACCEPTED)
        refusal = read_bearer(request, &wish);
    if (refusal.cause == CAUSE_ACCEPTED)
        refusal = read_pdn(request, &wish);
    if (refusal.cause == CAUSE_ACCEPTED)
        refusal = check_resources(vepc, &wish);
    if (refusal.cause != CAUSE_ACCEPTED)
        return refusal;
    forget_old(vepc, &wish);

    int new_path = !paths_find(vepc, &request->route.peer, VEPC_PATH_PLANE_GTP_C);
    paths_get(vepc, &request->route.peer, VEPC_PATH_PLANE_GTP_C);
    gtpc_learn_restart(request);

    u64 ue = wish.same_context ? wish.old_ue : make_ue(request, &wish);
    if (!is_pgw(vepc))
        vepc->ue[ue].mme = wish.sender;
    u64 session = make_session(request, &wish, ue);
    u64 bearer = make_bearer(vepc, &wish, session);
    ue_touch(vepc, ue);
    count(vepc, COUNT_sessions_created);

    struct ie_writer *w = &response->ies;
    u8 cause = wish.pdn_type == wish.asked_type ? CAUSE_ACCEPTED : CAUSE_NEW_PDN_TYPE;
    ie_write_cause(w, refuse(cause, 0, 0));
    struct access access;
    access_of(vepc, &access);
    if (!is_pgw(vepc))
        ie_write_f_teid(w, 0, S11_SGW, vepc->ues.teid[ue], access.control);
    ie_write_f_teid(w, 1, S5C_PGW, vepc->sessions.teid[session], access.control);
    write_paa(w, &vepc->session[session]);
    ie_write_u8(w, IE_APN_RESTRICTION, 0);
    if (vepc->config.apns[wish.apn].ambr_uplink || vepc->config.apns[wish.apn].ambr_downlink)
        write_ambr(w, &vepc->session[session]);
    write_bearer(w, vepc, bearer);
    pco_answer(request, w, &vepc->config.apns[wish.apn]);
    if (new_path)
        ie_write_u8(w, IE_RECOVERY, vepc->restart_counter);
    return refuse(cause, 0, 0);
}
