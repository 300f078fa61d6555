/* A whole file in memory. */
#ifndef PORTVNF_NATIVE_HOST_FILE_BYTES_H
#define PORTVNF_NATIVE_HOST_FILE_BYTES_H

#include <portvnf/types.h>

/* Reads it; the caller frees what is returned. On an error prints a sentence and returns
 * NULL. */
u8 *pv_file_bytes(const char *path, u64 *length);

#endif
