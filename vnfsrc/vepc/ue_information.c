/* What a message says of the UE itself: see ue_information.h. */
#include "ue_information.h"

#include "charging.h"
#include "paths.h"

/* Copies an optional IE of 1 to `limit` octets; without one, what was known stays. */
static void learn(struct ie ies, u8 type, u8 *octets, u8 *length, u64 limit)
{
    struct ie ie;
    if (!ies_find(ies, type, 0, &ie) || ie.length == 0 || ie.length > limit)
        return;
    memory_copy(octets, ie.value, ie.length);
    *length = (u8)ie.length;
}

/* What a bearer carried so far was by the other radio access. */
static void set_rat_type(struct vepc *vepc, struct ue *ue, u8 rat_type)
{
    if (ue->rat_type != rat_type && ue->first_session != NO_SLOT)
        charging_cut(vepc, vepc->session[ue->first_session - 1].ue, CHARGING_RAT_CHANGE);
    ue->rat_type = rat_type;
}

void ue_learn_msisdn(struct ie ies, struct ue *ue)
{
    learn(ies, IE_MSISDN, ue->msisdn, &ue->msisdn_length, sizeof ue->msisdn);
}

void ue_learn(const struct request *request, struct ue *ue)
{
    struct ie ies = request->ies;
    struct ie ie;
    if (ies_find(ies, IE_RAT_TYPE, 0, &ie) && ie.length >= 1)
        set_rat_type(request->turn->vepc, ue, ie.value[0]);
    if (ies_find(ies, IE_SERVING_NETWORK, 0, &ie) && ie.length >= sizeof ue->serving_network)
        memory_copy(ue->serving_network, ie.value, sizeof ue->serving_network);
    ue_learn_msisdn(ies, ue);
    learn(ies, IE_ULI, ue->uli, &ue->uli_length, sizeof ue->uli);
    learn(ies, IE_UE_TIME_ZONE, ue->time_zone, &ue->time_zone_length, sizeof ue->time_zone);
    learn(ies, IE_MEI, ue->mei, &ue->mei_length, sizeof ue->mei);
    learn(ies, IE_FQ_CSID, ue->mme_csid, &ue->mme_csid_length, sizeof ue->mme_csid);
}

void session_learn(const struct request *request, struct session *session)
{
    struct ie ie;
    if (ies_find(request->ies, IE_SELECTION_MODE, 0, &ie) && ie.length >= 1)
        session->selection_mode = ie.value[0] & 3;
    if (!ies_find(request->ies, IE_CHARGING_CHARACTERISTICS, 0, &ie) || ie.length < 2)
        return;
    session->charging_characteristics_length = 2;
    memory_copy(session->charging_characteristics, ie.value, 2);
}

void ue_set_mme(struct vepc *vepc, struct ue *ue, const struct vepc_tunnel *mme)
{
    struct pv_address old = ue->mme.address;
    ue->mme = *mme;
    if (address_equal(&old, &mme->address))
        return;
    ue->mme_on_path = paths_move(vepc, &old, &mme->address, VEPC_PATH_PLANE_GTP_C, ue->mme_on_path);
    const struct path *path = paths_find(vepc, &mme->address, VEPC_PATH_PLANE_GTP_C);
    ue->mme_restart_count = path && path->restart_known;
    ue->mme_restart = ue->mme_restart_count ? path->restart_counter : 0;
}

void session_set_peer(struct vepc *vepc, u64 session_slot, const struct vepc_tunnel *peer)
{
    struct session *session = &vepc->session[session_slot];
    struct pv_address old = session->peer.address;
    session->peer = *peer;
    session->peer_on_path =
        paths_move(vepc, &old, &peer->address, VEPC_PATH_PLANE_GTP_C, session->peer_on_path);
    paths_are_s5(vepc, &peer->address, VEPC_PATH_PLANE_GTP_C);
    const struct path *path = paths_find(vepc, &peer->address, VEPC_PATH_PLANE_GTP_C);
    session->peer_restart_count = path && path->restart_known;
    session->peer_restart = session->peer_restart_count ? path->restart_counter : 0;
}
