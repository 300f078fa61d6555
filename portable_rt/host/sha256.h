/* SHA-256 (FIPS 180-4). */
#ifndef PORTVNF_HOST_SHA256_H
#define PORTVNF_HOST_SHA256_H

#include <portvnf/types.h>

#define PV_SHA256_BYTES 32

/* The digest of length bytes at data. */
void pv_sha256(const u8 *data, u64 length, u8 digest[PV_SHA256_BYTES]);

#endif
