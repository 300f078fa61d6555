/* Downlink packets that wait for an idle UE, by bearer, oldest first (TS 23.401, 5.3.4.3). */
#ifndef VEPC_PACKETS_H
#define VEPC_PACKETS_H

#include "vepc.h"

#define PACKET_MAX 1920
#define PRIORITY_NONE 16

/* Bytes of memory for `capacity` packets, and their layout in it. */
u64 packets_footprint(u64 capacity);
void packets_init(struct vepc *vepc, u64 capacity, u8 *memory);

/* The highest priority (1 the highest, 15 the lowest) of a UE's bearers that packets wait
 * for, PRIORITY_NONE when none do. */
u64 packets_first_priority(const struct vepc *vepc, u64 ue_slot);

/* Makes room for one more packet of a bearer, if need be, and if the configuration says so,
 * in place of an older one: of the same bearer or else of one that matters no more. Returns
 * 0 or the reason why there is none. */
u64 packets_make_room(struct vepc *vepc, u64 ue_slot, u64 bearer_slot);

/* Puts a copy of a packet of 1 to PACKET_MAX bytes behind those of the bearer. Returns 0
 * when there is no room left for anybody. */
int packets_append(struct vepc *vepc, u64 bearer_slot, const u8 *data, u64 length);

/* Forgets the oldest packet of a bearer that has one. */
void packets_drop_oldest(struct vepc *vepc, u64 bearer_slot);

/* Forgets all packets of a bearer. Returns how many. */
u64 packets_drop_all(struct vepc *vepc, u64 bearer_slot);

/* The priority level of a bearer (ARP; TS 23.203, 6.1.7.3); 0 is reserved. */
PV_INLINE u64 bearer_priority(const struct bearer *bearer)
{
    u64 level = bearer->qos.arp >> 2 & 15;
    return level ? level : 15;
}

/* The oldest packet of a bearer, or 0. */
PV_INLINE const struct packet *packets_oldest(const struct vepc *vepc, u64 bearer_slot)
{
    u32 first = vepc->bearer[bearer_slot].first_packet;
    return first == NO_SLOT ? 0 : &vepc->packet[first - 1];
}

#endif
