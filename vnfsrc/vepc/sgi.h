/* SGi (TS 29.061): packets from the packet data networks. */
#ifndef VEPC_SGI_H
#define VEPC_SGI_H

#include "vepc.h"

/* A packet from the SGi port: to the UE that its destination belongs to, or to us. */
void sgi_receive(struct turn *turn, struct pv_packet *packet);

/* Whether a whole IP packet is to one of our SGi addresses. */
int sgi_is_ours(const struct vepc *vepc, const u8 *packet);

/* Answers a packet of a UE to one of our SGi addresses, as whoever has the address would. */
void sgi_answer_ue(struct turn *turn, struct pv_packet *packet);

#endif
