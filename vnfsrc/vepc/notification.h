/* Downlink Data Notification (TS 29.274, 7.2.11): telling the MME that an idle UE has to be
 * paged, and what the MME says to that. paging.h knows what follows for the UE.
 */
#ifndef VEPC_NOTIFICATION_H
#define VEPC_NOTIFICATION_H

#include "gtpc.h"

/* Posts a notification about a bearer that has an EBI; `cause` is CAUSE_ERROR_INDICATION or
 * 0 for none. Returns 0 (counted) when too many requests of ours wait already. */
int notification_post(struct vepc *vepc, u64 ue_slot, u64 bearer_slot, u8 cause);

/* How long the UE's MME wants notifications delayed (TS 23.401, 5.3.4.2), ms. */
u64 notification_delay_ms(const struct vepc *vepc, u64 ue_slot);

/* Whether a notification about this bearer is among those that the MME asked to be withheld
 * (TS 23.401, 4.3.7.4.1a). Which ones are, changes with every second or so. */
int notification_withheld(const struct vepc *vepc, u64 ue_slot, u64 bearer_slot);

/* A UE of this MME was connected by a service request, whose IEs may ask for a delay; the
 * last such request counts. */
void notification_learn_delay(struct vepc *vepc, const struct pv_address *mme, struct ie ies);

/* The MME acknowledged a notification; nobody did. */
void notification_answered(const struct request *answer, const struct transaction *transaction);
void notification_unanswered(struct vepc *vepc, const struct transaction *transaction);

/* A Downlink Data Notification Failure Indication, which has no answer. Returns 0 or the
 * reason to drop it. */
u64 notification_failed(const struct request *request);

#endif
