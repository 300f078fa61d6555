/* The gateway under the fuzzers: arenas of one configuration, the first with a state that is
 * put back before every input.
 *
 * The file named by $PORTVNF_FUZZ_STATE (tests/fuzz/state.py writes it) holds the
 * configuration and every section of the state: u16 section (0: the configuration), u32
 * length, bytes, in order, big-endian.
 */
#ifndef FUZZ_GATEWAY_H
#define FUZZ_GATEWAY_H

#include "portvnf/vnf.h"
#include "portvnf/wire.h"

#define SECTIONS_MAX 32
#define ARENAS 3

struct part {
    u64 section;
    const u8 *data;
    u64 length;
};

struct gateway {
    u8 *arena[ARENAS]; /* the first with the state, the others as initialised */
    u64 arena_length;
    u64 now_ns;
    u64 parts;
    struct part part[SECTIONS_MAX]; /* the sections of the state, in the order of an image */
};

/* The gateway, its arenas as they were in the beginning. Ends the process when there is none. */
struct gateway *gateway_reset(void);

/* Imports one section. Returns 0 or a negative PV_ERROR. */
i64 gateway_import(u8 *arena, u64 section, const u8 *data, u64 length, u64 now_ns);

/* Exports every section of `from`, imports it into `into`, which is as initialised, and exports
 * that: both must be the same bytes. Aborts when they are not. */
void gateway_check_canonical(struct gateway *gateway, u8 *from, u8 *into);

/* Says what is wrong and aborts, which the fuzzer takes for a finding. */
_Noreturn void finding(const char *what);

#endif
