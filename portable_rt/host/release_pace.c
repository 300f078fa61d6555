/* The pace at which a backlog is released: a token bucket. */
#include "release_pace.h"

#define ONE_PACKET 1000000000ull /* credit is counted in packets * 10^-9 */

void pv_release_begin(struct pv_release_pace *pace, u64 waiting, u64 now_ns)
{
    u64 rate = PV_RELEASE_PACKETS_PER_SECOND;
    if (waiting > rate)
        rate = waiting;
    if (pace->rate == 0) {
        pace->credit = 0;
        pace->filled_ns = now_ns;
    }
    if (rate > pace->rate)
        pace->rate = rate;
}

u64 pv_release_allow(struct pv_release_pace *pace, u64 wanted, u64 now_ns)
{
    u64 elapsed = now_ns > pace->filled_ns ? now_ns - pace->filled_ns : 0;
    if (elapsed > PV_RELEASE_CREDIT_NS)
        elapsed = PV_RELEASE_CREDIT_NS;
    pace->filled_ns = now_ns;
    pace->credit += elapsed * pace->rate;
    u64 allowed = pace->credit / ONE_PACKET;
    if (allowed > wanted)
        allowed = wanted;
    pace->credit -= allowed * ONE_PACKET;
    return allowed;
}

void pv_release_end(struct pv_release_pace *pace)
{
    *pace = (struct pv_release_pace){0};
}
