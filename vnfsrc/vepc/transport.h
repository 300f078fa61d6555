/* The transport network (TS 23.401, 5.1): IP packets that carry GTP, on S11, S1-U and S5/S8. */
#ifndef VEPC_TRANSPORT_H
#define VEPC_TRANSPORT_H

#include "vepc.h"

/* A packet from one of those ports: GTP-C, GTP-U, or an ICMP echo request to us. */
void transport_receive(struct turn *turn, struct pv_packet *packet);

#endif
