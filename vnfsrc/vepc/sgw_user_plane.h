/* The user plane of an S-GW alone, between S1-U and S5/S8-U (TS 29.281; TS 23.401, 5.1.2). */
#ifndef VEPC_SGW_USER_PLANE_H
#define VEPC_SGW_USER_PLANE_H

#include "gtpu.h"

/* Sends a user packet of `length` bytes at `offset` in the packet's buffer, from a bearer's
 * eNodeB, on to the P-GW. */
void sgw_forward_uplink(struct turn *turn, struct pv_packet *packet, u64 bearer, u64 offset,
                        u64 length);

/* Whether a message came from the side of the P-GWs; never, but at an S-GW alone. */
int sgw_is_from_pgw(const struct vepc *vepc, const struct ip *ip);

/* Sends what came from a P-GW, `length` bytes at `offset`, on to the UE, as any downlink packet.
 * Returns 0, and does nothing, when it did not, or is for no bearer. */
int sgw_receive_downlink(struct turn *turn, struct pv_packet *packet, const struct ip *ip, u32 teid,
                         u64 offset, u64 length);

/* Passes an End Marker of the P-GW on to the eNodeB. */
void sgw_pass_end_marker(struct turn *turn, u32 teid);

#endif
