/* Is the first letter above ASCII? */
#include "portvnf/types.h"

u64 is_foreign(const char *text);

u64 is_foreign(const char *text)
{
    return text[0] < 0;
}
