/* Included before every source of a native VNF: with -fvisibility=hidden, the functions of
 * the host ABI are all that it exports. */
#pragma GCC visibility push(default)
#include "portvnf/vnf.h"
#pragma GCC visibility pop
