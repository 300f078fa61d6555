/* A word and its bytes. */
#include "portvnf/types.h"

union word {
    u32 whole;
    u8 octet[4];
};
