/* Reading traces (trace.h). The mirror of loader/portvnf/trace/trace_file.py. */
#ifndef PORTVNF_HOST_TRACE_READER_H
#define PORTVNF_HOST_TRACE_READER_H

#include "sentence.h"

#include <portvnf/codec.h>
#include <portvnf/trace.h>

struct pv_section_list {
    u64 count;
    u16 numbers[PV_TRACE_SECTIONS_MAX];
};

/* One operation; what its kind does not have is 0. */
struct pv_operation {
    u64 kind;
    u64 now_ns;
    u64 flags;
    u64 since;
    u64 until;
    struct pv_section_list sections;
    u64 count;              /* of packets (BURST) or parts (IMPORT) */
    struct pv_reader items; /* these, to be read with pv_trace_item */
};

/* A packet with its port, or records with their section. */
struct pv_trace_item {
    u64 number; /* of the port or section */
    const u8 *data;
    u64 length;
};

/* A trace in memory that belongs to the caller. */
struct pv_trace {
    u64 capacity;
    u64 start_ns;
    struct pv_section_list sections;
    const u8 *config;
    u64 config_length;
    u64 packets;               /* in all bursts */
    struct pv_reader position; /* the next operation */
};

/* Reads the header and checks every operation; 0, or fails with a sentence that says at
 * which byte. */
i64 pv_trace_open(struct pv_trace *trace, const u8 *data, u64 length, struct pv_sentence sentence);

/* The next operation of an opened trace: 1, or 0 at its end. */
int pv_trace_next(struct pv_trace *trace, struct pv_operation *operation);

/* The next of an operation's items; call it at most `count` times. */
struct pv_trace_item pv_trace_item(struct pv_operation *operation);

#endif
