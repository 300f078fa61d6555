/* A header of the C library. */
#include <stdint.h>

#include "portvnf/types.h"

u64 one(void);

u64 one(void)
{
    return 1;
}
