/* The size of long, as if it were a fact. */
#include "portvnf/types.h"

u64 words(u64 bytes);

u64 words(u64 bytes)
{
    return bytes / sizeof(long);
}
