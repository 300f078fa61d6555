/* The flags of a header as bit-fields. */
#include "portvnf/types.h"

struct header {
    u8 version : 3;
    u8 type : 5;
};
