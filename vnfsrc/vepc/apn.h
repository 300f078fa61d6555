/* Access Point Names (TS 23.003, 9.1; TS 29.274, 8.6). */
#ifndef VEPC_APN_H
#define VEPC_APN_H

#include "gtpc_ie.h"

/* The place in the configuration of the APN that an IE names, with or without an operator
 * identifier and in any case; APN_NONE when there is none. */
u64 apn_find(const struct vepc_config *config, struct ie ie);

#endif
