/* GTP-U information elements (TS 29.281, 8). */
#ifndef VEPC_GTPU_IE_H
#define VEPC_GTPU_IE_H

#include "vepc.h"

#define GTPU_IE_RECOVERY 14
#define GTPU_IE_TEID_DATA_I 16
#define GTPU_IE_PEER_ADDRESS 133
#define GTPU_IE_EXTENSION_LIST 141

/* Reads the tunnel that an Error Indication is about (7.3.1). Returns 0 when the list of IEs is
 * malformed, or does not name one. */
int gtpu_read_lost_tunnel(const u8 *ies, u64 total, struct vepc_tunnel *tunnel);

#endif
