/* Access Point Names (TS 23.003, 9.1; TS 29.274, 8.6). */
#ifndef VEPC_APN_H
#define VEPC_APN_H

#include "gtpc_ie.h"

#define APN_LONGEST 100

/* The network identifier that an IE names, in dotted lower case. Returns its length, 0 when the
 * IE is no APN; `name` has room for APN_LONGEST characters. */
u64 apn_read(struct ie ie, u8 *name);

/* The place in the configuration of the APN that an IE names, with or without an operator
 * identifier and in any case; APN_NONE when there is none. */
u64 apn_find(const struct vepc_config *config, struct ie ie);

#endif
