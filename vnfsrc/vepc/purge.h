/* Deleting what a peer has lost: all UEs of an MME that restarted (TS 23.007, 16.1A), or those
 * of a PDN connection set (TS 23.007, 27).
 *
 * There may be a million of them, so each burst looks at some, once around the table, while
 * new UEs come in and stay.
 */
#ifndef VEPC_PURGE_H
#define VEPC_PURGE_H

#include "vepc.h"

/* Begins a turn around all UEs, or begins it anew: there is more to delete. */
void purge_begin(struct vepc *vepc);

/* Adds an MME's FQ-CSID whose PDN connections are to be deleted. Returns 0 when too many are
 * under way. */
int purge_add_set(struct vepc *vepc, const u8 *csid, u64 length);

/* Whether a UE is among those that its MME has lost, and will be deleted. */
int purge_awaits(const struct vepc *vepc, u64 ue_slot);

/* Likewise a session that its S-GW or P-GW has lost. */
int purge_awaits_session(const struct vepc *vepc, u64 session_slot);

/* One burst's share. Returns the ns until the next one. */
u64 purge_run(struct turn *turn);

#endif
