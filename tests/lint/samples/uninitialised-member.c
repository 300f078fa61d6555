/* A member that nobody sets, found by the static analyser only. */
#include "portvnf/types.h"

struct pair {
    u64 first;
    u64 second;
};

static void fill(struct pair *pair)
{
    pair->first = 1;
}

u64 sum(void);

u64 sum(void)
{
    struct pair pair;
    fill(&pair);
    return pair.first + pair.second;
}
