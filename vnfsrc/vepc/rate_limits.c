/* Rate limits: see rate_limits.h. */
#include "rate_limits.h"

#include "paths.h"

static u64 gtpc_interval_ns(const struct vepc *vepc)
{
    return vepc->config.rate ? 1000000000 / (u64)vepc->config.rate : 0;
}

u64 rate_limits_most(const struct vepc *vepc, u8 plane)
{
    if (plane == VEPC_PATH_PLANE_GTP_C)
        return gtpc_interval_ns(vepc) * vepc->config.rate_burst;
    return NOTICE_INTERVAL_NS * NOTICE_BURST;
}

int rate_limits_admit_gtpc(struct vepc *vepc, const struct pv_address *peer)
{
    if (vepc->config.rate == 0)
        return 1;
    struct path *path = paths_find(vepc, peer, VEPC_PATH_PLANE_GTP_C);
    return rate_limit_admits(path ? &path->rate_full_ns : &vepc->strangers_full_ns, vepc->now_ns,
                             gtpc_interval_ns(vepc), vepc->config.rate_burst);
}

int rate_limits_admit_notice(struct vepc *vepc, const struct pv_address *peer)
{
    struct path *path = paths_find(vepc, peer, VEPC_PATH_PLANE_GTP_U);
    if (rate_limit_admits(path ? &path->rate_full_ns : &vepc->notices_full_ns, vepc->now_ns,
                          NOTICE_INTERVAL_NS, NOTICE_BURST))
        return 1;
    count(vepc, COUNT_notices_withheld);
    return 0;
}

int rate_limits_admit_icmp(struct vepc *vepc)
{
    if (rate_limit_admits(&vepc->icmp_full_ns, vepc->now_ns, ICMP_INTERVAL_NS, ICMP_BURST))
        return 1;
    count(vepc, COUNT_icmp_errors_withheld);
    return 0;
}
