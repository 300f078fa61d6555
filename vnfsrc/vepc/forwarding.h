/* Indirect data forwarding (TS 23.401, 5.5.1.2.2; TS 29.274, 7.2.12, 7.2.13, 7.2.18, 7.2.19):
 * during an S1 handover the source eNodeB sends what it still holds back to us, and we pass it
 * on to the target eNodeB.
 *
 * Our TEIDs for forwarding are the bearer's with the two highest bits changed, so that the slot
 * is known by indexing, as with any other packet.
 */
#ifndef VEPC_FORWARDING_H
#define VEPC_FORWARDING_H

#include "gtpc.h"

#define FORWARDING_DOWNLINK 0x40000000u
#define FORWARDING_UPLINK 0xc0000000u

/* The procedures: see gtpc.h. */
struct refusal gtpc_create_forwarding(struct request *request, struct response *response);
struct refusal gtpc_delete_forwarding(struct request *request, struct response *response);

/* Passes on a GTP-U message of `length` bytes at `offset` in the packet's buffer, as it is but
 * for its TEID. Returns 0, and does nothing, when the TEID is none that forwards. */
int forwarding_pass(struct turn *turn, struct pv_packet *packet, u32 teid, u64 offset, u64 length);

#endif
