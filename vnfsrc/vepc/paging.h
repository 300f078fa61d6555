/* Paging: from the first packet for an idle UE to its connection (TS 23.401, 5.3.4.3).
 *
 *   none          nothing waits, or the UE is connected
 *   connecting    nothing waits; its MME sets a PDN connection up, and a Modify Bearer Request
 *                 is to come
 *   delayed       packets wait; the MME is told when the UE's timer is due
 *   notified      a Downlink Data Notification waits for its answer
 *   acknowledged  the MME pages; packets wait for the UE's timer at most
 *   barred        the UE could not be reached; packets are dropped until its timer is due
 *
 * A UE that is being given what waited has `releasing` set, and its timer is due at once.
 * Every change is marked by ue_touch.
 */
#ifndef VEPC_PAGING_H
#define VEPC_PAGING_H

#include "vepc.h"

/* Whether any bearer of the UE is connected. */
int paging_is_connected(const struct vepc *vepc, u64 ue_slot);

/* The reason to drop a packet for a bearer that cannot be sent now, or 0: it may wait. */
u64 paging_refusal(const struct vepc *vepc, u64 ue_slot, u64 bearer_slot);

/* A packet of a bearer waits from now on. `waiting` is the highest priority of those that
 * waited before (packets_first_priority): for a higher one the MME is told again. */
void paging_packet(struct vepc *vepc, u64 ue_slot, u64 bearer_slot, u64 waiting);

/* The UE has a new bearer. Unless one is connected, its MME will tell of the eNodeB, and nobody
 * is paged before (TS 23.401, 5.3.2.1). */
void paging_connecting(struct vepc *vepc, u64 ue_slot);

/* Some of the UE's bearers were connected: what waits for them is sent. */
void paging_connected(struct vepc *vepc, u64 ue_slot);

/* The idle UE has another MME now, which has to page it if anything waits. */
void paging_moved(struct vepc *vepc, u64 ue_slot);

/* The UE's bearers were released: by the MME; or since the eNodeB had lost this one (TS
 * 23.007, 22), which the MME is told even if nothing waits. */
void paging_idle(struct vepc *vepc, u64 ue_slot);
void paging_lost(struct vepc *vepc, u64 ue_slot, u64 bearer_slot);

/* The MME answers: the UE is paged; not now, but later; not at all (what waited is
 * discarded and counted). Answers that come too late change nothing. */
void paging_accepted(struct vepc *vepc, u64 ue_slot);
void paging_postponed(struct vepc *vepc, u64 ue_slot);
void paging_failed(struct vepc *vepc, u64 ue_slot, enum counter discarded);

/* The UE was imported as notified. The request should follow; if it does not, nobody answers,
 * and the UE would be paged for ever: that has a limit. */
void paging_imported(struct vepc *vepc, u64 ue_slot);

/* Nothing is to be sent to the UE any more, or again. */
void paging_end(struct vepc *vepc, u64 ue_slot);

/* The UE's timer is due. */
void paging_due(struct turn *turn, u64 ue_slot);

#endif
