/* A hash of an address. */
#include "portvnf/types.h"

u64 hash(const u8 *object);

u64 hash(const u8 *object)
{
    return (u64)object >> 4;
}
