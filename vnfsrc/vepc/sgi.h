/* SGi (TS 29.061): packets from the packet data networks. */
#ifndef VEPC_SGI_H
#define VEPC_SGI_H

#include "vepc.h"

/* A packet from the SGi port: to the UE that its destination belongs to, or to us. */
void sgi_receive(struct turn *turn, struct pv_packet *packet);

/* Whether a whole IP packet is to one of our SGi addresses. */
int sgi_is_ours(const struct vepc *vepc, const u8 *packet);

/* Makes a packet to one of our SGi addresses the answer that whoever has the address would give.
 * Returns 0 when it was dropped. */
int sgi_answer(struct turn *turn, struct pv_packet *packet);

/* Sends a packet to the UE that has its destination address. */
void sgi_deliver(struct turn *turn, struct pv_packet *packet);

#endif
