/* A flag that another thread sets. */
#include "portvnf/types.h"

u64 is_set(const volatile u64 *flag);

u64 is_set(const volatile u64 *flag)
{
    return *flag;
}
