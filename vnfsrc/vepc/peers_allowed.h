/* The list of peers that may speak GTP with us (configuration key peers_allowed). */
#ifndef VEPC_PEERS_ALLOWED_H
#define VEPC_PEERS_ALLOWED_H

#include "vepc.h"

/* Whether a peer is in one of the networks; anybody is when none is listed. */
int peer_is_allowed(const struct vepc_config *config, const struct pv_address *peer);

#endif
