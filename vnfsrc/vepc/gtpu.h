/* GTP-U (TS 29.281): the user plane towards the eNodeBs. */
#ifndef VEPC_GTPU_H
#define VEPC_GTPU_H

#include "ip.h"

#define GTPU_PORT 2152
#define GTPU_HEADER 8

/* A GTP-U message from the S1-U port; ip->payload is its UDP header. */
void gtpu_receive(struct turn *turn, struct pv_packet *packet, const struct ip *ip, u64 udp_length);

/* Encapsulates the packet's bytes (a user packet) as a G-PDU to the eNodeB of a connected
 * bearer (at a P-GW: the S-GW) and sends it. */
void gtpu_send(struct turn *turn, struct pv_packet *packet, const struct downlink *bearer);

/* Encapsulates one to the P-GW of a bearer, at an S-GW alone, and sends it. */
void gtpu_send_to_pgw(struct turn *turn, struct pv_packet *packet, const struct vepc_tunnel *pgw,
                      u8 dscp);

/* Sends the router advertisement that a solicitation of this bearer, now connected, waits
 * for; nothing when none does, or, as long as it does, when there is no room for it. */
void gtpu_answer_solicitation(struct turn *turn, u64 bearer_slot);

/* Sends an Echo Request on a path, whose echo_sequence is set. */
void gtpu_send_echo_request(struct turn *turn, struct pv_packet *packet, const struct path *path);

/* Sends an End Marker (TS 29.281, 7.3.2) to an eNodeB that a bearer has left. */
void gtpu_send_end_marker(struct turn *turn, const struct vepc_tunnel *enb);

#endif
