/* Charging records of bearers (TS 32.251; TS 32.298, 5.1.2.2).
 *
 * A bearer's packet records hold what no charging record has said yet, so each byte is in one
 * record or still there, whatever moves. A record closes when the bearer ends, when the
 * UE's radio access changes, and every config.record_ms for each session whose bearers had
 * traffic. Records wait in a ring, by serial numbers without a gap, until they are taken.
 *
 * Nothing that waits is overwritten. A quarter of the ring is for bearers that end: once the
 * rest is full, usage stays with the bearers that go on. Only where a bearer ends and not even
 * that quarter has room its record is lost, and then its volume is counted.
 */
#ifndef VEPC_CHARGING_H
#define VEPC_CHARGING_H

#include "vepc.h"

/* causeForRecClosing (TS 32.298, 5.1.2.2.7). */
#define CHARGING_NORMAL_RELEASE 0
#define CHARGING_ABNORMAL_RELEASE 4
#define CHARGING_TIME_LIMIT 17
#define CHARGING_MANAGEMENT_INTERVENTION 20
#define CHARGING_RAT_CHANGE 22
#define CHARGING_SGW_CHANGE 25

/* Begins a new session's intervals: the first is shorter, by the session, so that those of
 * sessions that were made together do not end together. */
void charging_begin(struct vepc *vepc, u64 session_slot);

/* An interval of a session is over. */
void charging_due(struct vepc *vepc, u64 session_slot);

/* Closes records of a UE's bearers, which go on, where there was traffic. */
void charging_cut(struct vepc *vepc, u64 ue_slot, u8 cause);

/* Closes a bearer's last record. bearer_delete does it, as a normal release, where nobody
 * did it before for another cause. A bearer that never came to be has none. */
void charging_end(struct vepc *vepc, u64 bearer_slot, u8 cause);

/* The same for all bearers of a session, or of a UE, that is about to be deleted. */
void charging_end_session(struct vepc *vepc, u64 session_slot, u8 cause);
void charging_end_ue(struct vepc *vepc, u64 ue_slot, u8 cause);

/* As charging_end_ue, but another instance has the usage: no record is written. */
void charging_forget_ue(struct vepc *vepc, u64 ue_slot);

/* Usage that came after its bearer's last record, from the instance that had the sessions
 * before: a record of its own. It has what the last record said of the bearer where that is
 * still known, or else the Charging ID alone. */
void charging_late(struct vepc *vepc, const struct vepc_usage_record *usage);

/* The records with smaller serial numbers are kept safe elsewhere. Returns 0 when there are
 * no such numbers yet. */
int charging_taken(struct vepc *vepc, u64 below);

#endif
