/* ICMP on the gateway's own addresses, and router advertisements to UEs. */
#ifndef VEPC_ICMP_H
#define VEPC_ICMP_H

#include "ip.h"

/* Makes an ICMP echo request to one of our IPv4 addresses (RFC 792) the reply, in the same packet,
 * and returns 1; drops anything else and returns 0. */
int icmp_answer(struct turn *turn, struct pv_packet *packet, const struct ip *ip);

/* The same for our IPv6 addresses (RFC 4443). `packet` holds a whole IPv6 packet. */
int icmpv6_answer(struct turn *turn, struct pv_packet *packet);

/* Whether an IPv6 packet of `length` bytes is a valid router solicitation (RFC 4861, 6.1.1). */
int router_solicitation_ok(const u8 *header, u64 length);

/* Replaces the packet's contents by a router advertisement for a bearer's session (RFC
 * 4861, 4.2; TS 29.061, 11.2.1.3.2), not yet encapsulated. */
void router_advertisement_write(struct vepc *vepc, struct pv_packet *packet, u64 bearer_slot);

#endif
