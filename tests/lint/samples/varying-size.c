/* An array as long as an argument says. */
#include "portvnf/types.h"

u64 last(u64 count);

u64 last(u64 count)
{
    u8 octets[count];
    __builtin_memset(octets, 7, count);
    return octets[count - 1];
}
