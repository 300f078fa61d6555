/* Replaying a trace on a VNF: the same result file from every engine of every ISA.
 *
 * trace.h declares both formats. Like engine.h, this file is read by the C compiler and,
 * as it stands, by cffi.
 */
#ifndef PORTVNF_REPLAY_H
#define PORTVNF_REPLAY_H

#include "types.h"
#include "vnf.h"

/* The functions of vnf.h, wherever they were loaded. */
struct pv_vnf_calls {
    i64 (*abi_version)(void);
    i64 (*arena_size)(const u8 *config, u64 config_length);
    i64 (*init)(u8 *arena, u64 arena_length, const u8 *config, u64 config_length, u64 now_ns);
    i64 (*burst)(u8 *arena, struct pv_burst *burst);
    i64 (*epoch)(u8 *arena);
    i64 (*export_step)(u8 *arena, struct pv_export *step);
    i64 (*import_step)(u8 *arena, struct pv_import *step);
    i64 (*counters)(u8 *arena, u64 *values, u64 capacity);
};

/* Replays the trace at `trace` and writes the result to the file at `output`. Before a
 * packet is put into its buffer, the buffer is filled with the byte `fill`. Returns how
 * many packets went in, or a negative errno value with one sentence in `error`; then
 * there is no file at `output`. */
i64 pv_replay(const struct pv_vnf_calls *calls, const u8 *trace, u64 length, u64 fill,
              const char *output, char *error, u64 error_size);

#endif
