/* User packets that nobody could have sent honestly, or that would reach where no user may. */
#ifndef VEPC_MARTIANS_H
#define VEPC_MARTIANS_H

#include "vepc.h"

/* Whether a packet from SGi claims a source that cannot be there: no host's address, or the
 * UE's to whom it goes (RFC 1812, 5.3.7; RFC 4291, 2.5.6). Our own address can be: a host that
 * has the other end of a TUN device may answer in its name. */
int martian_from_sgi(const u8 *inner);

/* Whether a UE's packet has the UE's own source: its address, or one of its prefix. */
int source_is_own(const struct uplink *uplink, const u8 *inner);

/* Whether a UE's packet goes to one of the gateway's addresses on the transport networks: a
 * user would speak GTP with us. */
int martian_from_ue(const struct vepc_config *config, const u8 *inner);

#endif
