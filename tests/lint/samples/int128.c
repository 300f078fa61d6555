/* A product of 128 bits. */
#include "portvnf/types.h"

u64 high(u64 a, u64 b);

u64 high(u64 a, u64 b)
{
    return (u64)(((unsigned __int128)a * b) >> 64);
}
