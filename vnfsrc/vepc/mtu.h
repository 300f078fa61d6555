/* User packets that are too big for the way on: for S1-U once they are in a tunnel, or for SGi.
 *
 * A P-GW is the router next to the UE, so it does as routers do: IPv4 that allows it is
 * fragmented, which the UE or the server puts together again, not an eNodeB at the tunnel's
 * end (TS 29.281, 4.2.2, would have fragments of the outer packet avoided); the sender of
 * anything else is told the size that fits (RFC 1191, RFC 8201).
 */
#ifndef VEPC_MTU_H
#define VEPC_MTU_H

#include "ip.h"

/* Most parts that a packet is fragmented into. */
#define MTU_PARTS_MOST 16

/* Whether a sound user packet may go where `most` bytes fit. IPv6 of up to 1280 bytes must
 * (RFC 8200, 5): it is for the network below to carry it. */
PV_INLINE int mtu_fits(const u8 *data, u64 length, u64 most)
{
    return length <= most || (data[0] >> 4 == 6 && length <= 1280);
}

#define MTU_NO_ROOM (~0ull)

/* Splits an IPv4 packet into parts that fit, in order; the first one is `packet` itself.
 * Returns how many; 0 when it forbids that, or MTU_NO_ROOM without packets for the parts, which
 * says nothing of its size. Both with nothing changed. */
u64 mtu_fragment(struct turn *turn, struct pv_packet *packet, u64 most, struct pv_packet **parts);

/* Puts the ICMP error that tells the sender which size fits in place of the packet. Returns
 * 0, with nothing changed, when none may be sent. */
int mtu_write_error(struct turn *turn, struct pv_packet *packet, u64 most);

#endif
