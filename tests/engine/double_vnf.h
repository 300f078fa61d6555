/* The VNF that stands in for a real one in the engine's tests. */
#ifndef PORTVNF_TEST_DOUBLE_VNF_H
#define PORTVNF_TEST_DOUBLE_VNF_H

#include <portvnf/vnf.h>

#define DOUBLE_SWAP 0    /* each packet leaves by port number ^ 1 */
#define DOUBLE_REFLECT 1 /* IPv4 + UDP: back to its port with addresses and ports exchanged */
#define DOUBLE_SPARE 2   /* as swap, and a copy from a spare packet follows each */
#define DOUBLE_DROP 3
#define DOUBLE_FAULTY 4 /* puts out what no VNF may: see the source */

struct double_arena {
    u64 behaviour;
    u64 delay_ns; /* what vnf_burst returns */
    u64 calls;
    u64 idle_calls; /* without packets */
    u64 packets;
    u64 runs;     /* calls of double_count */
    u64 inside;   /* 1 while a call is under way */
    u64 overlaps; /* calls that began while another was under way */
    u64 last_now_ns;
    u64 backward; /* calls whose time was before the last one's */
};

/* A call for pv_engine_run: counts itself, adds *argument and returns the new number. */
i64 double_count(u8 *arena, void *argument);

#endif
