/* Looking ahead at GTPv2-C messages: what they will need of large tables is fetched while
 * others are handled. Nothing is decided here. */
#ifndef VEPC_GTPC_AHEAD_H
#define VEPC_GTPC_AHEAD_H

#include "vepc.h"

/* Fetches the records that a burst's messages name, in two passes: first where chains begin,
 * then what stands there. */
void gtpc_look_ahead(const struct vepc *vepc, const struct pv_burst *burst);

#endif
