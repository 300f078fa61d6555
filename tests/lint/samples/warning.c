/* An assignment where a comparison was meant. */
#include "portvnf/types.h"

u64 is_open(u64 state);

u64 is_open(u64 state)
{
    if (state = 1)
        return 1;
    return 0;
}
