/* Timing for benchmarks: see engine.h. */
#include "contract.h"

u64 pv_time_bursts(pv_vnf_burst burst, u8 *arena, struct pv_burst *bursts, u64 count)
{
    u64 begin = pv_now_ns();
    for (u64 i = 0; i < count; i++)
        burst(arena, &bursts[i]);
    return pv_now_ns() - begin;
}
