/* Downlink user packets whose bearer is known: sent, or kept until they can be.
 *
 * Packets for a UE without connection wait by bearer (packets.h), and the UE is paged
 * (paging.h). Once it is connected they are sent before any later one, as many a burst as
 * there is room for.
 */
#ifndef VEPC_DOWNLINK_H
#define VEPC_DOWNLINK_H

#include "vepc.h"

/* Sends a user packet to the UE, keeps it or drops it. */
void downlink_forward(struct turn *turn, struct pv_packet *packet, u64 bearer_slot);

/* Sends what waits for the connected bearers of a UE: answers to router solicitations,
 * then buffered packets. Returns 0 when there is more than this burst has room for. */
int downlink_release(struct turn *turn, u64 ue_slot);

#endif
