/* Byte order decided when the artifact is built. */
#include "portvnf/types.h"

u32 to_wire(u32 value);

u32 to_wire(u32 value)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return __builtin_bswap32(value);
#else
    return value;
#endif
}
