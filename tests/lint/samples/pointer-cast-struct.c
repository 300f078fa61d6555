/* One structure laid over another. */
#include "portvnf/types.h"

struct wide {
    u64 key;
};

struct narrow {
    u32 half[2];
};

u32 half_of(struct wide *wide);

u32 half_of(struct wide *wide)
{
    return ((struct narrow *)wide)->half[0];
}
