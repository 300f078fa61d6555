/* The pace at which a backlog is released.
 *
 * Packets that waited through a freeze must not arrive downstream all at once: an
 * ordinary socket's buffer (net.core.rmem_default, 212,992 bytes) holds some 90 packets
 * of 1,400 bytes or 270 small ones, and its reader needs milliseconds to be scheduled.
 */
#ifndef PORTVNF_HOST_RELEASE_PACE_H
#define PORTVNF_HOST_RELEASE_PACE_H

#include <portvnf/types.h>

/* A backlog is released at the rate at which packets arrive (each pass lets go as many as
 * it received), so that it never grows, plus this many packets a second, so that it ends.
 * A receiver with default buffers may then be kept from running for some 20 ms (90 packets);
 * at 20,000 a second 4 ms would be too long, and busy machines were seen to lose packets. A
 * slower release does not raise the longest delay, which is that of the packet that was held
 * first. */
#define PV_RELEASE_PACKETS_PER_SECOND 4000

/* A backlog that would take longer than a second at that rate is released in one second.
 * So after a freeze of less than a second the next hop sees, for a second, less than
 * twice the traffic that it had before, or 4,000 packets a second more. */

/* Credit that may gather while the worker is kept from running. Where one burst from each
 * port takes longer than this, a release takes longer in proportion. */
#define PV_RELEASE_CREDIT_NS 2000000

struct pv_release_pace {
    u64 rate;      /* packets a second; 0 while nothing is being released */
    u64 credit;    /* in packets * 10^-9 */
    u64 filled_ns; /* time up to which credit was given */
};

/* Begins a release of `waiting` packets, or speeds up one that has begun. */
void pv_release_begin(struct pv_release_pace *pace, u64 waiting, u64 now_ns);

/* How many packets may leave now besides those that replace what arrived, at most
 * `wanted`; they count as gone. */
u64 pv_release_allow(struct pv_release_pace *pace, u64 wanted, u64 now_ns);

void pv_release_end(struct pv_release_pace *pace);

#endif
