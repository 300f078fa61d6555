/* The pace at which a backlog is released.
 *
 * Packets that waited through a freeze must not arrive downstream all at once: an
 * ordinary socket's buffer (net.core.rmem_default, 212,992 bytes) holds some 90 packets
 * of 1,400 bytes or 270 small ones, and its reader needs milliseconds to be scheduled.
 */
#ifndef PORTVNF_HOST_RELEASE_PACE_H
#define PORTVNF_HOST_RELEASE_PACE_H

#include <portvnf/types.h>

/* A backlog is released at the rate at which packets arrive, so that it never grows,
 * plus this many packets a second, so that it ends: n waiting packets are gone in
 * n / 20,000 seconds. At 1,400 bytes that is 224 Mbit/s on top of the traffic, and a
 * receiver with default buffers may sleep for 4 ms. */
#define PV_RELEASE_PACKETS_PER_SECOND 20000

/* A backlog so large that this rate would take longer than a second is released in one
 * second: who holds more than 20,000 packets has receivers for such rates. */

/* Credit that may gather while the worker is kept from running. */
#define PV_RELEASE_CREDIT_NS 2000000

struct pv_release_pace {
    u64 rate;      /* packets a second; 0 while nothing is being released */
    u64 credit;    /* in packets * 10^-9 */
    u64 filled_ns; /* time up to which credit was given */
};

/* Begins a release of `waiting` packets, or speeds up one that has begun. */
void pv_release_begin(struct pv_release_pace *pace, u64 waiting, u64 now_ns);

/* A packet arrived behind the backlog: one more may leave. */
void pv_release_arrived(struct pv_release_pace *pace, u64 packets);

/* How many packets may leave now, at most `wanted`; they count as gone. */
u64 pv_release_allow(struct pv_release_pace *pace, u64 wanted, u64 now_ns);

void pv_release_end(struct pv_release_pace *pace);

#endif
