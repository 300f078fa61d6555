/* A record with a member of unstated width. */
#include "portvnf/types.h"

struct record {
    u32 teid;
    int state;
};
