/* A share in a double. */
#include "portvnf/types.h"

u64 share(u64 part);

u64 share(u64 part)
{
    return (u64)((double)part);
}
