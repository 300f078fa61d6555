/* What a message says of the UE itself: where it is, and which MME serves it (TS 29.274, 7.2.1,
 * 7.2.7, 7.3.14). */
#ifndef VEPC_UE_INFORMATION_H
#define VEPC_UE_INFORMATION_H

#include "gtpc.h"

/* Takes over the RAT type, location, serving network, time zone, numbers of UE and equipment, and the
 * MME's FQ-CSID, as far as the message has them; one that has not the size of its type counts
 * as absent. The caller must touch the UE afterwards. */
void ue_learn(const struct request *request, struct ue *ue);

/* Takes over the MSISDN, which a P-GW says of a UE that came from another S-GW (table 7.2.8-1). */
void ue_learn_msisdn(struct ie ies, struct ue *ue);

/* Takes over the selection mode and the charging characteristics of a new session, likewise. */
void session_learn(const struct request *request, struct session *session);

/* The UE is served by this MME from now on, as the MME is since its last restart. */
void ue_set_mme(struct vepc *vepc, struct ue *ue, const struct vepc_tunnel *mme);

/* The session is served by this S-GW from now on (or, at an S-GW, by this P-GW); likewise. */
void session_set_peer(struct vepc *vepc, u64 session_slot, const struct vepc_tunnel *peer);

#endif
