/* Objects in the host's own byte order, laid in memory that the host gave as bytes.
 *
 * pv_native is the one place where a pointer to bytes becomes a pointer to something
 * wider. Its name survives in the artifact, so that the verifier can tell the arena,
 * which no other host ever sees, from packets and records, which are big-endian and
 * are reached through wire.h and codec.h alone:
 *
 *     struct vepc *vepc = pv_native(arena);
 */
#ifndef PORTVNF_NATIVE_H
#define PORTVNF_NATIVE_H

#include "wire.h"

/* The same address. `memory` is aligned to 8 bytes and lies in the arena; what it holds
 * leaves this host through an export only. */
PV_INLINE void *pv_native(u8 *memory)
{
    return memory;
}

#endif
