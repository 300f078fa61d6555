/* A function of variable arguments. */
#include "portvnf/types.h"

u64 sum(u64 count, ...);
