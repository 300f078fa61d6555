/* Sending GTPv2-C messages (TS 29.274, 5.1, 4.2). */
#ifndef VEPC_GTPC_SEND_H
#define VEPC_GTPC_SEND_H

#include "ip.h"

#define GTPC_PORT 2123
#define GTPC_HEADER 12
#define GTPC_HEADER_WITHOUT_TEID 8

/* Where a message goes, and from which of our addresses and ports. */
struct gtpc_route {
    struct pv_address peer;
    struct pv_address local;
    u16 port;    /* the peer's UDP port */
    u8 out_port; /* VEPC_PORT_… */
};

/* Writes the header of a message of `length` bytes in all, counted from `message`, where
 * GTPC_HEADER bytes are kept free. Without TEID the header takes 4 bytes less, so the
 * message begins 4 bytes later; returns where. */
u8 *gtpc_write_header(u8 *message, u64 length, u8 type, int with_teid, u32 teid, u32 sequence);

/* Sends a whole message in this packet, whose contents it replaces. */
void gtpc_send(struct turn *turn, struct pv_packet *packet, const struct gtpc_route *route,
               const u8 *message, u64 length);

/* The route to a peer at port 2123 of an interface (VEPC_TRANSACTION_INTERFACE_…). */
void gtpc_route_to(const struct vepc *vepc, const struct pv_address *peer, u8 interface,
                   struct gtpc_route *route);

/* Our address on an interface for talking to a peer: the one of the peer's family. */
PV_INLINE const struct pv_address *local_address(const struct vepc_endpoint *ours,
                                                 const struct pv_address *peer)
{
    return address_is_ipv4(peer) ? &ours->ipv4 : &ours->ipv6;
}

/* Whether there is such an address, so that the peer can be sent anything; so can no peer. */
PV_INLINE int can_reach(const struct vepc_endpoint *ours, const struct pv_address *peer)
{
    return !address_is_set(peer) || address_is_set(local_address(ours, peer));
}

PV_INLINE int is_ours(const struct vepc_endpoint *ours, const struct pv_address *address)
{
    return address_equal(address, &ours->ipv4) || address_equal(address, &ours->ipv6);
}

/* Whether a packet of the transport network is for us. */
PV_INLINE int is_for_us(const struct vepc_config *config, const struct pv_address *destination)
{
    return address_is_set(destination) && /* as ours may be that we lack */
           (is_ours(&config->s11, destination) || is_ours(&config->s1u, destination) ||
            is_ours(&config->s5, destination));
}

#endif
