/* Memory on the stack as long as an argument says. */
#include "portvnf/types.h"

u64 blank(u64 count);

u64 blank(u64 count)
{
    void *octets = __builtin_alloca(count);
    __builtin_memset(octets, 7, count);
    return count;
}
