/* A counter shared by threads. */
#include "portvnf/types.h"

u64 next(u64 *counter);

u64 next(u64 *counter)
{
    return __atomic_fetch_add(counter, 1, __ATOMIC_SEQ_CST);
}
