/* A packet read in host order. */
#include "portvnf/types.h"

u32 teid(const u8 *packet);

u32 teid(const u8 *packet)
{
    return *(const u32 *)(const void *)(packet + 4);
}
