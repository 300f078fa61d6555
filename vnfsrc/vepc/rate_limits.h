/* Rate limits: how often peers may ask, and how often we answer what nobody need ask.
 *
 * A limit is one moment, at which its debt is paid (the generic cell rate algorithm of ITU-T
 * I.371): each event adds the time that it is worth, and is refused when the debt would
 * exceed that of a full burst.
 */
#ifndef VEPC_RATE_LIMITS_H
#define VEPC_RATE_LIMITS_H

#include "vepc.h"

/* Error Indications and the like to one peer: one a ms, after a burst. */
#define NOTICE_INTERVAL_NS 1000000ull
#define NOTICE_BURST 256
/* ICMP errors, to all together. */
#define ICMP_INTERVAL_NS 1000000ull
#define ICMP_BURST 64

/* Takes an event of a limit into account. Returns 0 when it is beyond the limit. */
PV_INLINE int rate_limit_admits(u64 *full_ns, u64 now_ns, u64 interval_ns, u64 burst)
{
    u64 debt = *full_ns > now_ns ? *full_ns - now_ns : 0;
    if (debt > (burst - 1) * interval_ns)
        return 0;
    *full_ns = now_ns + debt + interval_ns;
    return 1;
}

/* Whether a GTP-C message of this peer is within its rate. Peers without a path share one. */
int rate_limits_admit_gtpc(struct vepc *vepc, const struct pv_address *peer);

/* Whether a peer may be told of its error on GTP-U now; counts it when not. */
int rate_limits_admit_notice(struct vepc *vepc, const struct pv_address *peer);

/* Whether an ICMP error may be sent now; counts it when not. */
int rate_limits_admit_icmp(struct vepc *vepc);

/* The most debt that the limit of a path (or of strangers) can have, by plane. */
u64 rate_limits_most(const struct vepc *vepc, u8 plane);

#endif
