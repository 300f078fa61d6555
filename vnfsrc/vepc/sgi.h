/* SGi (TS 29.061): packets from the packet data networks. */
#ifndef VEPC_SGI_H
#define VEPC_SGI_H

#include "vepc.h"

/* A packet from the SGi port: to the UE that its destination belongs to, or to us. */
void sgi_receive(struct turn *turn, struct pv_packet *packet);

#endif
