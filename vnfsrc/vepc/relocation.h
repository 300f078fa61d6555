/* A UE that comes with its sessions from another S-GW (TS 23.401, 5.3.3.1, 5.5.1.1.3,
 * 5.5.1.2.2). */
#ifndef VEPC_RELOCATION_H
#define VEPC_RELOCATION_H

#include "session_wish.h"

/* Carries out a Create Session Request that takes over wish->moved, of which we are the P-GW:
 * the session, its bearers and addresses stay; S11 gets a new TEID, so that what the old MME
 * still says to the old S-GW does no harm. */
struct refusal relocate(struct request *request, struct response *response,
                        const struct wish *wish);

#endif
