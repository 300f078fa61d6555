/* A value that one path never sets. */
#include "portvnf/types.h"

u64 pick(u64 which);

u64 pick(u64 which)
{
    u64 value;
    if (which == 1)
        value = 10;
    return value;
}
