/* Packets of the transport network that arrive in fragments, put together again (RFC 791, 3.2;
 * RFC 8200, 4.5): peers whose links carry no more than a user packet without GTP-U's headers
 * send such.
 *
 * What is kept is bounded: some datagrams at a time, the oldest giving way, and none for long.
 * Fragments that overlap lose their datagram (RFC 5722).
 */
#ifndef VEPC_REASSEMBLY_H
#define VEPC_REASSEMBLY_H

#include "vepc.h"

/* Bytes of memory, and their layout. */
u64 reassembly_footprint(void);
void reassembly_init(struct vepc *vepc, u8 *memory);

/* How long the fragments of a datagram are waited for. Short: the identification of IPv4 comes
 * again soon (RFC 4963). */
#define REASSEMBLY_MS 1000

/* A fragment of either family. */
struct fragment {
    struct pv_address source;
    struct pv_address destination;
    const u8 *data;
    u64 length;
    u64 at; /* offset of the data in the datagram's payload */
    u32 identification;
    u8 protocol;
    u8 last; /* 1 when no more fragments follow this one */
};

/* Reads a packet that ip_check found to be a fragment. Returns 0, or the reason to drop it. */
u64 fragment_read(const struct pv_packet *packet, struct fragment *fragment);

/* Takes in a fragment. Returns 1 when it was the one that was missing: the packet is the whole
 * one now. Otherwise it was kept, or dropped. */
int reassembly_add(struct turn *turn, struct pv_packet *packet, const struct fragment *fragment);

/* Gives up datagrams whose time is over. Returns the ns until the next one's is, at most
 * TIMER_IDLE_NS. */
u64 reassembly_expire(struct vepc *vepc);

/* While importing: a new, empty datagram, younger than the others; 0 when there is no room. */
struct datagram *reassembly_append(struct vepc *vepc);

/* Whether a datagram from there with that identification waits. */
int reassembly_knows(const struct vepc *vepc, const struct fragment *fragment);

/* How many of the units from `first` to before `end` of a datagram are here. */
u64 datagram_units(const u8 *units, u64 first, u64 end);

#endif
